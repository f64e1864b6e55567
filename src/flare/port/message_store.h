// MessageStore: what the event log has decided, applied and readable.
//
// The storage writer is the only one that applies, one writer a partition. It loads what it needs,
// works out the new rows (the rules are the writer's, not the store's), and applies them in one
// transaction that also moves the partition's offset by compare-and-set: a writer that lost its
// partition cannot apply.
//
// Adapters: rocksdb, postgres. Each passes test/contract/message_store_contract.h.
// Any loop may call; a Task continues on the loop that awaits it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/conversation.h"

namespace flare::port {

struct ConversationKey {
  TenantId tenant;
  ConversationId conversation;
  auto operator<=>(const ConversationKey&) const = default;
};

struct MemberKey {
  TenantId tenant;
  ConversationId conversation;
  UserId user;
  auto operator<=>(const MemberKey&) const = default;
};

struct MessageKey {
  TenantId tenant;
  MessageId message;
  auto operator<=>(const MessageKey&) const = default;
};

// What the store knows of a conversation up to and with a seq.
struct ReadPointKey {
  MemberKey member;
  Sequence seq = 0;
};
struct ReadPoint {
  uint64_t ordinal = 0;       // the conversation's
  uint64_t sent_ordinal = 0;  // the member's
};

struct ConversationState {
  model::Conversation conversation;
  model::Head head;
};

struct LoadRequest {
  std::vector<ConversationKey> conversations;
  std::vector<MemberKey> members;
  std::vector<MessageKey> messages;
  std::vector<ReadPointKey> read_points;
};

// Answers in the order of the request.
struct Loaded {
  std::vector<std::optional<ConversationState>> conversations;
  std::vector<std::optional<model::Member>> members;
  std::vector<std::optional<Bytes>> messages;  // the stored message
  std::vector<ReadPoint> read_points;
};

struct MessageRow {
  ConversationKey conversation;
  MessageId id;
  Sequence seq = 0;
  Bytes message;  // encoded flare.model.v1.Message with its stored fields
};
struct ConversationRow {
  TenantId tenant;
  model::Conversation conversation;
};
struct HeadRow {
  ConversationKey key;
  model::Head head;
};
struct MemberRow {
  ConversationKey conversation;
  model::Member member;
};

// The rows of one step of one partition. A row replaces the row with its key.
struct ApplyBatch {
  uint32_t partition = 0;
  uint64_t expected_offset = 0;  // what applied(partition) must be
  uint64_t next_offset = 0;      // what it becomes

  std::vector<MessageRow> messages;
  std::vector<ConversationRow> conversations;
  std::vector<HeadRow> heads;
  std::vector<MemberRow> members;
  std::vector<MemberKey> removed_members;
};

// How far a member's devices have acknowledged. Soft: may be lost in a crash, then devices
// acknowledge again.
struct Delivered {
  MemberKey member;
  Sequence seq = 0;
  int64_t time_ms = 0;
};

// One conversation of a user.
struct Membership {
  ConversationState state;
  model::Member member;
};

struct ReadRange {
  ConversationKey conversation;
  Sequence from_seq = 1;  // both ends included
  Sequence to_seq = UINT64_MAX;
  size_t limit = 50;
  size_t bytes_max = 1 << 20;  // stops after the message that reaches it
  bool backwards = false;      // newest first
};

class MessageStore {
 public:
  virtual ~MessageStore() = default;

  // ---- for the writer

  // The next offset to apply, and the one below which everything survives a crash. durable() never
  // waits and lags behind applied().
  virtual Task<uint64_t> applied(Context ctx, uint32_t partition) = 0;
  virtual uint64_t durable(uint32_t partition) const = 0;

  virtual Task<Loaded> load(Context ctx, LoadRequest request) = 0;

  // All or nothing. Fails with Conflict when the partition's offset is not expected_offset,
  // ResourceExhausted when the disk is full (nothing was applied; may be tried again).
  virtual Task<> apply(Context ctx, ApplyBatch batch) = 0;

  // Moves delivered positions forward, never back.
  virtual Task<> note_delivered(Context ctx, std::vector<Delivered> delivered) = 0;

  // ---- for the reader

  virtual Task<std::optional<ConversationState>> find_conversation(Context ctx,
                                                                   ConversationKey key) = 0;
  virtual Task<std::optional<model::Member>> find_member(Context ctx, MemberKey key) = 0;

  // Members in order of user id, after `after` (empty: from the first).
  virtual Task<std::vector<model::Member>> list_members(Context ctx, ConversationKey key,
                                                        UserId after, size_t limit) = 0;

  // All conversations of a user, in order of conversation id.
  virtual Task<std::vector<Membership>> list_memberships(Context ctx, UserId user) = 0;

  virtual Task<std::vector<Bytes>> read(Context ctx, ReadRange range) = 0;
  virtual Task<std::optional<Bytes>> find_message(Context ctx, MessageId id) = 0;

  // Delivered positions of the members asked, in order; seq 0 where none is known.
  virtual Task<std::vector<Delivered>> find_delivered(Context ctx,
                                                      std::vector<MemberKey> members) = 0;
};

}  // namespace flare::port
