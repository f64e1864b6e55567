// The rules of applying over a fake store: what a batch does to its rows, without the writer.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "flare/base/run.h"
#include "flare/service/storage_writer/event_words.h"
#include "flare/service/storage_writer/plan.h"
#include "kit/fakes/fake_message_store.h"

namespace flare::storage_writer {

struct PlanFixture : testing::Test {
  FakeMessageStore store;
  State state;
  uint64_t next_offset = 0;
  const int64_t now_ms = 5'000;

  // One transaction of what comes next.
  Plan apply(const std::vector<Bytes>& records) {
    const uint64_t first = std::exchange(next_offset, next_offset + records.size());
    return apply_at(first, records);
  }

  Plan apply_at(uint64_t first_offset, const std::vector<Bytes>& records) {
    const port::LogBatch batch{.partition = 0, .first_offset = first_offset, .records = records};
    const std::vector<Scanned> events = read_events(batch).value();
    const Wanted wanted = wanted_by(events, state);
    port::Loaded loaded = run(store.load({}, wanted.request)).value();
    const Found found = remember(events, wanted, std::move(loaded), state);
    Plan plan = make_plan(events, 0, store.offsets[0], now_ms, found, state);
    EXPECT_TRUE(run(store.apply({}, plan.batch)));
    return plan;
  }

  static port::ConversationKey key(const std::string& conversation) {
    return {kAcme, {conversation}};
  }
  const model::Head& head(const std::string& conversation) {
    return store.heads.at(key(conversation));
  }
  const model::Conversation& conversation(const std::string& id) {
    return store.conversations.at(key(id));
  }
  bool is_member(const std::string& conversation, const std::string& user) {
    return store.members.contains({kAcme, {conversation}, {user}});
  }
  const model::Member& member(const std::string& conversation, const std::string& user) {
    return store.members.at({kAcme, {conversation}, {user}});
  }
  uint64_t unread(const std::string& conversation, const std::string& user) {
    return model::unread(head(conversation), member(conversation, user));
  }

  // The stored message with that seq, scanned.
  model::MessageView stored(const std::string& conversation, Sequence seq) {
    return model::scan_message(store.messages.at(key(conversation)).at(seq).view()).value();
  }

  // The seqs of the announced messages, and of the announced read marks, in order.
  static std::vector<Sequence> announced(const Plan& plan) {
    std::vector<Sequence> seqs;
    for (const port::LogRecord& record : plan.announcements) {
      const model::EventView event = model::scan_event(record.body.view()).value();
      seqs.push_back(event.read.empty() ? event.seq : model::decode_read_mark(event.read)->seq);
    }
    return seqs;
  }
};

}  // namespace flare::storage_writer
