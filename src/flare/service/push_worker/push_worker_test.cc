#include "flare/service/push_worker/push_worker.h"

#include <gtest/gtest.h>

#include "flare/base/run.h"
#include "flare/model/event.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_faults.h"
#include "kit/fakes/fake_gateway.h"
#include "kit/fakes/fake_log_topic.h"
#include "kit/fakes/fake_message_store.h"
#include "kit/fakes/fake_online.h"

namespace flare::push_worker {
namespace {

constexpr char kChat[] = "single:ann:bob";

struct PushWorkerTest : testing::Test {
  explicit PushWorkerTest(Config with = quick()) : config(with) {
    clock.time = SystemClock().now();  // deadlines are waited for in real time
    directory.gateways = {&g1, &g2};
    open(kChat);
    EXPECT_TRUE(run(loop, worker.start({})));
  }
  ~PushWorkerTest() override {
    EXPECT_TRUE(run(loop, worker.stop({})));
    EXPECT_TRUE(faults.reports.empty());
  }
  static Config quick() {
    Config config;
    config.acknowledgement_pause = std::chrono::milliseconds(1);
    return config;
  }

  // A conversation of a hundred messages.
  void open(const std::string& id, const std::string& tenant = "acme") {
    store.conversations[{{tenant}, {id}}].id = {id};
    store.heads[{{tenant}, {id}}].last_seq = 100;
  }

  static Bytes dispatch(Sequence seq, const std::vector<std::string>& gateways) {
    model::MessageDraft draft{.conversation = {kChat}, .sender = {"ann"}};
    draft.content = "\x0a\x02hi";
    std::string record = model::encode_message_event({"acme"}, model::encode(draft), {}, "trace");
    record = model::store_event(record, {.seq = seq}).event.view();
    model::append_dispatch(record, gateways, {"bob"});
    return Bytes::take(std::move(record));
  }
  void hand_over(const std::vector<Bytes>& records) {
    loop.post([&] {
      for (const Bytes& record : records) push_dispatch.put(0, record);
    });
    settle(loop);
  }
  static std::vector<Sequence> delivered(const FakeGateway& gateway) {
    std::vector<Sequence> seqs;
    for (const Bytes& event : gateway.delivered) {
      seqs.push_back(model::scan_event(event.view())->seq);
    }
    return seqs;
  }

  Result<> acknowledge(std::vector<api::Acknowledgement> acknowledgements) {
    return run(loop, worker.acknowledge({}, std::move(acknowledgements)));
  }
  static api::Acknowledgement ack(const std::string& user, Sequence seq,
                                  const std::string& conversation = kChat,
                                  const std::string& tenant = "acme") {
    return {{tenant}, {conversation}, {user}, seq};
  }
  bool noted(uint64_t count) {
    const bool done =
        run_until(loop, [this, count] { return metrics.acknowledged.value() >= count; });
    settle(loop);
    return done;
  }
  Sequence position(const std::string& user, const std::string& tenant = "acme") {
    return store.delivered[{{tenant}, {kChat}, {user}}].seq;
  }

  const Config config;
  Loop loop{"test"};
  FakeLogTopic push_dispatch{"push-dispatch"};
  FakeMessageStore store;
  FakeOnline online;
  FakeGateway g1{"g1"};
  FakeGateway g2{"g2"};
  FakeGatewayDirectory directory;
  ManualClock clock;
  FakeFaults faults;
  MetricRegistry registry;
  Metrics metrics{registry};
  PushWorker worker{config, {push_dispatch, store, online, directory, clock, faults, metrics}};
};

using DispatchTest = PushWorkerTest;

TEST_F(DispatchTest, EachGatewayGetsItsOwnInOrder) {
  hand_over({dispatch(1, {"g1", "g2"}), dispatch(2, {"g1"}), dispatch(3, {"g1", "g2"})});

  EXPECT_EQ(delivered(g1), (std::vector<Sequence>{1, 2, 3}));
  EXPECT_EQ(delivered(g2), (std::vector<Sequence>{1, 3}));
  EXPECT_EQ(metrics.dispatches.value(), 5u);
  EXPECT_EQ(metrics.frames.value(), 5u);
  EXPECT_EQ(push_dispatch.committed(kGroup, 0), 3u);
}

TEST_F(DispatchTest, AGatewayThatIsGoneIsLeftOutAndCounted) {
  hand_over({dispatch(1, {"g1", "gone"})});

  EXPECT_EQ(delivered(g1), (std::vector<Sequence>{1}));
  EXPECT_EQ(metrics.gateway_failures.value(), 1u);
  EXPECT_EQ(push_dispatch.committed(kGroup, 0), 1u);
}

TEST_F(DispatchTest, AGatewayThatFailsDoesNotHoldUpTheOthers) {
  g1.failure = Error{ErrorCode::Unavailable, "the gateway is away"};

  hand_over({dispatch(1, {"g1", "g2"})});
  hand_over({dispatch(2, {"g2"})});

  EXPECT_EQ(delivered(g2), (std::vector<Sequence>{1, 2}));
  EXPECT_EQ(metrics.gateway_failures.value(), 1u);
}

using AcknowledgeTest = PushWorkerTest;

TEST_F(AcknowledgeTest, APositionIsNotedWithItsTime) {
  ASSERT_TRUE(acknowledge({ack("bob", 7)}));

  ASSERT_TRUE(noted(1));
  EXPECT_EQ(position("bob"), 7u);
  EXPECT_EQ((store.delivered[{{"acme"}, {kChat}, {"bob"}}].time_ms), clock.wall_ms());
}

TEST_F(AcknowledgeTest, ABurstOfOneMemberIsNotedOnce) {
  ASSERT_TRUE(acknowledge({ack("bob", 3), ack("bob", 7), ack("ann", 2), ack("bob", 5)}));

  ASSERT_TRUE(noted(2));
  EXPECT_EQ(metrics.acknowledged.value(), 2u);
  EXPECT_EQ(position("bob"), 7u);
  EXPECT_EQ(position("ann"), 2u);
}

TEST_F(AcknowledgeTest, TenantsAreNotedSeparately) {
  open(kChat, "other");

  ASSERT_TRUE(acknowledge({ack("bob", 3), ack("bob", 9, kChat, "other")}));

  ASSERT_TRUE(noted(2));
  EXPECT_EQ(position("bob"), 3u);
  EXPECT_EQ(position("bob", "other"), 9u);
}

TEST_F(AcknowledgeTest, NobodyHasWhatDoesNotExistYet) {
  ASSERT_TRUE(acknowledge({ack("bob", 1'000), ack("bob", 1, "group:none"), ack("ann", 0)}));

  ASSERT_TRUE(noted(1));
  EXPECT_EQ(position("bob"), 100u);
  EXPECT_EQ(store.delivered.size(), 1u);
}

TEST_F(AcknowledgeTest, TheOtherSideOfASingleChatIsToldWhereItIs) {
  online.put("acme", "ann", "g1", 1);
  online.put("acme", "ann", "g1", 2);
  online.put("acme", "ann", "g2", 1);

  ASSERT_TRUE(acknowledge({ack("bob", 7)}));
  ASSERT_TRUE(noted(1));

  ASSERT_EQ(g1.notified.size(), 1u);
  ASSERT_EQ(g2.notified.size(), 1u);
  EXPECT_EQ(g1.notified[0].to.text, "ann");
  EXPECT_EQ(g1.notified[0].by.text, "bob");
  EXPECT_EQ(g1.notified[0].conversation.text, kChat);
  EXPECT_EQ(g1.notified[0].delivered_seq, 7u);
  EXPECT_EQ(g1.notified[0].read_seq, 0u);
}

TEST_F(AcknowledgeTest, AGroupIsNotToldWhoseDevicesHaveWhat) {
  open("group:room");
  online.put("acme", "ann", "g1");

  ASSERT_TRUE(acknowledge({ack("bob", 7, "group:room")}));
  ASSERT_TRUE(noted(1));

  EXPECT_TRUE(g1.notified.empty());
}

TEST_F(AcknowledgeTest, AStoreThatFailsLosesTheBurstAndNothingElse) {
  store.failure = Error{ErrorCode::Unavailable, "the store is away"};
  ASSERT_TRUE(acknowledge({ack("bob", 7)}));
  ASSERT_TRUE(run_until(loop, [this] { return store.failed > 0; }));
  store.failure.reset();

  ASSERT_TRUE(acknowledge({ack("bob", 8)}));

  ASSERT_TRUE(noted(1));
  EXPECT_EQ(position("bob"), 8u);
}

struct FullTest : PushWorkerTest {
  static Config tiny() {
    Config config;
    config.acknowledgements_max = 2;
    config.acknowledgement_pause = std::chrono::hours(1);
    return config;
  }
  FullTest() : PushWorkerTest(tiny()) {}
};

TEST_F(FullTest, AWorkerThatIsBehindRefusesNewMembersAndTakesKnownOnes) {
  ASSERT_TRUE(acknowledge({ack("ann", 1), ack("bob", 1)}));

  const Result<> refused = acknowledge({ack("carl", 1), ack("ann", 2)});
  EXPECT_TRUE(acknowledge({ack("bob", 2)}));

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
}

}  // namespace
}  // namespace flare::push_worker
