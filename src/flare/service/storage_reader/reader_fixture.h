// One StorageReader over a fake store, and the words to fill the store with: who is where and who
// said what. Rows are written as the storage writer would.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "flare/base/run.h"
#include "flare/model/event.h"
#include "flare/service/storage_reader/storage_reader.h"
#include "kit/fakes/fake_message_store.h"

namespace flare::storage_reader {

struct ReaderFixture : testing::Test {
  FakeMessageStore store;
  ManualClock clock;
  MetricRegistry registry;
  Metrics metrics{registry};
  Config config;
  StorageReader reader{config, {store, clock, metrics}};
  const Context ctx{.tenant = {"acme"}, .trace = {}, .deadline = TimePoint::max(), .stop = {}};

  static UserId user(const std::string& name) { return {name}; }

  // A group, or with a single chat's id that chat. Its members see it from `join_seq` on.
  ConversationId open(const std::string& id, const std::vector<std::string>& names,
                      Sequence join_seq = 1) {
    model::Conversation& row = store.conversations[{ctx.tenant, {id}}];
    row.id = {id};
    row.type = model::users_of_single(id) ? model::ConversationType::Single
                                          : model::ConversationType::Group;
    for (const std::string& name : names) {
      model::Member& member = member_of(id, name);
      member.user = {name};
      member.role = model::MemberRole::Member;
      member.join_seq = join_seq;
      member.read_ordinal = store.heads[{ctx.tenant, {id}}].ordinal;
      ++row.member_count;
    }
    return {id};
  }

  model::Member& member_of(const std::string& id, const std::string& name) {
    return store.members[{ctx.tenant, {id}, {name}}];
  }

  // Stored one second after the message before it.
  MessageId say(const std::string& id, const std::string& name, const std::string& text) {
    clock.advance(std::chrono::seconds(1));
    model::Head& head = store.heads[{ctx.tenant, {id}}];
    model::Member& sender = member_of(id, name);
    const std::string client_id = "c" + std::to_string(head.last_seq + 1);
    const MessageId message = model::message_id(ctx.tenant, {id}, {name}, client_id);
    std::string bytes = model::encode(model::MessageDraft{.conversation = {id},
                                                          .id = message,
                                                          .sender = {name},
                                                          .client_message_id = client_id,
                                                          .server_time_ms = clock.wall,
                                                          .content = text,
                                                          .metadata = {}});
    sender.last_sent_seq = ++head.last_seq;
    ++sender.sent_ordinal;
    ++head.ordinal;
    head.last_time_ms = clock.wall;
    model::append_stored_fields(bytes, {.seq = head.last_seq,
                                        .ordinal = head.ordinal,
                                        .sender_ordinal = sender.sent_ordinal,
                                        .applied_time_ms = clock.wall + 5,
                                        .log_partition = 3,
                                        .log_offset = 100 + head.last_seq});
    const Bytes stored = Bytes::take(std::move(bytes));
    store.messages[{ctx.tenant, {id}}][head.last_seq] = stored;
    store.by_id[{ctx.tenant, message}] = stored;
    return message;
  }

  void say_many(const std::string& id, const std::string& name, int count) {
    for (int i = 0; i < count; ++i) say(id, name, "text");
  }

  // The user reads everything, one second later.
  void read_all(const std::string& id, const std::string& name) {
    clock.advance(std::chrono::seconds(1));
    const model::Head& head = store.heads[{ctx.tenant, {id}}];
    model::Member& member = member_of(id, name);
    member.read_seq = head.last_seq;
    member.read_ms = clock.wall;
    member.read_ordinal = head.ordinal;
    member.read_sent_ordinal = member.sent_ordinal;
  }

  void deliver(const std::string& id, const std::string& name, Sequence seq) {
    clock.advance(std::chrono::seconds(1));
    store.delivered[{ctx.tenant, {id}, {name}}] = {{ctx.tenant, {id}, {name}}, seq, clock.wall};
  }

  static Sequence seq_of(const Bytes& message) {
    const Result<model::MessageView> view = model::scan_message(message.view());
    return view ? view->seq : 0;
  }
  static std::vector<Sequence> seqs(const std::vector<Bytes>& messages) {
    std::vector<Sequence> all;
    for (const Bytes& message : messages) all.push_back(seq_of(message));
    return all;
  }

  Result<api::HistoryPage> history(const std::string& id, const std::string& name,
                                   Sequence from = 0, Sequence to = 0, size_t limit = 0,
                                   bool backwards = false) {
    return run(reader.history(ctx, {user(name), {id}, from, to, limit, backwards}));
  }

  api::SyncRequest sync_request(const std::string& name, uint64_t digest = 0) {
    api::SyncRequest request;
    request.user = {name};
    request.digest = digest;
    return request;
  }
};

}  // namespace flare::storage_reader
