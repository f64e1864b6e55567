// What a sender waits for: the seq, the one before him, the look-up of his membership.
#include "flare/service/message_orchestrator/orchestrator_fixture.h"

namespace flare::message_orchestrator {
namespace {

using namespace std::chrono_literals;

constexpr char kChat[] = "single:ann:bob";
constexpr char kRoom[] = "group:room";

struct SeqTest : OrchestratorFixture {
  // Long enough for the orchestrator to give up on a seq, in its own clock.
  void outlast_the_wait() {
    clock.advance(config.seq_wait_max + 1ms);
    EXPECT_TRUE(run_until(loop, [this] { return metrics.seq_timeouts.value() > 0; }));
    settle(loop);
  }
};

TEST_F(SeqTest, ASenderIsToldAcceptedWhenTheSeqComesTooLate) {
  applies = false;
  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));

  outlast_the_wait();

  ASSERT_TRUE(*receipt && **receipt);
  EXPECT_EQ((**receipt)->seq, 0u);
}

TEST_F(SeqTest, WhoAskedForPersistedIsToldThatItIsNot) {
  applies = false;
  api::SendRequest hello = request(kChat, "ann");
  hello.ack_level = api::AckLevel::Persisted;
  const auto receipt = beside.start(orchestrator.send(ctx, hello));

  outlast_the_wait();

  ASSERT_TRUE(*receipt);
  ASSERT_FALSE(**receipt);
  EXPECT_EQ((**receipt).error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(SeqTest, AnOutcomeThatComesAfterTheWaitHurtsNobody) {
  applies = false;
  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));
  outlast_the_wait();

  apply(log.records[0][0]);

  EXPECT_TRUE(*receipt && **receipt);
}

// The wait ran out while the log was still silent, and then the log refused.
TEST_F(SeqTest, ARefusalAfterTheWaitRanOutIsARefusal) {
  wal.gate.shut();
  wal.failures.push_back({ErrorCode::Unavailable, "the log is away"});
  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));
  outlast_the_wait();

  wal.gate.open();
  settle(loop);

  ASSERT_TRUE(*receipt);
  ASSERT_FALSE(**receipt);
  EXPECT_EQ((**receipt).error().code, ErrorCode::Unavailable);
}

TEST_F(SeqTest, StoppingEndsTheWaits) {
  applies = false;
  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));

  ASSERT_TRUE(run(loop, orchestrator.stop({})));
  settle(loop);

  ASSERT_TRUE(*receipt);
  ASSERT_FALSE(**receipt);
  EXPECT_EQ((**receipt).error().code, ErrorCode::Cancelled);
  EXPECT_TRUE(outcomes.subscribers.empty());
}

TEST_F(SeqTest, AnOutcomeThatRefusesBecomesTheAnswer) {
  applies = false;
  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));

  const MessageId id = model::message_id(ctx.tenant, {kChat}, {"ann"}, "1");
  outcomes.publish(event(0).orchestrator, {{.id = id, .seq = 0, .code = ErrorCode::NotFound}});
  settle(loop);

  ASSERT_TRUE(*receipt);
  ASSERT_FALSE(**receipt);
  EXPECT_EQ((**receipt).error().code, ErrorCode::NotFound);
}

struct WithoutSeqTest : OrchestratorFixture {
  static Config without_seq() {
    Config config;
    config.answer_with_seq = false;
    return config;
  }
  WithoutSeqTest() : OrchestratorFixture(without_seq()) {}
};

TEST_F(WithoutSeqTest, NobodyWaitsForTheSeqAndTheSenderGetsHisMessageLikeOthers) {
  applies = false;

  const Result<api::SendReceipt> receipt = send(request(kChat, "ann"));

  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->seq, 0u);
  EXPECT_EQ(event(0).orchestrator, 0u);
  EXPECT_FALSE(event(0).told_seq);
}

TEST_F(WithoutSeqTest, WhoAsksForPersistedGetsTheSeq) {
  api::SendRequest hello = request(kChat, "ann");
  hello.ack_level = api::AckLevel::Persisted;

  EXPECT_EQ(send(hello)->seq, 1u);
}

struct OrderTest : OrchestratorFixture {};

TEST_F(OrderTest, SendsQueueBehindTheOneThatWaitsForItsLookUp) {
  store.load_gate.shut();
  const auto first = beside.start(orchestrator.send(ctx, request(kRoom, "ann", "1")));
  // By now the membership is known from elsewhere, so this one alone would not wait.
  const auto second = beside.start(orchestrator.send(ctx, request(kRoom, "ann", "2")));
  EXPECT_EQ(store.calls.loads, 1u);

  store.load_gate.open();
  ASSERT_TRUE(run_until(loop, [&] { return first->has_value() && second->has_value(); }));

  EXPECT_EQ(message(0).client_message_id, "1");
  EXPECT_EQ(message(1).client_message_id, "2");
  EXPECT_EQ(store.calls.loads, 1u);
}

// The lane orders publishing, not the answers: one slow seq must not hold up the next send.
TEST_F(OrderTest, SendsDoNotWaitForTheSeqOfTheOneBefore) {
  applies = false;
  store.load_gate.shut();
  const auto first = beside.start(orchestrator.send(ctx, request(kRoom, "ann", "1")));
  const auto second = beside.start(orchestrator.send(ctx, request(kRoom, "ann", "2")));
  const auto third = beside.start(orchestrator.send(ctx, request(kRoom, "ann", "3")));

  store.load_gate.open();
  settle(loop);

  ASSERT_EQ(logged(), 3u);
  EXPECT_EQ(message(1).client_message_id, "2");
  EXPECT_EQ(message(2).client_message_id, "3");
  EXPECT_FALSE(*first);
}

TEST_F(OrderTest, OneSendersLookUpDoesNotHoldUpAnother) {
  store.load_gate.shut();
  const auto slow = beside.start(orchestrator.send(ctx, request(kRoom, "ann")));

  EXPECT_TRUE(send(request(kChat, "ann")));
  EXPECT_FALSE(*slow);
}

struct MembershipTest : OrchestratorFixture {};

TEST_F(MembershipTest, AMembershipIsLookedUpOnceAndRemembered) {
  ASSERT_TRUE(send(request(kRoom, "ann", "1")));
  ASSERT_TRUE(send(request(kRoom, "ann", "2")));

  EXPECT_EQ(store.calls.loads, 1u);
}

TEST_F(MembershipTest, ASingleChatNeedsNoLookUp) {
  ASSERT_TRUE(send(request(kChat, "ann")));

  EXPECT_EQ(store.calls.loads, 0u);
}

TEST_F(MembershipTest, AnAnnouncedChangeIsBelievedAtOnce) {
  ASSERT_TRUE(send(request(kRoom, "bob", "1")));
  store.members.erase({ctx.tenant, {kRoom}, {"bob"}});

  outcomes.publish_changed({{ctx.tenant, {kRoom}}});

  EXPECT_EQ(send(request(kRoom, "bob", "2")).error().code, ErrorCode::PermissionDenied);
}

TEST_F(MembershipTest, AnAnswerOnItsWayWhenTheChangeCameIsNotRemembered) {
  store.load_gate.shut();
  const auto first = beside.start(orchestrator.send(ctx, request(kRoom, "bob", "1")));
  store.members.erase({ctx.tenant, {kRoom}, {"bob"}});
  outcomes.publish_changed({{ctx.tenant, {kRoom}}});
  store.load_gate.open();
  settle(loop);

  EXPECT_EQ(send(request(kRoom, "bob", "2")).error().code, ErrorCode::PermissionDenied);
}

TEST_F(MembershipTest, AnUnannouncedChangeIsBelievedAfterAWhile) {
  ASSERT_TRUE(send(request(kRoom, "bob", "1")));
  store.members.erase({ctx.tenant, {kRoom}, {"bob"}});

  clock.advance(config.membership_age_max + 1ms);

  EXPECT_EQ(send(request(kRoom, "bob", "2")).error().code, ErrorCode::PermissionDenied);
}

TEST_F(MembershipTest, TenantsDoNotShareMemberships) {
  ASSERT_TRUE(send(request(kRoom, "ann", "1")));

  Context other = ctx;
  other.tenant = {"other"};
  const Result<api::SendReceipt> sent =
      run(loop, orchestrator.send(other, request(kRoom, "ann", "2")));

  EXPECT_EQ(sent.error().code, ErrorCode::NotFound);
}

}  // namespace
}  // namespace flare::message_orchestrator
