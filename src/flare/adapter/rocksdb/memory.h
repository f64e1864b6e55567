// Memory: the rows applied between two flushes, in the form that changes and is read fastest.
//
// What a message adds costs two hash insertions and no comparison of keys; sorting waits for the
// flush, where rows that changed again have become one. Knows nothing of files or threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "flare/port/message_store.h"

namespace flare::rocksdb {

// Lets a map of strings be asked with a view.
struct TextHash : std::hash<std::string_view> {
  using is_transparent = void;
};
template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

class Memory {
 public:
  struct Message {
    Sequence seq = 0;
    Bytes bytes;
  };

  // The changed rows of one conversation.
  struct Conversation {
    std::optional<model::Conversation> row;
    std::optional<model::Head> head;
    // Nothing: removed.
    std::map<std::string, std::optional<model::Member>, std::less<>> members;
    std::vector<Message> messages;  // by seq

    // The first message at or after `seq`.
    std::vector<Message>::const_iterator at_or_after(Sequence seq) const;
  };

  struct Place {
    const std::string* conversation = nullptr;  // key of conversations()
    Sequence seq = 0;
  };
  struct Id {
    const std::string* tenant = nullptr;
    MessageId message;
    bool operator==(const Id&) const = default;
  };
  struct IdHash {
    size_t operator()(const Id& id) const noexcept { return std::hash<MessageId>{}(id.message); }
  };

  // `messages` are the batch's, in its order, in memory that may be kept.
  void apply(const port::ApplyBatch& batch, std::vector<Bytes> messages);

  // By keys::put_conversation(); null when none of its rows changed.
  const Conversation* find(std::string_view conversation_key) const;
  const Bytes* find(const port::MessageKey& key) const;

  const TextMap<Conversation>& conversations() const { return conversations_; }
  const std::unordered_map<Id, Place, IdHash>& ids() const { return ids_; }

  // By keys::put_user_prefix(): the user's conversations, and whether he is in them.
  using Memberships = std::map<std::string, bool>;
  const TextMap<Memberships>& memberships() const { return memberships_; }

  // The next offset of each partition that applied something.
  const std::map<uint32_t, uint64_t>& partitions() const { return partitions_; }

  // About what it takes.
  size_t bytes() const { return bytes_; }

 private:
  TextMap<Conversation>::value_type& conversation(const port::ConversationKey& key);
  void put_message(const port::MessageRow& row, Bytes bytes);
  void put_member(const port::ConversationKey& key, const std::string& user,
                  const model::Member* member);

  TextMap<Conversation> conversations_;
  std::unordered_map<Id, Place, IdHash> ids_;
  TextMap<Memberships> memberships_;
  std::map<uint32_t, uint64_t> partitions_;
  std::set<std::string, std::less<>> tenants_;
  std::string key_;
  size_t bytes_ = 0;
};

}  // namespace flare::rocksdb
