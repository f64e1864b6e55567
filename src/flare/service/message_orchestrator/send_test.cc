#include "flare/service/message_orchestrator/orchestrator_fixture.h"

namespace flare::message_orchestrator {
namespace {

constexpr char kChat[] = "single:ann:bob";
constexpr char kRoom[] = "group:room";

struct SendTest : OrchestratorFixture {};

TEST_F(SendTest, ReceiptMeansTheLogHasIt) {
  wal.gate.shut();

  const auto receipt = beside.start(orchestrator.send(ctx, request(kChat, "ann")));
  EXPECT_FALSE(*receipt);
  wal.gate.open();
  settle(loop);

  ASSERT_TRUE(*receipt && **receipt);
  ASSERT_EQ(logged(), 1u);
  EXPECT_EQ(message(0).message_id, (**receipt)->id.view());
  EXPECT_EQ((**receipt)->server_time_ms, clock.wall_ms());
  EXPECT_EQ((**receipt)->seq, 1u);
}

TEST_F(SendTest, TheEventSaysWhoSentWhatFromWhere) {
  api::SendRequest hello = request(kRoom, "bob", "client-7");
  hello.metadata = {{"k", "v"}};
  ASSERT_TRUE(send(hello));

  EXPECT_EQ(event(0).tenant, "acme");
  EXPECT_EQ(event(0).trace, "trace");
  EXPECT_EQ(event(0).origin_gateway, "g1");
  EXPECT_EQ(event(0).origin_session, 5u);
  EXPECT_TRUE(event(0).told_seq);
  EXPECT_EQ(message(0).conversation, kRoom);
  EXPECT_EQ(message(0).sender, "bob");
  EXPECT_EQ(message(0).client_message_id, "client-7");
  EXPECT_EQ(message(0).content, text("hello"));
}

TEST_F(SendTest, ARetryIsTheSameMessage) {
  const Result<api::SendReceipt> first = send(request(kChat, "ann", "1"));
  const Result<api::SendReceipt> again = send(request(kChat, "ann", "1"));
  const Result<api::SendReceipt> other = send(request(kChat, "ann", "2"));

  EXPECT_EQ(first->id, again->id);
  EXPECT_NE(first->id, other->id);
}

TEST_F(SendTest, TwoRetriesAtOnceBothLearnTheSeq) {
  applies = false;
  const auto first = beside.start(orchestrator.send(ctx, request(kChat, "ann")));
  const auto again = beside.start(orchestrator.send(ctx, request(kChat, "ann")));

  apply(log.records[0][0]);
  settle(loop);

  ASSERT_TRUE(*first && *again);
  EXPECT_EQ((**first)->seq, 1u);
  EXPECT_EQ((**again)->seq, 1u);
}

TEST_F(SendTest, OnlyTheTwoUsersOfASingleChatWriteInIt) {
  EXPECT_TRUE(refused(send(request(kChat, "carl")), ErrorCode::PermissionDenied, "not a member"));
  EXPECT_EQ(metrics.refused.value(), 1u);
}

TEST_F(SendTest, OnlyMembersWriteInAGroup) {
  EXPECT_TRUE(refused(send(request(kRoom, "carl")), ErrorCode::PermissionDenied, "not a member"));
}

TEST_F(SendTest, ReadersOfAChannelDoNotWrite) {
  open("group:news", {{"carl", model::MemberRole::Reader}}, model::ConversationType::Channel);

  EXPECT_TRUE(refused(send(request("group:news", "carl")), ErrorCode::PermissionDenied, "readers"));
}

TEST_F(SendTest, AnUnknownConversationIsNotFound) {
  EXPECT_TRUE(refused(send(request("group:none", "ann")), ErrorCode::NotFound, "group:none"));
  EXPECT_TRUE(refused(send(request("single:bob:ann", "ann")), ErrorCode::NotFound, "single:bob"));
}

TEST_F(SendTest, ARefusalByTheLogPassesThrough) {
  wal.failures.push_back({ErrorCode::ResourceExhausted, "the log is full"});

  EXPECT_TRUE(
      refused(send(request(kChat, "ann")), ErrorCode::ResourceExhausted, "the log is full"));
  EXPECT_EQ(metrics.failed.value(), 1u);
}

// Out of time before the log had it: the outcome is unknown. A receipt would be a lie.
TEST_F(SendTest, NoReceiptWhenTheLogDidNotAnswerInTime) {
  wal.failures.push_back({ErrorCode::DeadlineExceeded, "the log did not answer in time"});

  EXPECT_TRUE(refused(send(request(kChat, "ann")), ErrorCode::DeadlineExceeded, "the log"));
}

struct ContentTest : OrchestratorFixture {
  Result<api::SendReceipt> send_content(std::string content) {
    api::SendRequest what = request(kChat, "ann");
    what.content = std::move(content);
    return send(std::move(what));
  }
};

TEST_F(ContentTest, AnEmptyContentIsRefused) {
  EXPECT_TRUE(refused(send_content(""), ErrorCode::InvalidArgument, "content is empty"));
  EXPECT_TRUE(refused(send_content(text("")), ErrorCode::InvalidArgument, "content.text"));
  EXPECT_TRUE(refused(send_content("\xff"), ErrorCode::InvalidArgument, "content"));
}

TEST_F(ContentTest, TooLargeAContentIsRefusedWithTheLimit) {
  EXPECT_TRUE(refused(send_content(std::string(config.content_bytes_max.bytes + 1, 'x')),
                      ErrorCode::InvalidArgument, "65536 bytes (content_bytes_max)"));
}

TEST_F(ContentTest, OperationsAreWrittenByTheServerOnly) {
  EXPECT_TRUE(refused(send_content(model::encode_content(model::MembersAdded{{{"eve"}}})),
                      ErrorCode::InvalidArgument, "content.operation"));
}

TEST_F(ContentTest, ACustomTypeIsANameAndNoData) {
  const std::string type(65, 't');
  const std::string custom = "\x12\x43\x0a\x41" + type;  // Content.custom.type

  EXPECT_TRUE(refused(send_content(custom), ErrorCode::InvalidArgument, "content.custom.type"));
  EXPECT_TRUE(send_content("\x12\x03\x0a\x01t"));
}

TEST_F(ContentTest, AClientMessageIdIsOneTo64PrintableBytes) {
  for (const std::string& id : {std::string(), std::string(65, 'x'), std::string("a\nb")}) {
    EXPECT_TRUE(
        refused(send(request(kChat, "ann", id)), ErrorCode::InvalidArgument, "client_message_id"));
  }
  EXPECT_TRUE(send(request(kChat, "ann", std::string(64, 'x'))));
}

TEST_F(ContentTest, MetadataHasLimitsOfEntriesAndBytes) {
  api::SendRequest many = request(kChat, "ann");
  for (int i = 0; i < 33; ++i) many.metadata[std::to_string(i)] = "x";
  api::SendRequest large = request(kChat, "ann");
  large.metadata["k"] = std::string(4096, 'x');

  EXPECT_TRUE(refused(send(many), ErrorCode::InvalidArgument, "32 entries (metadata_entries_max)"));
  EXPECT_TRUE(refused(send(large), ErrorCode::InvalidArgument, "4096 bytes (metadata_bytes_max)"));
}

}  // namespace
}  // namespace flare::message_orchestrator
