// What every MessageStore promises.
//
// The tests play the storage writer: post() makes the rows of one message the way the writer does,
// so that heads, ordinals and members fit together.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flare/base/run.h"
#include "flare/base/wire.h"
#include "flare/port/message_store.h"

namespace flare::contract {

// One store and the accidents that happen to it.
class MessageStores {
 public:
  virtual ~MessageStores() = default;
  virtual port::MessageStore& store() = 0;

  // Called after each step a test applies. A store that answers from memory first may move things
  // to where they come to rest here, so that the same promises are held against its files.
  virtual void settle() {}

  virtual void make_durable() = 0;        // all that is applied
  virtual void reopen() = 0;              // after a clean stop
  virtual void reopen_after_crash() = 0;  // nothing but what is durable is left
};

struct MessageStoreBackend {
  std::string name;
  std::function<std::unique_ptr<MessageStores>()> make;
};

// A message as the store keeps it, encoded.
inline std::string stored_message(const std::string& sender, Sequence seq, uint64_t ordinal,
                                  uint64_t sender_ordinal, const std::string& text) {
  std::string content;
  wire::put_bytes(content, 1, text);
  std::string message;
  wire::put_bytes(message, 3, sender);
  wire::put_message(message, 6, content);
  wire::put_uint(message, 20, seq);
  wire::put_uint(message, 21, ordinal);
  wire::put_uint(message, 22, sender_ordinal);
  return message;
}

inline MessageId message_id(const std::string& tenant, const std::string& conversation,
                            Sequence seq) {
  return model::message_id({tenant}, {conversation}, {"any"}, std::to_string(seq));
}

inline Sequence seq_of(const Bytes& message) {
  wire::Reader in(message.view());
  while (in.next()) {
    if (in.field() == 20) return in.uint();
  }
  return 0;
}

inline std::vector<Sequence> seqs_of(const std::vector<Bytes>& messages) {
  std::vector<Sequence> seqs;
  for (const Bytes& message : messages) seqs.push_back(seq_of(message));
  return seqs;
}

// What the storage writer remembers of one conversation, and how it turns sends into rows.
class WriterConversation {
 public:
  WriterConversation(std::string tenant, std::string id, std::vector<std::string> users)
      : key{{std::move(tenant)}, {std::move(id)}} {
    conversation.id = key.conversation;
    conversation.type = model::ConversationType::Group;
    conversation.title = "about " + key.conversation.text;
    conversation.metadata = {{"colour", "green"}};
    conversation.creator = {users.front()};
    conversation.created_ms = 1'700'000'000'000;
    for (std::string& user : users) add_member(std::move(user));
  }

  void add_member(std::string user) {
    model::Member member{.user = {std::move(user)}, .role = model::MemberRole::Member};
    member.join_seq = head.last_seq + 1;
    members[member.user.text] = member;
    conversation.member_count = members.size();
  }

  port::MemberKey member_key(const std::string& user) const {
    return {key.tenant, key.conversation, {user}};
  }

  // The conversation and all its members.
  void create_in(port::ApplyBatch& batch) const {
    batch.conversations.push_back({key.tenant, conversation});
    for (const auto& [user, member] : members) batch.members.push_back({key, member});
  }

  // One message; `counts` is false for what nobody counts as unread.
  void post(port::ApplyBatch& batch, const std::string& sender, const std::string& text = "hello",
            bool counts = true) {
    model::Member& member = members.at(sender);
    ++head.last_seq;
    head.last_time_ms = 1'700'000'000'000 + static_cast<int64_t>(head.last_seq);
    if (counts) {
      ++head.ordinal;
      ++member.sent_ordinal;
    }
    member.last_sent_seq = head.last_seq;
    ordinals.push_back(head.ordinal);
    for (const auto& [user, one] : members) sent[user].push_back(one.sent_ordinal);
    batch.messages.push_back(
        {key, message_id(key.tenant.text, key.conversation.text, head.last_seq), head.last_seq,
         Bytes::take(
             stored_message(sender, head.last_seq, head.ordinal, member.sent_ordinal, text))});
    std::erase_if(batch.heads, [this](const port::HeadRow& row) { return row.key == key; });
    batch.heads.push_back({key, head});
    std::erase_if(batch.members, [&](const port::MemberRow& row) {
      return row.conversation == key && row.member.user.text == sender;
    });
    batch.members.push_back({key, member});
  }

  port::ConversationKey key;
  model::Conversation conversation;
  model::Head head;
  std::map<std::string, model::Member> members;
  std::vector<uint64_t> ordinals;                     // after seq 1, 2, ...
  std::map<std::string, std::vector<uint64_t>> sent;  // a member's count after seq 1, 2, ...
};

class MessageStoreContract : public testing::TestWithParam<MessageStoreBackend> {
 protected:
  static constexpr uint32_t kPartition = 3;

  static Context tenant(std::string id = "acme") { return {.tenant = {std::move(id)}}; }

  port::MessageStore& store() { return stores->store(); }
  uint64_t applied(uint32_t partition = kPartition) {
    return run(store().applied({}, partition)).value_or(UINT64_MAX);
  }

  // Applies at the partition's end; the offset grows by one.
  Result<> apply(port::ApplyBatch batch) {
    batch.partition = kPartition;
    batch.expected_offset = applied();
    batch.next_offset = batch.expected_offset + 1;
    Result<> result = run(store().apply({}, std::move(batch)));
    stores->settle();
    return result;
  }

  // A conversation of `count` messages by its first user, stored.
  WriterConversation given(std::string id, std::vector<std::string> users, size_t count,
                           std::string in_tenant = "acme") {
    WriterConversation conversation(std::move(in_tenant), std::move(id), users);
    port::ApplyBatch batch;
    conversation.create_in(batch);
    for (size_t i = 0; i < count; ++i) conversation.post(batch, users.front());
    EXPECT_TRUE(apply(std::move(batch)));
    return conversation;
  }

  std::vector<Sequence> read(port::ReadRange range) {
    Result<std::vector<Bytes>> page = run(store().read(tenant(), std::move(range)));
    return page ? seqs_of(*page) : std::vector<Sequence>{UINT64_MAX};
  }

  std::vector<std::string> member_names(const port::ConversationKey& key, std::string after = "",
                                        size_t limit = 100) {
    std::vector<std::string> names;
    const auto members = run(store().list_members(tenant(), key, {std::move(after)}, limit));
    if (!members) return {"failed"};
    for (const model::Member& member : *members) names.push_back(member.user.text);
    return names;
  }

  std::vector<std::string> conversations_of(std::string user, std::string in_tenant = "acme") {
    std::vector<std::string> ids;
    const auto all = run(store().list_memberships(tenant(std::move(in_tenant)), {std::move(user)}));
    if (!all) return {"failed"};
    for (const port::Membership& one : *all) ids.push_back(one.state.conversation.id.text);
    return ids;
  }

  port::ReadPoint read_point(const port::MemberKey& member, Sequence seq) {
    port::LoadRequest request;
    request.read_points.push_back({member, seq});
    const auto loaded = run(store().load(tenant(), std::move(request)));
    return loaded ? loaded->read_points.at(0) : port::ReadPoint{UINT64_MAX, UINT64_MAX};
  }

  std::unique_ptr<MessageStores> stores = GetParam().make();
};

using Seqs = std::vector<Sequence>;
using Names = std::vector<std::string>;

}  // namespace flare::contract

#include "contract/message_store_reading_contract.h"
#include "contract/message_store_writing_contract.h"
