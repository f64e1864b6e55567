#include "flare/service/push_server/push_server.h"

#include <gtest/gtest.h>

#include "flare/base/run.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_faults.h"
#include "kit/fakes/fake_gateway.h"
#include "kit/fakes/fake_log_topic.h"
#include "kit/fakes/fake_online.h"

namespace flare::push_server {
namespace {

using Names = std::vector<std::string>;

// What a stored message looks like on push-messages.
Bytes message_in(const std::string& conversation, Sequence seq = 1,
                 const std::string& tenant = "acme", const Names& receivers = {}) {
  model::MessageDraft draft{.conversation = {conversation}, .sender = {"ann"}};
  draft.id = model::message_id({tenant}, draft.conversation, draft.sender, std::to_string(seq));
  draft.content = "\x0a\x02hi";
  std::string event = model::encode_message_event({tenant}, model::encode(draft), {}, "trace");
  for (const std::string& user : receivers) {
    event += "\x32";  // Event.receiver_ids
    event += static_cast<char>(user.size());
    event += user;
  }
  return model::store_event(event, {.seq = seq}).event;
}

Bytes read_in(const std::string& conversation, const std::string& user) {
  const model::ReadMark mark{.conversation = {conversation}, .user = {user}, .seq = 3};
  return Bytes::take(model::encode_read_event({"acme"}, mark, {}, "trace"));
}

struct PushServerTest : testing::Test {
  PushServerTest() {
    directory.gateways = {&g1, &g2};
    EXPECT_TRUE(run(loop, server.start({})));
  }
  ~PushServerTest() override {
    EXPECT_TRUE(run(loop, server.stop({})));
    EXPECT_TRUE(faults.reports.empty());
  }

  // Schedules what comes as one batch.
  void schedule(const std::vector<Bytes>& records) {
    loop.post([&] {
      for (const Bytes& record : records) push_messages.put(0, record);
    });
    settle(loop);
  }
  size_t dispatched() const { return push_dispatch.records[0].size(); }
  model::EventView dispatch(size_t i) const {
    return model::scan_event(push_dispatch.records[0].at(i).view()).value();
  }
  static Names names(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
  }

  Loop loop{"test"};
  FakeLogTopic push_messages{"push-messages"};
  FakeLogTopic push_dispatch{"push-dispatch"};
  FakeOnline online;
  FakeGateway g1{"g1"};
  FakeGateway g2{"g2"};
  FakeGatewayDirectory directory;
  ManualClock clock;
  FakeFaults faults;
  MetricRegistry registry;
  Metrics metrics{registry};
  PushServer server{{}, {push_messages, push_dispatch, online, directory, clock, faults, metrics}};
};

TEST_F(PushServerTest, ASingleChatGoesToTheGatewaysOfBothUsers) {
  online.put("acme", "ann", "g2");
  online.put("acme", "bob", "g1");

  schedule({message_in("single:ann:bob", 5)});

  ASSERT_EQ(dispatched(), 1u);
  EXPECT_EQ(names(dispatch(0).gateways), (Names{"g1", "g2"}));
  EXPECT_EQ(names(dispatch(0).users), (Names{"ann", "bob"}));
  EXPECT_EQ(dispatch(0).seq, 5u);
}

TEST_F(PushServerTest, OnlyWhoIsOnlineIsNamed) {
  online.put("acme", "bob", "g1", 1);
  online.put("acme", "bob", "g1", 2);

  schedule({message_in("single:ann:bob")});

  EXPECT_EQ(names(dispatch(0).gateways), Names{"g1"});
  EXPECT_EQ(names(dispatch(0).users), Names{"bob"});
}

TEST_F(PushServerTest, NobodyOnlineMeansNoDispatch) {
  schedule({message_in("single:ann:bob")});

  EXPECT_EQ(dispatched(), 0u);
  EXPECT_EQ(metrics.nobody_online.value(), 1u);
  EXPECT_EQ(push_messages.committed(kGroup, 0), 1u);
}

TEST_F(PushServerTest, AGroupIsOneDispatchToEveryGatewayAndNamesNobody) {
  for (int i = 0; i < 1'000; ++i) online.put("acme", "user" + std::to_string(i), "g1");

  schedule({message_in("group:room")});

  ASSERT_EQ(dispatched(), 1u);
  EXPECT_EQ(names(dispatch(0).gateways), (Names{"g1", "g2"}));
  EXPECT_TRUE(dispatch(0).users.empty());
}

TEST_F(PushServerTest, ExplicitReceiversAreTheOnlyOnes) {
  online.put("acme", "carl", "g2");
  online.put("acme", "bob", "g1");

  schedule({message_in("group:room", 1, "acme", {"carl", "dora", "carl"})});

  EXPECT_EQ(names(dispatch(0).gateways), Names{"g2"});
  EXPECT_EQ(names(dispatch(0).users), Names{"carl"});
}

TEST_F(PushServerTest, AReadMarkGoesToBothSidesOfASingleChat) {
  online.put("acme", "ann", "g1");
  online.put("acme", "bob", "g2");

  schedule({read_in("single:ann:bob", "ann")});

  EXPECT_EQ(names(dispatch(0).users), (Names{"ann", "bob"}));
}

TEST_F(PushServerTest, AReadMarkOfAGroupGoesToTheReadersOtherDevicesOnly) {
  online.put("acme", "ann", "g1");
  online.put("acme", "bob", "g2");

  schedule({read_in("group:room", "bob")});

  EXPECT_EQ(names(dispatch(0).gateways), Names{"g2"});
  EXPECT_EQ(names(dispatch(0).users), Names{"bob"});
}

TEST_F(PushServerTest, TenantsAreLookedUpSeparately) {
  online.put("acme", "bob", "g1");
  online.put("other", "bob", "g2");

  schedule({message_in("single:ann:bob", 1, "acme"), message_in("single:ann:bob", 1, "other"),
            message_in("single:ann:bob", 2, "acme")});

  ASSERT_EQ(dispatched(), 3u);
  EXPECT_EQ(names(dispatch(0).gateways), Names{"g1"});
  EXPECT_EQ(names(dispatch(1).gateways), Names{"g2"});
  EXPECT_EQ(names(dispatch(2).gateways), Names{"g1"});
}

TEST_F(PushServerTest, ABatchIsOneLookIntoPresence) {
  online.put("acme", "bob", "g1");
  std::vector<Bytes> records;
  for (Sequence seq = 1; seq <= 50; ++seq) records.push_back(message_in("single:ann:bob", seq));

  schedule(records);

  EXPECT_EQ(dispatched(), 50u);
  EXPECT_EQ(online.locates, 1u);
  for (size_t i = 0; i < 50; ++i) EXPECT_EQ(dispatch(i).seq, i + 1);
}

TEST_F(PushServerTest, AFullDispatchLogIsWaitedForAndNothingIsLost) {
  online.put("acme", "bob", "g1");
  push_dispatch.append_failures.push_back({ErrorCode::ResourceExhausted, "the log is full"});

  schedule({message_in("single:ann:bob")});
  EXPECT_EQ(push_messages.committed(kGroup, 0), 0u);

  ASSERT_TRUE(run_until(loop, [this] { return dispatched() == 1; }));
  settle(loop);
  EXPECT_EQ(push_messages.committed(kGroup, 0), 1u);
}

}  // namespace
}  // namespace flare::push_server
