// Ranges of rows: what is in memory, merged with what is in the files. A row in memory is the newer
// of two with one key. Memory is asked first: what leaves it meanwhile is in the files by then.

#include <algorithm>

#include "flare/adapter/rocksdb/database.h"
#include "flare/adapter/rocksdb/page_builder.h"
#include "flare/adapter/rocksdb/rows.h"
#include "flare/base/wire.h"

namespace flare::rocksdb {
namespace {

// Messages looked at in one step while a member's own next message is searched.
constexpr size_t kSearchPage = 256;

// The few stored fields of a message that reading needs: proto/flare/model/v1/message.proto.
struct Scanned {
  std::string_view sender;
  Sequence seq = 0;
  uint64_t ordinal = 0;
  uint64_t sender_ordinal = 0;
};

Result<Scanned> scan(const Bytes& message) {
  Scanned scanned;
  wire::Reader in(message.view());
  while (in.next()) {
    switch (in.field()) {
      case 3:
        scanned.sender = in.bytes();
        break;
      case 20:
        scanned.seq = in.uint();
        break;
      case 21:
        scanned.ordinal = in.uint();
        break;
      case 22:
        scanned.sender_ordinal = in.uint();
        break;
      default:
        break;
    }
  }
  if (!in.ok()) return fail(ErrorCode::DataLoss, "stored message is malformed");
  return scanned;
}

// The first rows of the range in one generation, in reading order.
std::vector<Memory::Message> take(const Memory::Conversation& kept, const port::ReadRange& range) {
  std::vector<Memory::Message> taken;
  const auto begin = kept.at_or_after(range.from_seq);
  const auto end =
      range.to_seq == UINT64_MAX ? kept.messages.end() : kept.at_or_after(range.to_seq + 1);
  if (end <= begin) return taken;
  const auto count = std::min(range.limit, static_cast<size_t>(end - begin));
  if (range.backwards) {
    taken.assign(std::reverse_iterator(end), std::reverse_iterator(end) + static_cast<long>(count));
  } else {
    taken.assign(begin, begin + static_cast<long>(count));
  }
  return taken;
}

// Whether `a` is read before `b`.
bool before(const port::ReadRange& range, Sequence a, Sequence b) {
  return range.backwards ? a > b : a < b;
}

// Adds the rows of an older generation; those with a seq that is there already are out of date.
void merge(const port::ReadRange& range, std::vector<Memory::Message>& newer,
           std::vector<Memory::Message> older) {
  if (older.empty()) return;
  const auto order = [&](const Memory::Message& a, const Memory::Message& b) {
    return before(range, a.seq, b.seq);
  };
  std::vector<Memory::Message> merged;
  merged.reserve(newer.size() + older.size());
  std::ranges::set_union(newer, older, std::back_inserter(merged), order);
  if (merged.size() > range.limit) merged.resize(range.limit);
  newer = std::move(merged);
}

// Whether `page` is all there is of the range, in a conversation that ends with `last`: seqs have
// no gaps, so a page without one that begins and ends where it must lacks nothing.
bool is_whole(const port::ReadRange& range, Sequence last,
              const std::vector<Memory::Message>& page) {
  const Sequence first = std::max<Sequence>(range.from_seq, 1);
  last = std::min(last, range.to_seq);
  if (range.limit == 0 || first > last) return true;
  Sequence expected = range.backwards ? last : first;
  const Sequence final = range.backwards ? first : last;
  size_t count = 0;
  size_t bytes = 0;
  for (const Memory::Message& message : page) {
    if (message.seq != expected) return false;
    bytes += message.bytes.size();
    if (++count == range.limit || bytes >= range.bytes_max || expected == final) return true;
    expected = range.backwards ? expected - 1 : expected + 1;
  }
  return false;
}

std::vector<Bytes> built(const port::ReadRange& range,
                         const std::vector<Memory::Message>& messages) {
  PageBuilder page(range.limit, range.bytes_max);
  for (auto at = messages.begin(); at != messages.end() && page.wants_more(); ++at) {
    page.add(at->bytes.view());
  }
  return std::move(page).finish();
}

}  // namespace

Database::Page Database::page_in_memory(const port::ReadRange& range, bool& whole) const {
  std::string key;
  keys::put_conversation(key, range.conversation.tenant.text, range.conversation.conversation.text);
  Page page;
  std::optional<model::Head> head;
  for (const Memory* memory : generations()) {
    const Memory::Conversation* kept = memory ? memory->find(key) : nullptr;
    if (kept == nullptr) continue;
    if (!head) head = kept->head;
    merge(range, page, take(*kept, range));
    whole = head && is_whole(range, head->last_seq, page);
    if (whole) break;
  }
  return page;
}

Result<> Database::merge_with_files(const port::ReadRange& range, const Page& in_memory,
                                    PageBuilder& page) const {
  std::string prefix;
  keys::put_conversation_prefix(prefix, range.conversation.tenant.text,
                                range.conversation.conversation.text);
  Rows rows(*db_, handle(kMessages), std::move(prefix));
  std::string start;
  keys::put_number(start, range.backwards ? range.to_seq : range.from_seq);
  range.backwards ? rows.seek_back(start) : rows.seek(start);
  auto kept = in_memory.begin();
  while (page.wants_more()) {
    const Sequence seq = rows.valid() ? keys::number(rows.rest()) : 0;
    const bool in_files = rows.valid() && seq >= range.from_seq && seq <= range.to_seq;
    if (!in_files && kept == in_memory.end()) break;
    if (kept != in_memory.end() && (!in_files || !before(range, seq, kept->seq))) {
      page.add(kept->bytes.view());
      const bool replaces = in_files && kept->seq == seq;
      ++kept;
      if (!replaces) continue;
    } else {
      page.add(rows.value());
    }
    range.backwards ? rows.previous() : rows.next();
  }
  return rows.status();
}

Result<std::vector<Bytes>> Database::read(const port::ReadRange& range) const {
  bool whole = false;
  Page in_memory;
  {
    std::shared_lock lock(rows_mutex_);
    in_memory = page_in_memory(range, whole);
  }
  if (whole) return built(range, in_memory);
  PageBuilder page(range.limit, range.bytes_max);
  if (Result<> merged = merge_with_files(range, in_memory, page); !merged) {
    return fail(std::move(merged).error());
  }
  return std::move(page).finish();
}

std::optional<std::vector<Bytes>> Database::read_now(const port::ReadRange& range) const {
  bool whole = false;
  Page in_memory;
  {
    std::shared_lock lock(rows_mutex_, std::try_to_lock);
    if (!lock) return {};
    in_memory = page_in_memory(range, whole);
  }
  if (!whole) return {};
  return built(range, in_memory);
}

// The conversation's ordinal stands in the message at seq. The member's own count stands there too
// when he sent it; otherwise in the first message of his own after seq (less that one, if it
// counts); and when there is none, in his row.
Result<port::ReadPoint> Database::read_point(const port::ReadPointKey& key) const {
  port::ReadPoint point;
  const port::ConversationKey conversation{key.member.tenant, key.member.conversation};
  auto at_seq =
      read({.conversation = conversation, .to_seq = key.seq, .limit = 1, .backwards = true});
  if (!at_seq) return fail(std::move(at_seq).error());
  if (!at_seq->empty()) {
    const auto message = scan(at_seq->front());
    if (!message) return fail(message.error());
    point = {message->ordinal, message->sender_ordinal};
    if (message->sender == key.member.user.text) return point;
  }
  const auto member = find_member(key.member);
  if (!member) return fail(member.error());
  point.sent_ordinal = *member ? (*member)->sent_ordinal : 0;
  if (!*member || (*member)->last_sent_seq <= key.seq) return point;

  uint64_t ordinal = point.ordinal;
  for (Sequence next = key.seq + 1; next <= (*member)->last_sent_seq;) {
    auto page = read({.conversation = conversation, .from_seq = next, .limit = kSearchPage});
    if (!page) return fail(std::move(page).error());
    if (page->empty()) break;
    for (const Bytes& bytes : *page) {
      const auto message = scan(bytes);
      if (!message) return fail(message.error());
      if (message->seq < next) return fail(ErrorCode::DataLoss, "stored message has a wrong seq");
      if (message->sender == key.member.user.text) {
        const bool counts = message->ordinal > ordinal;
        point.sent_ordinal = message->sender_ordinal - (counts ? 1 : 0);
        return point;
      }
      ordinal = message->ordinal;
      next = message->seq + 1;
    }
  }
  return point;
}

Database::MemberChanges Database::members_in_memory(const port::ConversationKey& key,
                                                    const std::string& after, size_t limit,
                                                    std::string& until) const {
  std::string conversation;
  keys::put_conversation(conversation, key.tenant.text, key.conversation.text);
  MemberChanges changes;
  std::shared_lock lock(rows_mutex_);
  for (const Memory* memory : generations()) {
    const Memory::Conversation* kept = memory ? memory->find(conversation) : nullptr;
    if (kept == nullptr) continue;
    auto at = kept->members.upper_bound(after);
    for (size_t i = 0; i < limit && at != kept->members.end(); ++i, ++at) changes.insert(*at);
    if (at == kept->members.end()) continue;
    const std::string& last = std::prev(at)->first;
    if (until.empty() || last < until) until = last;
  }
  if (!until.empty()) changes.erase(changes.upper_bound(until), changes.end());
  return changes;
}

// In steps, because a large group's members may all be in memory.
Result<std::vector<model::Member>> Database::list_members(const port::ConversationKey& key,
                                                          const UserId& after, size_t limit) const {
  std::vector<model::Member> members;
  std::string prefix;
  keys::put_conversation_prefix(prefix, key.tenant.text, key.conversation.text);
  std::string from = after.text;
  while (members.size() < limit) {
    std::string until;
    const MemberChanges changes = members_in_memory(key, from, limit, until);
    Rows rows(*db_, handle(kMembers), prefix);
    rows.seek(from);
    if (rows.valid() && rows.rest() == from) rows.next();
    auto change = changes.begin();
    while (members.size() < limit) {
      const bool in_files = rows.valid() && (until.empty() || rows.rest() <= until);
      if (change != changes.end() && (!in_files || change->first <= rows.rest())) {
        if (change->second) members.push_back(*change->second);
        if (in_files && change->first == rows.rest()) rows.next();
        ++change;
      } else if (in_files) {
        auto member = model::decode_member(rows.value());
        if (!member) return fail(std::move(member).error());
        members.push_back(std::move(*member));
        rows.next();
      } else {
        break;
      }
    }
    if (Result<> ended = rows.status(); !ended) return fail(std::move(ended).error());
    if (until.empty()) break;
    from = until;
  }
  return members;
}

Result<std::vector<port::Membership>> Database::list_memberships(const TenantId& tenant,
                                                                 const UserId& user) const {
  std::string prefix;
  keys::put_user_prefix(prefix, tenant.text, user.text);
  Memory::Memberships present;
  {
    std::shared_lock lock(rows_mutex_);
    for (const Memory* memory : generations()) {
      if (memory == nullptr) continue;
      const auto changed = memory->memberships().find(prefix);
      if (changed == memory->memberships().end()) continue;
      present.insert(changed->second.begin(), changed->second.end());
    }
  }
  Rows rows(*db_, handle(kMemberships), prefix);
  for (rows.seek({}); rows.valid(); rows.next())
    present.try_emplace(std::string(rows.rest()), true);
  if (Result<> ended = rows.status(); !ended) return fail(std::move(ended).error());

  std::vector<port::ConversationKey> conversations;
  std::vector<port::MemberKey> member_keys;
  for (const auto& [conversation, is_member] : present) {
    if (!is_member) continue;
    conversations.push_back({tenant, {conversation}});
    member_keys.push_back({tenant, {conversation}, user});
  }
  auto found_states = states(conversations);
  if (!found_states) return fail(std::move(found_states).error());
  auto found_members = members(member_keys);
  if (!found_members) return fail(std::move(found_members).error());
  std::vector<port::Membership> memberships;
  memberships.reserve(conversations.size());
  for (size_t i = 0; i < conversations.size(); ++i) {
    // Missing when the member left meanwhile.
    if (!(*found_states)[i] || !(*found_members)[i]) continue;
    memberships.push_back({std::move(*(*found_states)[i]), std::move(*(*found_members)[i])});
  }
  return memberships;
}

}  // namespace flare::rocksdb
