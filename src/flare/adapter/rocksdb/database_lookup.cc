// Rows by their keys: first in memory, then all that are missing at once in the files.

#include "flare/adapter/rocksdb/database.h"
#include "flare/adapter/rocksdb/status.h"

namespace flare::rocksdb {
namespace {

using ::rocksdb::Slice;

std::string member_key(const port::MemberKey& key) {
  std::string out;
  keys::put_member(out, key.tenant.text, key.conversation.text, key.user.text);
  return out;
}

Error not_in_memory() { return {ErrorCode::Unavailable, "not in memory"}; }

Error malformed(std::string_view what) {
  return {ErrorCode::DataLoss, "stored " + std::string(what) + " is malformed"};
}

}  // namespace

Result<> Database::get_all(Family family, const std::vector<std::string>& keys, Values& values,
                           std::vector<bool>& found, Reach reach) const {
  const std::vector<Slice> slices(keys.begin(), keys.end());
  std::vector<::rocksdb::Status> statuses(keys.size());
  values = Values(keys.size());
  found.assign(keys.size(), false);
  if (keys.empty()) return {};
  ::rocksdb::ReadOptions options;
  if (reach == Reach::MemoryOnly) options.read_tier = ::rocksdb::kBlockCacheTier;
  db_->MultiGet(options, handle(family), keys.size(), slices.data(), values.data(),
                statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (statuses[i].IsIncomplete()) return fail(not_in_memory());
    if (!statuses[i].ok()) return fail(to_error(statuses[i]));
    found[i] = true;
  }
  return {};
}

// A conversation exists when its own row does; the head beside it appears with the first message.
Result<std::vector<std::optional<port::ConversationState>>> Database::states(
    const std::vector<port::ConversationKey>& wanted, Reach reach) const {
  struct Rows {
    std::string key;
    std::optional<model::Conversation> conversation;
    std::optional<model::Head> head;
  };
  std::vector<Rows> rows(wanted.size());
  std::vector<size_t> no_conversation;
  std::vector<size_t> no_head;
  {
    std::shared_lock lock(rows_mutex_);
    for (size_t i = 0; i < wanted.size(); ++i) {
      Rows& row = rows[i];
      keys::put_conversation(row.key, wanted[i].tenant.text, wanted[i].conversation.text);
      for (const Memory* memory : generations()) {
        const Memory::Conversation* kept = memory ? memory->find(row.key) : nullptr;
        if (kept == nullptr) continue;
        if (!row.conversation) row.conversation = kept->row;
        if (!row.head) row.head = kept->head;
      }
      if (!row.conversation) no_conversation.push_back(i);
      if (!row.head) no_head.push_back(i);
    }
  }
  const auto read = [&](Family family, const std::vector<size_t>& missing, auto decode,
                        auto put) -> Result<> {
    std::vector<std::string> keys;
    for (const size_t i : missing) keys.push_back(rows[i].key);
    Values values;
    std::vector<bool> found;
    if (Result<> got = get_all(family, keys, values, found, reach); !got) return got;
    for (size_t i = 0; i < missing.size(); ++i) {
      if (!found[i]) continue;
      auto decoded = decode(values[i].ToStringView());
      if (!decoded) return fail(std::move(decoded).error());
      put(rows[missing[i]], std::move(*decoded));
    }
    return {};
  };
  Result<> got = read(kConversations, no_conversation, model::decode_conversation,
                      [](Rows& row, auto decoded) { row.conversation = std::move(decoded); });
  if (!got) return fail(std::move(got).error());
  got = read(kHeads, no_head, model::decode_head, [](Rows& row, auto head) { row.head = head; });
  if (!got) return fail(std::move(got).error());

  std::vector<std::optional<port::ConversationState>> states(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!rows[i].conversation) continue;
    states[i].emplace(std::move(*rows[i].conversation), rows[i].head.value_or(model::Head{}));
  }
  return states;
}

Result<std::vector<std::optional<model::Member>>> Database::members(
    const std::vector<port::MemberKey>& wanted, Reach reach) const {
  std::vector<std::optional<model::Member>> members(wanted.size());
  std::vector<size_t> missing;
  {
    std::shared_lock lock(rows_mutex_);
    std::string key;
    for (size_t i = 0; i < wanted.size(); ++i) {
      keys::put_conversation(key, wanted[i].tenant.text, wanted[i].conversation.text);
      bool known = false;
      for (const Memory* memory : generations()) {
        const Memory::Conversation* kept = memory ? memory->find(key) : nullptr;
        if (kept == nullptr) continue;
        const auto at = kept->members.find(wanted[i].user.text);
        if (at == kept->members.end()) continue;
        members[i] = at->second;
        known = true;
        break;
      }
      if (!known) missing.push_back(i);
    }
  }
  std::vector<std::string> keys;
  for (const size_t i : missing) keys.push_back(member_key(wanted[i]));
  Values values;
  std::vector<bool> found;
  if (Result<> got = get_all(kMembers, keys, values, found, reach); !got) {
    return fail(std::move(got).error());
  }
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!found[i]) continue;
    auto member = model::decode_member(values[i].ToStringView());
    if (!member) return fail(std::move(member).error());
    members[missing[i]] = std::move(*member);
  }
  return members;
}

// In the files two steps, id -> place -> message. Most ids asked for are new: the filters answer
// for those, and the second step has nothing to do.
Result<std::vector<std::optional<Bytes>>> Database::messages(
    const std::vector<port::MessageKey>& wanted, Reach reach) const {
  std::vector<std::optional<Bytes>> messages(wanted.size());
  std::vector<size_t> missing;
  {
    std::shared_lock lock(rows_mutex_);
    for (size_t i = 0; i < wanted.size(); ++i) {
      const Bytes* kept = nullptr;
      for (const Memory* memory : generations()) {
        if (memory != nullptr && kept == nullptr) kept = memory->find(wanted[i]);
      }
      if (kept != nullptr) {
        messages[i] = Bytes::copy(kept->view());
      } else {
        missing.push_back(i);
      }
    }
  }
  std::vector<std::string> keys(missing.size());
  for (size_t i = 0; i < missing.size(); ++i) {
    const port::MessageKey& key = wanted[missing[i]];
    keys::put_message_id(keys[i], key.tenant.text, key.message);
  }
  Values places;
  std::vector<bool> found;
  if (Result<> got = get_all(kMessageIds, keys, places, found, reach); !got) {
    return fail(std::move(got).error());
  }
  std::string key;
  for (size_t i = 0; i < missing.size(); ++i) {
    if (!found[i]) continue;
    if (reach == Reach::MemoryOnly) return fail(not_in_memory());  // a page is read: a longer way
    const auto place = keys::place(places[i].ToStringView());
    if (!place) return fail(malformed("message id"));
    const port::ConversationKey conversation{wanted[missing[i]].tenant,
                                             {std::string(place->conversation)}};
    // Through read(), because memory may hold a newer row of this seq.
    auto page = read(
        {.conversation = conversation, .from_seq = place->seq, .to_seq = place->seq, .limit = 1});
    if (!page) return fail(std::move(page).error());
    if (page->empty()) return fail(ErrorCode::DataLoss, "a message id has no message");
    messages[missing[i]] = std::move(page->front());
  }
  return messages;
}

Result<port::Loaded> Database::load(const port::LoadRequest& request, Reach reach) const {
  if (reach == Reach::MemoryOnly && !request.read_points.empty()) return fail(not_in_memory());
  port::Loaded loaded;
  auto conversations = states(request.conversations, reach);
  if (!conversations) return fail(std::move(conversations).error());
  loaded.conversations = std::move(*conversations);

  auto found_members = members(request.members, reach);
  if (!found_members) return fail(std::move(found_members).error());
  loaded.members = std::move(*found_members);

  auto found_messages = messages(request.messages, reach);
  if (!found_messages) return fail(std::move(found_messages).error());
  loaded.messages = std::move(*found_messages);

  loaded.read_points.reserve(request.read_points.size());
  for (const port::ReadPointKey& key : request.read_points) {
    auto point = read_point(key);
    if (!point) return fail(std::move(point).error());
    loaded.read_points.push_back(*point);
  }
  return loaded;
}

Result<std::optional<port::ConversationState>> Database::find_conversation(
    const port::ConversationKey& key) const {
  auto found = states({key});
  if (!found) return fail(std::move(found).error());
  return std::move(found->front());
}

Result<std::optional<model::Member>> Database::find_member(const port::MemberKey& key) const {
  auto found = members({key});
  if (!found) return fail(std::move(found).error());
  return std::move(found->front());
}

Result<std::optional<Bytes>> Database::find_message(const port::MessageKey& key) const {
  auto found = messages({key});
  if (!found) return fail(std::move(found).error());
  return std::move(found->front());
}

Result<std::vector<port::Delivered>> Database::find_delivered(
    const std::vector<port::MemberKey>& wanted) const {
  std::vector<std::string> keys;
  keys.reserve(wanted.size());
  for (const port::MemberKey& key : wanted) keys.push_back(member_key(key));
  std::vector<keys::Position> best(wanted.size());
  {
    std::lock_guard lock(delivered_mutex_);
    for (size_t i = 0; i < keys.size(); ++i) {
      if (const auto at = delivered_.find(keys[i]); at != delivered_.end()) best[i] = at->second;
    }
  }
  Values values;
  std::vector<bool> found;
  if (Result<> got = get_all(kDelivered, keys, values, found); !got) {
    return fail(std::move(got).error());
  }
  std::vector<port::Delivered> delivered;
  delivered.reserve(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (found[i]) {
      const auto stored = keys::position(values[i].ToStringView());
      if (!stored) return fail(malformed("delivered position"));
      if (stored->seq > best[i].seq) best[i] = *stored;
    }
    delivered.push_back({wanted[i], best[i].seq, best[i].time_ms});
  }
  return delivered;
}

}  // namespace flare::rocksdb
