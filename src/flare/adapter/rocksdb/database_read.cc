#include <rocksdb/db.h>

#include <algorithm>

#include "flare/adapter/rocksdb/database.h"
#include "flare/adapter/rocksdb/status.h"
#include "flare/base/wire.h"

namespace flare::rocksdb {
namespace {

using ::rocksdb::Slice;

Slice slice(std::string_view text) { return {text.data(), text.size()}; }

Error malformed(std::string_view what) {
  return {ErrorCode::DataLoss, "stored " + std::string(what) + " is malformed"};
}

std::string conversation_key(const port::ConversationKey& key) {
  std::string out;
  keys::put_conversation(out, key.tenant.text, key.conversation.text);
  return out;
}

std::string member_key(const port::MemberKey& key) {
  std::string out;
  keys::put_member(out, key.tenant.text, key.conversation.text, key.user.text);
  return out;
}

// The few stored fields of a message that reading needs: proto/flare/model/v1/message.proto.
struct Scanned {
  std::string_view sender;
  uint64_t ordinal = 0;
  uint64_t sender_ordinal = 0;
};

Result<Scanned> scan(std::string_view message) {
  Scanned scanned;
  wire::Reader in(message);
  while (in.next()) {
    switch (in.field()) {
      case 3: scanned.sender = in.bytes(); break;
      case 21: scanned.ordinal = in.uint(); break;
      case 22: scanned.sender_ordinal = in.uint(); break;
      default: break;
    }
  }
  if (!in.ok()) return fail(malformed("message"));
  return scanned;
}

// An iterator over the rows that begin with one prefix.
struct Rows {
  Rows(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* family, std::string prefix)
      : first(std::move(prefix)), end(keys::after_prefix(first)), lower(first), upper(end) {
    ::rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    at.reset(db.NewIterator(options, family));
  }

  // The current row's key without the prefix.
  std::string_view rest() const { return at->key().ToStringView().substr(first.size()); }

  const std::string first;
  const std::string end;
  const Slice lower;
  const Slice upper;
  std::unique_ptr<::rocksdb::Iterator> at;
};

}  // namespace

Result<std::optional<::rocksdb::PinnableSlice>> Database::get(Family family,
                                                              std::string_view key) const {
  std::optional<::rocksdb::PinnableSlice> value(std::in_place);
  const auto status = db_->Get({}, handle(family), slice(key), &*value);
  if (status.IsNotFound()) return std::nullopt;
  if (!status.ok()) return fail(to_error(status));
  return value;
}

Result<> Database::get_all(Family family, const std::vector<std::string>& keys, Values& values,
                           std::vector<bool>& found) const {
  std::vector<Slice> slices(keys.begin(), keys.end());
  std::vector<::rocksdb::Status> statuses(keys.size());
  values = Values(keys.size());
  found.assign(keys.size(), false);
  if (keys.empty()) return {};
  db_->MultiGet({}, handle(family), keys.size(), slices.data(), values.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (statuses[i].IsNotFound()) continue;
    if (!statuses[i].ok()) return fail(to_error(statuses[i]));
    found[i] = true;
  }
  return {};
}

// A conversation exists when its own row does; the head beside it appears with the first message.
Result<std::vector<std::optional<port::ConversationState>>> Database::states(
    const std::vector<port::ConversationKey>& wanted) const {
  std::vector<std::string> keys;
  keys.reserve(wanted.size());
  for (const port::ConversationKey& key : wanted) keys.push_back(conversation_key(key));
  Values conversations;
  Values heads;
  std::vector<bool> known;
  std::vector<bool> headed;
  if (Result<> got = get_all(kConversations, keys, conversations, known); !got) {
    return fail(std::move(got).error());
  }
  if (Result<> got = get_all(kHeads, keys, heads, headed); !got) {
    return fail(std::move(got).error());
  }
  std::vector<std::optional<port::ConversationState>> states(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!known[i]) continue;
    auto conversation = model::decode_conversation(conversations[i].ToStringView());
    if (!conversation) return fail(std::move(conversation).error());
    states[i].emplace(std::move(*conversation), model::Head{});
    if (!headed[i]) continue;
    auto head = model::decode_head(heads[i].ToStringView());
    if (!head) return fail(std::move(head).error());
    states[i]->head = *head;
  }
  return states;
}

Result<std::vector<std::optional<model::Member>>> Database::members(
    const std::vector<port::MemberKey>& wanted) const {
  std::vector<std::string> keys;
  keys.reserve(wanted.size());
  for (const port::MemberKey& key : wanted) keys.push_back(member_key(key));
  Values values;
  std::vector<bool> found;
  if (Result<> got = get_all(kMembers, keys, values, found); !got) {
    return fail(std::move(got).error());
  }
  std::vector<std::optional<model::Member>> members(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!found[i]) continue;
    auto member = model::decode_member(values[i].ToStringView());
    if (!member) return fail(std::move(member).error());
    members[i] = std::move(*member);
  }
  return members;
}

// Two steps, id -> place -> message. Most ids asked for are new: the filters answer for those and
// the second step has nothing to do.
Result<std::vector<std::optional<Bytes>>> Database::messages(
    const std::vector<port::MessageKey>& wanted) const {
  std::vector<std::string> keys(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    keys::put_message_id(keys[i], wanted[i].tenant.text, wanted[i].message);
  }
  Values places;
  std::vector<bool> found;
  if (Result<> got = get_all(kMessageIds, keys, places, found); !got) {
    return fail(std::move(got).error());
  }
  std::vector<std::optional<Bytes>> messages(wanted.size());
  for (size_t i = 0; i < wanted.size(); ++i) {
    if (!found[i]) continue;
    const auto place = keys::place(places[i].ToStringView());
    if (!place) return fail(malformed("message id"));
    keys::put_message(keys[i], wanted[i].tenant.text, place->conversation, place->seq);
    auto row = get(kMessages, keys[i]);
    if (!row) return fail(std::move(row).error());
    if (!*row) return fail(ErrorCode::DataLoss, "a message id has no message");
    messages[i] = Bytes::copy((*row)->ToStringView());
  }
  return messages;
}

// The conversation's ordinal stands in the message at seq. The member's own count stands in the
// first message of the member's own after seq (less that one, if it counts), or, when there is none,
// in the member's row.
Result<port::ReadPoint> Database::read_point(const port::ReadPointKey& key) const {
  port::ReadPoint point;
  std::string prefix;
  keys::put_conversation_prefix(prefix, key.member.tenant.text, key.member.conversation.text);
  Rows rows(*db_, handle(kMessages), prefix);
  std::string start = prefix;
  keys::put_number(start, key.seq);
  rows.at->SeekForPrev(start);
  if (rows.at->Valid()) {
    auto at_seq = scan(rows.at->value().ToStringView());
    if (!at_seq) return fail(std::move(at_seq).error());
    point.ordinal = at_seq->ordinal;
    if (at_seq->sender == key.member.user.text) {
      point.sent_ordinal = at_seq->sender_ordinal;
      return point;
    }
  }
  auto member = find_member(key.member);
  if (!member) return fail(std::move(member).error());
  if (!*member) return point;
  point.sent_ordinal = (*member)->sent_ordinal;
  if ((*member)->last_sent_seq <= key.seq) return point;

  uint64_t before = point.ordinal;
  for (rows.at->Seek(start); rows.at->Valid(); rows.at->Next()) {
    if (keys::number(rows.rest()) <= key.seq) continue;
    auto message = scan(rows.at->value().ToStringView());
    if (!message) return fail(std::move(message).error());
    if (message->sender == key.member.user.text) {
      const bool counts = message->ordinal > before;
      point.sent_ordinal = message->sender_ordinal - (counts ? 1 : 0);
      break;
    }
    before = message->ordinal;
  }
  if (!rows.at->status().ok()) return fail(to_error(rows.at->status()));
  return point;
}

Result<port::Loaded> Database::load(const port::LoadRequest& request) {
  port::Loaded loaded;
  auto conversations = states(request.conversations);
  if (!conversations) return fail(std::move(conversations).error());
  loaded.conversations = std::move(*conversations);

  auto found_members = members(request.members);
  if (!found_members) return fail(std::move(found_members).error());
  loaded.members = std::move(*found_members);

  auto found_messages = messages(request.messages);
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

Result<std::vector<model::Member>> Database::list_members(const port::ConversationKey& key,
                                                          const UserId& after,
                                                          size_t limit) const {
  std::string prefix;
  keys::put_conversation_prefix(prefix, key.tenant.text, key.conversation.text);
  Rows rows(*db_, handle(kMembers), prefix);
  rows.at->Seek(prefix + after.text);
  if (rows.at->Valid() && rows.rest() == after.text) rows.at->Next();
  std::vector<model::Member> members;
  for (; rows.at->Valid() && members.size() < limit; rows.at->Next()) {
    auto member = model::decode_member(rows.at->value().ToStringView());
    if (!member) return fail(std::move(member).error());
    members.push_back(std::move(*member));
  }
  if (!rows.at->status().ok()) return fail(to_error(rows.at->status()));
  return members;
}

Result<std::vector<port::Membership>> Database::list_memberships(const TenantId& tenant,
                                                                 const UserId& user) const {
  std::string prefix;
  keys::put_user_prefix(prefix, tenant.text, user.text);
  Rows rows(*db_, handle(kMemberships), prefix);
  std::vector<port::ConversationKey> conversations;
  std::vector<port::MemberKey> member_keys;
  for (rows.at->SeekToFirst(); rows.at->Valid(); rows.at->Next()) {
    const ConversationId conversation{std::string(rows.rest())};
    conversations.push_back({tenant, conversation});
    member_keys.push_back({tenant, conversation, user});
  }
  if (!rows.at->status().ok()) return fail(to_error(rows.at->status()));
  auto found_states = states(conversations);
  if (!found_states) return fail(std::move(found_states).error());
  auto found_members = members(member_keys);
  if (!found_members) return fail(std::move(found_members).error());
  std::vector<port::Membership> memberships;
  memberships.reserve(conversations.size());
  for (size_t i = 0; i < conversations.size(); ++i) {
    // Missing when the member left between the two reads.
    if (!(*found_states)[i] || !(*found_members)[i]) continue;
    memberships.push_back({std::move(*(*found_states)[i]), std::move(*(*found_members)[i])});
  }
  return memberships;
}

// All messages of a page share one piece of memory.
Result<std::vector<Bytes>> Database::read(const port::ReadRange& range) const {
  std::string prefix;
  keys::put_conversation_prefix(prefix, range.conversation.tenant.text,
                                range.conversation.conversation.text);
  Rows rows(*db_, handle(kMessages), prefix);
  std::string start = prefix;
  keys::put_number(start, range.backwards ? range.to_seq : range.from_seq);
  if (range.backwards) {
    rows.at->SeekForPrev(start);
  } else {
    rows.at->Seek(start);
  }
  std::string page;
  std::vector<size_t> ends;
  while (rows.at->Valid() && ends.size() < range.limit && page.size() < range.bytes_max) {
    const Sequence seq = keys::number(rows.rest());
    if (seq < range.from_seq || seq > range.to_seq) break;
    page.append(rows.at->value().ToStringView());
    ends.push_back(page.size());
    range.backwards ? rows.at->Prev() : rows.at->Next();
  }
  if (!rows.at->status().ok()) return fail(to_error(rows.at->status()));
  const Bytes whole = Bytes::take(std::move(page));
  std::vector<Bytes> messages;
  messages.reserve(ends.size());
  size_t begin = 0;
  for (const size_t end : ends) {
    messages.push_back(whole.slice(whole.view().substr(begin, end - begin)));
    begin = end;
  }
  return messages;
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
