#include "flare/adapter/rocksdb/memory.h"

#include <algorithm>

#include "flare/adapter/rocksdb/keys.h"

namespace flare::rocksdb {
namespace {

// Beside its bytes, a message takes a place in a vector and a node of the id table; a row of the
// other kinds takes a node, a key and its texts.
constexpr size_t kMessageOverheadBytes = 150;
constexpr size_t kRowBytes = 300;

}  // namespace

std::vector<Memory::Message>::const_iterator Memory::Conversation::at_or_after(Sequence seq) const {
  return std::ranges::lower_bound(messages, seq, {}, &Message::seq);
}

void Memory::apply(const port::ApplyBatch& batch, std::vector<Bytes> messages) {
  for (size_t i = 0; i < batch.messages.size(); ++i) {
    put_message(batch.messages[i], std::move(messages[i]));
  }
  for (const port::ConversationRow& row : batch.conversations) {
    conversation({row.tenant, row.conversation.id}).second.row = row.conversation;
  }
  for (const port::HeadRow& row : batch.heads) conversation(row.key).second.head = row.head;
  for (const port::MemberKey& key : batch.removed_members) {
    put_member({key.tenant, key.conversation}, key.user.text, nullptr);
  }
  for (const port::MemberRow& row : batch.members) {
    put_member(row.conversation, row.member.user.text, &row.member);
  }
  partitions_[batch.partition] = batch.next_offset;
}

TextMap<Memory::Conversation>::value_type& Memory::conversation(const port::ConversationKey& key) {
  keys::put_conversation(key_, key.tenant.text, key.conversation.text);
  const auto known = conversations_.find(key_);
  if (known != conversations_.end()) return *known;
  bytes_ += kRowBytes;
  return *conversations_.try_emplace(key_).first;
}

void Memory::put_message(const port::MessageRow& row, Bytes bytes) {
  auto& [key, kept] = conversation(row.conversation);
  bytes_ += bytes.size() + kMessageOverheadBytes;
  Message message{row.seq, std::move(bytes)};
  if (kept.messages.empty() || kept.messages.back().seq < row.seq) {
    kept.messages.push_back(std::move(message));
  } else {
    const auto at = std::ranges::lower_bound(kept.messages, row.seq, {}, &Message::seq);
    if (at->seq == row.seq) {
      *at = std::move(message);
    } else {
      kept.messages.insert(at, std::move(message));
    }
  }
  auto tenant = tenants_.find(row.conversation.tenant.text);
  if (tenant == tenants_.end()) tenant = tenants_.insert(row.conversation.tenant.text).first;
  ids_[{&*tenant, row.id}] = {&key, row.seq};
}

// The membership beside a member's row changes only when the member comes or goes.
void Memory::put_member(const port::ConversationKey& key, const std::string& user,
                        const model::Member* member) {
  auto& members = conversation(key).second.members;
  auto at = members.find(user);
  const bool known = at != members.end() && at->second.has_value() == (member != nullptr);
  if (at == members.end()) at = members.try_emplace(user).first;
  if (member != nullptr) {
    at->second = *member;
  } else {
    at->second.reset();
  }
  if (known) return;
  bytes_ += kRowBytes;
  keys::put_user_prefix(key_, key.tenant.text, user);
  memberships_[key_][key.conversation.text] = member != nullptr;
}

const Memory::Conversation* Memory::find(std::string_view conversation_key) const {
  const auto found = conversations_.find(conversation_key);
  return found == conversations_.end() ? nullptr : &found->second;
}

const Bytes* Memory::find(const port::MessageKey& key) const {
  const auto tenant = tenants_.find(key.tenant.text);
  if (tenant == tenants_.end()) return nullptr;
  const auto place = ids_.find({&*tenant, key.message});
  if (place == ids_.end()) return nullptr;
  const auto message = find(*place->second.conversation)->at_or_after(place->second.seq);
  return &message->bytes;
}

}  // namespace flare::rocksdb
