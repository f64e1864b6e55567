// What a batch of events does to the store: the rules of applying, without any waiting.
//
// read_events() says what must be known, the writer loads it into the State, make_plan() decides.
// The plan follows from the state and the events alone.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "flare/model/event.h"
#include "flare/port/event_log.h"
#include "flare/port/message_store.h"
#include "flare/port/outcome_feed.h"

namespace flare::storage_writer {

// One event of the batch, scanned. Views point into the batch's records.
struct Scanned {
  uint64_t offset = 0;
  Bytes record;
  model::EventView event;
  std::optional<model::MessageView> message;  // either this
  std::optional<model::ReadMark> read;        // or that
  std::optional<model::Operation> operation;  // when the message is one
  MessageId id;

  std::string_view conversation() const {
    return message ? message->conversation : std::string_view(read->conversation.text);
  }
};

// What the writer remembers of a partition between batches. Absence is remembered too.
struct State {
  struct Conversation {
    std::optional<port::ConversationState> row;
  };
  std::unordered_map<std::string, Conversation> conversations;            // "tenant\0conversation"
  std::unordered_map<std::string, std::optional<model::Member>> members;  // "...\0user"

  size_t size() const { return conversations.size() + members.size(); }
  void clear() {
    conversations.clear();
    members.clear();
  }
};

// What the batch needs beyond the state, and where the answers go.
struct Wanted {
  port::LoadRequest request;
  std::vector<std::string> conversations;  // state keys of request.conversations
  std::vector<std::string> members;        // of request.members
  std::vector<size_t> read_events;         // index of the event of each read point
};

struct Found {
  std::unordered_map<MessageId, Bytes> messages;            // of this tenant's batch, stored
  std::unordered_map<size_t, port::ReadPoint> read_points;  // by index of the event
};

struct Plan {
  port::ApplyBatch batch;
  std::vector<port::LogRecord> announcements;  // for push-messages, in log order
  std::unordered_map<uint32_t, std::vector<port::Outcome>> outcomes;  // by orchestrator
  std::vector<port::ConversationKey> changed;                         // whose members changed
  size_t applied = 0;
  size_t duplicates = 0;
  size_t refused = 0;
};

std::string conversation_key(std::string_view tenant, std::string_view conversation);
std::string member_key(std::string_view conversation_key, std::string_view user);

// Fails with DataLoss, naming partition and offset, when a record is no event.
Result<std::vector<Scanned>> read_events(const port::LogBatch& batch);

Wanted wanted_by(const std::vector<Scanned>& events, const State& state);

// Puts the answers into the state; returns what is only for this batch.
Found remember(const std::vector<Scanned>& events, const Wanted& wanted, port::Loaded loaded,
               State& state);

// Changes `state` to what it is after the plan is applied; when applying fails, clear the state.
// Events below `applied` have been applied before: they are announced again and change nothing.
Plan make_plan(const std::vector<Scanned>& events, uint32_t partition, uint64_t applied,
               int64_t now_ms, const Found& found, State& state);

}  // namespace flare::storage_writer
