// One Orchestrator between a fake write-ahead log and a fake store. What it publishes is applied at
// once, as a storage writer would, unless the test takes that away.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "flare/base/run.h"
#include "flare/service/message_orchestrator/message_orchestrator.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_faults.h"
#include "kit/fakes/fake_message_store.h"
#include "kit/fakes/fake_outcome_feed.h"
#include "kit/fakes/fake_wal.h"

namespace flare::message_orchestrator {

struct OrchestratorFixture : testing::Test {
  explicit OrchestratorFixture(Config with = {}) : config(with) {
    clock.time = SystemClock().now();
    EXPECT_TRUE(run(loop, orchestrator.start({})));
    wal.published = [this](const Bytes& event) {
      if (applies) apply(event);
    };
    open("group:room", {{"ann", model::MemberRole::Owner}, {"bob", model::MemberRole::Member}});
  }
  ~OrchestratorFixture() override {
    store.load_gate.open();
    wal.gate.open();
    EXPECT_TRUE(run(loop, orchestrator.stop({})));
    settle(loop);
    EXPECT_TRUE(faults.reports.empty());
  }

  void open(const std::string& id, const std::map<std::string, model::MemberRole>& members,
            model::ConversationType type = model::ConversationType::Group) {
    model::Conversation& row = store.conversations[{ctx.tenant, {id}}];
    row.id = {id};
    row.type = type;
    row.member_count = members.size();
    for (const auto& [name, role] : members) {
      store.members[{ctx.tenant, {id}, {name}}] = {.user = {name}, .role = role};
    }
  }

  // Tells whoever waits for it that the event has been applied.
  void apply(const Bytes& record) {
    const model::EventView event = model::scan_event(record.view()).value();
    if (event.message.empty() || event.orchestrator == 0) return;
    const model::MessageView message = model::scan_message(event.message).value();
    outcomes.publish(event.orchestrator, {{.id = *model::message_id_from_bytes(message.message_id),
                                           .seq = ++heads[std::string(message.conversation)]}});
  }

  static std::string text(const std::string& says) {
    std::string content = "\x0a";  // Content.text
    content += static_cast<char>(says.size());
    return content + says;
  }
  static api::SendRequest request(const std::string& conversation, const std::string& sender,
                                  const std::string& client_id = "1") {
    api::SendRequest send;
    send.conversation = {conversation};
    send.sender = {sender};
    send.client_message_id = client_id;
    send.content = text("hello");
    send.origin = {.gateway = "g1", .session = 5};
    return send;
  }
  Result<api::SendReceipt> send(api::SendRequest what) {
    return run(loop, orchestrator.send(ctx, std::move(what)));
  }
  Result<api::OperateReceipt> operate(const std::string& actor, const std::string& conversation,
                                      model::Operation operation,
                                      const std::string& client_id = "1") {
    api::OperateRequest asked;
    asked.conversation = {conversation};
    asked.actor = {actor};
    asked.client_operation_id = client_id;
    asked.operation = std::move(operation);
    return run(loop, orchestrator.operate(ctx, std::move(asked)));
  }
  Result<> read(const std::string& conversation, const std::string& user, Sequence seq) {
    return run(loop, orchestrator.read(ctx, {{conversation}, {user}, seq, {}}));
  }

  size_t logged() const { return log.records[0].size(); }
  model::EventView event(size_t i) const {
    return model::scan_event(log.records[0].at(i).view()).value();
  }
  model::MessageView message(size_t i) const {
    return model::scan_message(event(i).message).value();
  }

  // Whether it was refused with that code, in a text that holds `names`, and left no trace.
  template <class T>
  testing::AssertionResult refused(const Result<T>& result, ErrorCode code,
                                   std::string_view names) {
    if (result) return testing::AssertionFailure() << "was accepted";
    if (result.error().code != code || result.error().message.find(names) == std::string::npos) {
      return testing::AssertionFailure()
             << name(result.error().code) << ' ' << result.error().message;
    }
    if (logged() > 0) return testing::AssertionFailure() << "left a trace in the log";
    return testing::AssertionSuccess();
  }

  const Config config;
  const Context ctx{.tenant = {"acme"}, .trace = "trace"};
  Loop loop{"test"};
  FakeLogTopic log{"storage-messages"};
  FakeWal wal{log};
  FakeMessageStore store;
  FakeOutcomeFeed outcomes;
  ManualClock clock;
  FakeFaults faults;
  MetricRegistry registry;
  Metrics metrics{registry};
  Orchestrator orchestrator{config, {wal, store, outcomes, clock, faults, metrics}};
  Beside beside{loop};
  std::map<std::string, Sequence> heads;
  bool applies = true;  // whether somebody applies what is published
};

}  // namespace flare::message_orchestrator
