#include "kit/fakes/fake_message_store.h"

#include <algorithm>

#include "flare/model/event.h"

namespace flare {
namespace {

template <class Map>
std::optional<typename Map::mapped_type> find_in(const Map& map,
                                                 const typename Map::key_type& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  return found->second;
}

}  // namespace

Result<> FakeMessageStore::ready() const {
  if (!failure) return {};
  ++failed;
  return fail(*failure);
}

Task<uint64_t> FakeMessageStore::applied(Context, uint32_t partition) {
  co_await ready();
  co_return offsets[partition];
}

uint64_t FakeMessageStore::durable(uint32_t partition) const {
  return std::min(durable_max, find_in(offsets, partition).value_or(0));
}

Task<port::Loaded> FakeMessageStore::load(Context ctx, port::LoadRequest request) {
  co_await ready();
  ++calls.loads;
  port::Loaded loaded;
  for (const auto& key : request.conversations) loaded.conversations.push_back(state(key));
  for (const auto& key : request.members) loaded.members.push_back(find_in(members, key));
  for (const auto& key : request.messages) loaded.messages.push_back(find_in(by_id, key));
  for (const auto& key : request.read_points) loaded.read_points.push_back(read_point(key));
  co_await load_gate.pass(ctx);
  co_return loaded;
}

Task<> FakeMessageStore::apply(Context, port::ApplyBatch batch) {
  co_await ready();
  if (!apply_failures.empty()) {
    Error next = std::move(apply_failures.front());
    apply_failures.pop_front();
    co_await fail(std::move(next));
  }
  if (offsets[batch.partition] != batch.expected_offset) {
    co_await fail(ErrorCode::Conflict, "another writer applies this partition");
  }
  offsets[batch.partition] = batch.next_offset;
  for (const port::MessageRow& row : batch.messages) {
    messages[row.conversation][row.seq] = row.message;
    by_id[{row.conversation.tenant, row.id}] = row.message;
  }
  for (const auto& [tenant, row] : batch.conversations) conversations[{tenant, row.id}] = row;
  for (const port::HeadRow& row : batch.heads) heads[row.key] = row.head;
  for (const auto& [key, row] : batch.members) {
    members[{key.tenant, key.conversation, row.user}] = row;
  }
  for (const port::MemberKey& key : batch.removed_members) members.erase(key);
}

Task<> FakeMessageStore::note_delivered(Context, std::vector<port::Delivered> positions) {
  co_await ready();
  for (const port::Delivered& position : positions) {
    port::Delivered& known = delivered[position.member];
    if (position.seq > known.seq) known = position;
  }
}

Task<std::optional<port::ConversationState>> FakeMessageStore::find_conversation(
    Context, port::ConversationKey key) {
  co_await ready();
  co_return state(key);
}

Task<std::optional<model::Member>> FakeMessageStore::find_member(Context, port::MemberKey key) {
  co_await ready();
  co_return find_in(members, key);
}

Task<std::vector<model::Member>> FakeMessageStore::list_members(Context, port::ConversationKey key,
                                                                UserId after, size_t limit) {
  co_await ready();
  std::vector<model::Member> page;
  auto at = members.upper_bound({key.tenant, key.conversation, after});
  for (; at != members.end() && page.size() < limit; ++at) {
    if (at->first.tenant != key.tenant || at->first.conversation != key.conversation) break;
    page.push_back(at->second);
  }
  co_return page;
}

Task<std::vector<port::Membership>> FakeMessageStore::list_memberships(Context ctx, UserId user) {
  co_await ready();
  ++calls.memberships;
  std::vector<port::Membership> all;
  for (const auto& [key, member] : members) {
    if (key.tenant != ctx.tenant || key.user != user) continue;
    if (auto found = state({key.tenant, key.conversation})) all.push_back({*found, member});
  }
  co_return all;
}

Task<std::vector<Bytes>> FakeMessageStore::read(Context, port::ReadRange range) {
  co_await ready();
  ++calls.reads;
  read_ranges.push_back(range);
  std::vector<Bytes> inside;
  for (const auto& [seq, message] : messages[range.conversation]) {
    if (seq >= range.from_seq && seq <= range.to_seq) inside.push_back(message);
  }
  if (range.backwards) std::ranges::reverse(inside);

  std::vector<Bytes> page;
  size_t bytes = 0;
  for (const Bytes& message : inside) {
    if (page.size() == range.limit || bytes >= range.bytes_max) break;
    page.push_back(message);
    bytes += message.size();
  }
  co_return page;
}

Task<std::optional<Bytes>> FakeMessageStore::find_message(Context ctx, MessageId id) {
  co_await ready();
  co_return find_in(by_id, {ctx.tenant, id});
}

Task<std::vector<port::Delivered>> FakeMessageStore::find_delivered(
    Context, std::vector<port::MemberKey> asked) {
  co_await ready();
  ++calls.delivered;
  std::vector<port::Delivered> found;
  for (const port::MemberKey& key : asked) {
    found.push_back(find_in(delivered, key).value_or(port::Delivered{.member = key}));
  }
  co_return found;
}

std::optional<port::ConversationState> FakeMessageStore::state(
    const port::ConversationKey& key) const {
  const auto conversation = find_in(conversations, key);
  if (!conversation) return std::nullopt;
  return port::ConversationState{*conversation, find_in(heads, key).value_or(model::Head{})};
}

port::ReadPoint FakeMessageStore::read_point(const port::ReadPointKey& key) const {
  port::ReadPoint point;
  const auto stored = messages.find({key.member.tenant, key.member.conversation});
  if (stored == messages.end()) return point;
  const auto member = find_in(members, key.member);
  const Sequence joined = member ? member->join_seq : 0;
  for (const auto& [seq, bytes] : stored->second) {
    if (seq > key.seq) break;
    const Result<model::MessageView> message = model::scan_message(bytes.view());
    if (!message) continue;
    point.ordinal = message->ordinal;
    const bool own = message->sender == key.member.user.text && seq >= joined;
    if (own) point.sent_ordinal = message->sender_ordinal;
  }
  return point;
}

}  // namespace flare
