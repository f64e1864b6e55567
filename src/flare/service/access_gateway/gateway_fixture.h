// One AccessGateway with fakes all round, and clients that talk to it over fake connections.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "flare/base/run.h"
#include "flare/client/v1/frame.pb.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_connection.h"
#include "kit/fakes/fake_faults.h"
#include "kit/fakes/fake_online.h"
#include "kit/fakes/fake_orchestrator.h"
#include "kit/fakes/fake_push_worker.h"
#include "kit/fakes/fake_reader.h"
#include "kit/fakes/fake_tokens.h"

namespace flare::access_gateway {

using client::v1::Frame;

// A connection, and the frames that came over it.
struct Client {
  explicit Client(api::FrameFormat format) : connection(format) {}

  std::vector<Frame> frames() const {
    std::vector<Frame> all;
    for (const std::string& bytes : connection.written) {
      EXPECT_TRUE(parse_frame(connection.format(), bytes, all.emplace_back()));
    }
    return all;
  }
  Frame last() const { return frames().empty() ? Frame() : frames().back(); }

  // The seqs of the messages pushed so far.
  std::vector<Sequence> delivered() const {
    std::vector<Sequence> seqs;
    for (const Frame& frame : frames()) {
      if (frame.has_deliver()) seqs.push_back(frame.deliver().message().seq());
    }
    return seqs;
  }

  FakeConnection connection;
  api::ClientHandle handle = 0;
};

struct GatewayFixture : testing::Test {
  explicit GatewayFixture(Config with = {}) : config(with) {
    EXPECT_TRUE(run(loop, gateway.start({})));
  }
  ~GatewayFixture() override {
    online.login_gate.open();
    reader.groups_gate.open();
    orchestrator.gate.open();
    for (const auto& client : clients) leave(*client);
    EXPECT_TRUE(run(loop, gateway.stop({})));
    EXPECT_TRUE(faults.reports.empty());
    EXPECT_EQ(metrics.sessions.value(), 0);
    EXPECT_EQ(metrics.connections.value(), 0);
    EXPECT_EQ(metrics.in_flight.value(), 0);
  }

  void on_loop(Loop::Function function) {
    loop.post(std::move(function));
    settle(loop);
  }

  Client& connect(api::FrameFormat format = api::FrameFormat::Protobuf) {
    Client& client = *clients.emplace_back(std::make_unique<Client>(format));
    on_loop([&] { client.handle = gateway.opened(client.connection); });
    return client;
  }
  void leave(Client& client) {
    on_loop([&] { gateway.closed(std::exchange(client.handle, 0)); });
  }
  void say(Client& client, std::string bytes) {
    on_loop([&] { gateway.frame(client.handle, bytes); });
  }
  void say(Client& client, const Frame& frame) { say(client, frame.SerializeAsString()); }

  // A connection of the user's device that has been welcomed.
  Client& log_in(const std::string& user, const std::string& device = "phone",
                 api::FrameFormat format = api::FrameFormat::Protobuf,
                 const std::string& tenant = "acme") {
    Client& client = connect(format);
    const Frame frame = hello(tenant + '/' + user + '/' + device);
    say(client, format == api::FrameFormat::Json ? to_json(frame.SerializeAsString())
                                                 : frame.SerializeAsString());
    EXPECT_TRUE(client.last().has_welcome()) << user;
    return client;
  }

  static Frame hello(const std::string& token) {
    Frame frame;
    frame.set_request_id(1);
    frame.mutable_hello()->set_token(token);
    return frame;
  }
  static Frame ping(uint64_t request_id = 2) {
    Frame frame;
    frame.set_request_id(request_id);
    frame.mutable_ping();
    return frame;
  }
  static Frame send_to(const std::string& user, uint64_t request_id = 2) {
    Frame frame;
    frame.set_request_id(request_id);
    frame.mutable_send()->set_to_user_id(user);
    frame.mutable_send()->set_client_message_id("m" + std::to_string(request_id));
    frame.mutable_send()->mutable_content()->set_text("hello");
    return frame;
  }

  struct Push {
    std::string conversation;
    std::string sender = "zoe";
    Sequence seq = 1;
    std::vector<std::string> users;  // empty: the conversation's members
    model::Origin origin;
    std::optional<model::Operation> operation;
    std::string tenant = "acme";
  };

  // The record a push worker hands over.
  static Bytes record_of(const Push& push) {
    model::MessageDraft draft{.conversation = {push.conversation}, .sender = {push.sender}};
    draft.id = model::message_id({push.tenant}, draft.conversation, draft.sender,
                                 std::to_string(push.seq));
    draft.content = push.operation ? model::encode_content(*push.operation) : "\x0a\x02hi";
    const std::string event =
        model::encode_message_event({push.tenant}, model::encode(draft), push.origin, "trace");
    std::string record(model::store_event(event, {.seq = push.seq}).event.view());
    const std::vector<std::string_view> users(push.users.begin(), push.users.end());
    model::append_dispatch(record, {"g1"}, users);
    return Bytes::take(std::move(record));
  }
  api::DeliverReport deliver(const std::vector<Push>& pushes) {
    std::vector<Bytes> records;
    for (const Push& push : pushes) records.push_back(record_of(push));
    return run(loop, gateway.deliver({}, std::move(records))).value();
  }

  const Config config;
  Loop loop{"test"};
  FakeOrchestrator orchestrator;
  FakeReader reader;
  FakeOnline online;
  FakePushWorker push_worker;
  FakeTokens tokens;
  ManualClock clock;
  FakeFaults faults;
  MetricRegistry registry;
  Metrics metrics{registry};
  AccessGateway gateway{config,
                        "g1",
                        {.loop = loop,
                         .orchestrator = orchestrator,
                         .reader = reader,
                         .online = online,
                         .push_worker = push_worker,
                         .tokens = tokens,
                         .clock = clock,
                         .faults = faults,
                         .metrics = metrics}};
  std::vector<std::unique_ptr<Client>> clients;
};

}  // namespace flare::access_gateway
