#include "flare/service/access_gateway/gateway_fixture.h"

namespace flare::access_gateway {
namespace {

constexpr char kChat[] = "single:ann:bob";
constexpr char kRoom[] = "group:room";
using Sequences = std::vector<Sequence>;

struct DeliverTest : GatewayFixture {
  void drain(Client& client) {
    client.connection.queued = 0;
    on_loop([&] { gateway.drained(client.handle); });
  }
};

TEST_F(DeliverTest, EverySessionOfANamedUserGetsTheMessage) {
  const Client& phone = log_in("ann", "phone");
  const Client& tablet = log_in("ann", "tablet");
  const Client& carl = log_in("carl");

  const api::DeliverReport report = deliver({{.conversation = kChat, .seq = 3, .users = {"ann"}}});

  EXPECT_EQ(report.frames, 2u);
  EXPECT_EQ(phone.last().deliver().message().seq(), 3u);
  EXPECT_EQ(phone.last().deliver().prev_seq(), 2u);
  EXPECT_EQ(phone.last().deliver().message().sender_id(), "zoe");
  EXPECT_EQ(phone.last().request_id(), 0u);
  EXPECT_EQ(tablet.delivered(), Sequences{3});
  EXPECT_TRUE(carl.delivered().empty());
}

TEST_F(DeliverTest, TenantsDoNotSeeEachOther) {
  const Client& ann = log_in("ann", "phone", api::FrameFormat::Protobuf, "other");

  deliver({{.conversation = kChat, .users = {"ann"}}});

  EXPECT_TRUE(ann.delivered().empty());
}

TEST_F(DeliverTest, OneFrameIsMadeForEachFormat) {
  const Client& phone = log_in("ann", "phone");
  const Client& tablet = log_in("ann", "tablet");
  const Client& browser = log_in("ann", "browser", api::FrameFormat::Json);
  const Client& console = log_in("ann", "console", api::FrameFormat::Json);

  deliver({{.conversation = kChat, .users = {"ann"}}});

  EXPECT_EQ(phone.connection.written.back(), tablet.connection.written.back());
  EXPECT_EQ(browser.connection.written.back(), console.connection.written.back());
  EXPECT_EQ(browser.last().SerializeAsString(), phone.last().SerializeAsString());
}

TEST_F(DeliverTest, TheSessionThatWasToldTheSeqIsNotToldAgain) {
  const Client& phone = log_in("ann", "phone");
  const Client& tablet = log_in("ann", "tablet");
  const model::Origin told{.gateway = "g1", .session = phone.handle, .told_seq = true};
  const model::Origin elsewhere{.gateway = "g2", .session = phone.handle, .told_seq = true};
  const model::Origin untold{.gateway = "g1", .session = phone.handle};

  deliver({{.conversation = kChat, .seq = 1, .users = {"ann"}, .origin = told},
           {.conversation = kChat, .seq = 2, .users = {"ann"}, .origin = elsewhere},
           {.conversation = kChat, .seq = 3, .users = {"ann"}, .origin = untold}});

  EXPECT_EQ(phone.delivered(), (Sequences{2, 3}));
  EXPECT_EQ(tablet.delivered(), (Sequences{1, 2, 3}));
}

TEST_F(DeliverTest, ASessionThatIsStillLoggingInGetsNothing) {
  online.login_gate.shut();
  Client& ann = connect();
  say(ann, hello("acme/ann/phone"));

  const api::DeliverReport report = deliver({{.conversation = kChat, .users = {"ann"}}});

  EXPECT_EQ(report.frames, 0u);
  EXPECT_TRUE(ann.connection.written.empty());
}

TEST_F(DeliverTest, ASlowConnectionIsLeftOutAndToldToResyncFromTheLowest) {
  Client& ann = log_in("ann");
  ann.connection.queued = config.slow_bytes.bytes + 1;

  const api::DeliverReport report =
      deliver({{.conversation = kChat, .seq = 4, .users = {"ann"}},
               {.conversation = kChat, .seq = 5, .users = {"ann"}},
               {.conversation = "single:ann:carl", .seq = 9, .users = {"ann"}}});
  EXPECT_EQ(report.frames, 0u);
  EXPECT_EQ(report.resyncs, 3u);
  EXPECT_TRUE(ann.delivered().empty());
  drain(ann);

  std::map<std::string, Sequence> resyncs;
  for (const Frame& frame : ann.frames()) {
    if (frame.has_resync()) resyncs[frame.resync().conversation_id()] = frame.resync().from_seq();
  }
  EXPECT_EQ(resyncs, (std::map<std::string, Sequence>{{kChat, 4}, {"single:ann:carl", 9}}));
}

TEST_F(DeliverTest, AfterAResyncPushesGoOn) {
  Client& ann = log_in("ann");
  ann.connection.queued = config.slow_bytes.bytes + 1;
  deliver({{.conversation = kChat, .seq = 4, .users = {"ann"}}});
  drain(ann);
  const size_t before = ann.connection.written.size();

  deliver({{.conversation = kChat, .seq = 5, .users = {"ann"}}});
  drain(ann);

  EXPECT_EQ(ann.delivered(), Sequences{5});
  EXPECT_EQ(ann.connection.written.size(), before + 1);
}

TEST_F(DeliverTest, OneSlowConnectionDoesNotHoldUpAnother) {
  Client& slow = log_in("ann", "phone");
  const Client& fast = log_in("ann", "tablet");
  slow.connection.queued = config.slow_bytes.bytes + 1;

  deliver({{.conversation = kChat, .seq = 4, .users = {"ann"}}});

  EXPECT_EQ(fast.delivered(), Sequences{4});
}

TEST_F(DeliverTest, AReadMarkBecomesAReceipt) {
  const Client& ann = log_in("ann");
  std::string event = model::encode_read_event(
      {"acme"}, {.conversation = {kChat}, .user = {"bob"}, .seq = 6}, {}, "trace");
  model::append_dispatch(event, {"g1"}, {"ann"});

  ASSERT_TRUE(run(loop, gateway.deliver({}, {Bytes::take(event)})));

  EXPECT_EQ(ann.last().receipt().conversation_id(), kChat);
  EXPECT_EQ(ann.last().receipt().user_id(), "bob");
  EXPECT_EQ(ann.last().receipt().read_seq(), 6u);
  EXPECT_EQ(ann.last().receipt().delivered_seq(), 0u);
}

TEST_F(DeliverTest, ANoticeBecomesAReceiptForTheOneItIsFor) {
  const Client& ann = log_in("ann");
  const Client& bob = log_in("bob");
  const api::ReceiptNotice notice{.tenant = {"acme"},
                                  .to = {"ann"},
                                  .conversation = {kChat},
                                  .by = {"bob"},
                                  .delivered_seq = 4};

  ASSERT_TRUE(run(loop, gateway.notify({}, {notice})));

  EXPECT_EQ(ann.last().receipt().delivered_seq(), 4u);
  EXPECT_TRUE(bob.last().has_welcome());
}

struct AcknowledgeTest : GatewayFixture {
  static Frame ack(const std::vector<api::Position>& positions) {
    Frame frame;
    for (const api::Position& position : positions) {
      client::v1::Position& one = *frame.mutable_deliver_ack()->add_positions();
      one.set_conversation_id(position.conversation.text);
      one.set_seq(position.seq);
    }
    return frame;
  }
};

TEST_F(AcknowledgeTest, AcknowledgementsOfATurnArePassedOnTogether) {
  reader.groups["ann"] = {{kRoom}};
  Client& ann = log_in("ann");
  Client& bob = log_in("bob");
  const std::string first = ack({{{kChat}, 4}, {{kRoom}, 2}}).SerializeAsString();
  const std::string second = ack({{{kChat}, 5}}).SerializeAsString();

  on_loop([&] {
    gateway.frame(ann.handle, first);
    gateway.frame(bob.handle, second);
  });

  EXPECT_EQ(push_worker.calls, 1u);
  ASSERT_EQ(push_worker.acknowledgements.size(), 3u);
  EXPECT_EQ(push_worker.acknowledgements[1].conversation.text, kRoom);
  EXPECT_EQ(push_worker.acknowledgements[1].tenant.text, "acme");
  EXPECT_EQ(push_worker.acknowledgements[2].user.text, "bob");
  EXPECT_EQ(push_worker.acknowledgements[2].seq, 5u);
}

TEST_F(AcknowledgeTest, OnlyOnesOwnConversationsAreAcknowledged) {
  log_in("carl");
  reader.groups["bob"] = {{kRoom}};
  log_in("bob");
  Client& ann = log_in("ann");

  say(ann, ack({{{"single:bob:carl"}, 4}, {{kRoom}, 2}, {{"rubbish"}, 1}}));

  EXPECT_EQ(push_worker.calls, 0u);
}

TEST_F(AcknowledgeTest, AFrameAcknowledgesALimitedNumber) {
  Client& ann = log_in("ann");
  const std::vector<api::Position> many(config.ack_positions_max + 10, {{kChat}, 1});

  say(ann, ack(many));

  EXPECT_EQ(push_worker.acknowledgements.size(), config.ack_positions_max);
}

}  // namespace
}  // namespace flare::access_gateway
