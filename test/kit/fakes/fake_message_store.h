// FakeMessageStore: a MessageStore in maps, whole and honest, for tests of services. Rows may be
// put in directly. Counts the round trips, and fails every call while `failure` is set.
//
// Belongs to one thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "flare/port/message_store.h"
#include "kit/fakes/gate.h"

namespace flare {

class FakeMessageStore final : public port::MessageStore {
 public:
  Task<uint64_t> applied(Context ctx, uint32_t partition) override;
  uint64_t durable(uint32_t partition) const override;
  Task<port::Loaded> load(Context ctx, port::LoadRequest request) override;
  Task<> apply(Context ctx, port::ApplyBatch batch) override;
  Task<> note_delivered(Context ctx, std::vector<port::Delivered> positions) override;
  Task<std::optional<port::ConversationState>> find_conversation(
      Context ctx, port::ConversationKey key) override;
  Task<std::optional<model::Member>> find_member(Context ctx, port::MemberKey key) override;
  Task<std::vector<model::Member>> list_members(Context ctx, port::ConversationKey key,
                                                UserId after, size_t limit) override;
  Task<std::vector<port::Membership>> list_memberships(Context ctx, UserId user) override;
  Task<std::vector<Bytes>> read(Context ctx, port::ReadRange range) override;
  Task<std::optional<Bytes>> find_message(Context ctx, MessageId id) override;
  Task<std::vector<port::Delivered>> find_delivered(Context ctx,
                                                    std::vector<port::MemberKey> members) override;

  struct Calls {
    size_t loads = 0;
    size_t memberships = 0;
    size_t reads = 0;  // of messages by range
    size_t delivered = 0;
  };

  std::map<port::ConversationKey, model::Conversation> conversations;
  std::map<port::ConversationKey, model::Head> heads;
  std::map<port::MemberKey, model::Member> members;
  std::map<port::ConversationKey, std::map<Sequence, Bytes>> messages;
  std::map<port::MessageKey, Bytes> by_id;
  std::map<port::MemberKey, port::Delivered> delivered;
  std::map<uint32_t, uint64_t> offsets;

  Calls calls;
  std::vector<port::ReadRange> read_ranges;  // every range that was asked for
  std::optional<Error> failure;
  mutable size_t failed = 0;         // calls that met it
  std::deque<Error> apply_failures;  // of the next applies, first to last
  Gate load_gate;  // behind it the answer of a load waits, as old as it is
  uint64_t durable_max = UINT64_MAX;  // durable() never says more

 private:
  Result<> ready() const;
  std::optional<port::ConversationState> state(const port::ConversationKey& key) const;
  port::ReadPoint read_point(const port::ReadPointKey& key) const;
};

}  // namespace flare
