#include <algorithm>

#include "flare/model/event.h"
#include "flare/service/storage_reader/storage_reader.h"

namespace flare::storage_reader {
namespace {

// The members before whose eyes the message can have come: not the sender, not who joined later.
std::vector<model::Member> audience(const model::MessageView& message,
                                    std::vector<model::Member> members) {
  std::erase_if(members, [&message](const model::Member& member) {
    return member.user.text == message.sender || member.join_seq > message.seq;
  });
  return members;
}

// What the stored message itself tells.
std::vector<api::Hop> hops_of(const model::MessageView& message) {
  std::vector<api::Hop> hops(3);
  hops[0].name = "accepted";
  hops[0].time_ms = message.server_time_ms;
  hops[0].detail = "from " + std::string(message.sender) + ", client message id " +
                   std::string(message.client_message_id);
  hops[1].name = "logged";
  hops[1].detail = "partition " + std::to_string(message.log_partition) + ", offset " +
                   std::to_string(message.log_offset);
  hops[2].name = "applied";
  hops[2].time_ms = message.applied_time_ms;
  hops[2].detail = "seq " + std::to_string(message.seq);
  return hops;
}

api::Hop receipt(std::string name, const UserId& user, Sequence seq, int64_t time_ms) {
  api::Hop hop;
  hop.name = std::move(name);
  hop.time_ms = time_ms;
  hop.detail = "position " + std::to_string(seq) + " at that time";
  hop.user = user;
  return hop;
}

// By time. A hop whose time is not known stays behind the one it follows in the pipeline.
void sort_by_time(std::vector<api::Hop>& hops) {
  std::vector<std::pair<int64_t, size_t>> order;  // effective time, index
  int64_t stored_ms = 0;
  for (size_t i = 0; i < hops.size(); ++i) {
    const int64_t time_ms = hops[i].time_ms == 0 ? stored_ms : hops[i].time_ms;
    if (hops[i].user.empty()) stored_ms = time_ms;
    order.emplace_back(time_ms, i);
  }
  std::ranges::sort(order);
  std::vector<api::Hop> sorted;
  sorted.reserve(hops.size());
  for (const auto& [time_ms, i] : order) sorted.push_back(std::move(hops[i]));
  hops = std::move(sorted);
}

}  // namespace

Task<api::Whereabouts> StorageReader::where(Context ctx, UserId user, MessageId id) {
  return needs_.metrics.where.measure(&needs_.clock,
                                      trace_message(std::move(ctx), std::move(user), id));
}

Task<api::Whereabouts> StorageReader::trace_message(Context ctx, UserId user, MessageId id) {
  const Seen seen = co_await see_message(ctx, user, id);
  const model::MessageView message = co_await model::scan_message(seen.message.view());
  const uint64_t shown = config_.where_members_max;
  const std::vector<model::Member> members =
      audience(message, co_await needs_.store.list_members(ctx, seen.sight.key(), UserId{}, shown));
  std::vector<port::MemberKey> keys;
  for (const model::Member& member : members) {
    keys.push_back({ctx.tenant, seen.sight.conversation.id, member.user});
  }
  const std::vector<port::Delivered> delivered =
      co_await needs_.store.find_delivered(ctx, std::move(keys));

  api::Whereabouts answer;
  answer.message = seen.message;
  answer.hops = hops_of(message);
  const uint64_t member_count = seen.sight.conversation.member_count;
  if (member_count > shown) {
    answer.hops.back().detail += "; receipts of the first " + std::to_string(shown) + " of " +
                                 std::to_string(member_count) + " members";
  }
  for (size_t i = 0; i < members.size(); ++i) {
    const model::Member& member = members[i];
    const port::Delivered& device = delivered.at(i);
    if (device.seq >= message.seq) {
      answer.hops.push_back(receipt("delivered", member.user, device.seq, device.time_ms));
    }
    if (member.read_seq >= message.seq) {
      answer.hops.push_back(receipt("read", member.user, member.read_seq, member.read_ms));
    }
  }
  sort_by_time(answer.hops);
  co_return answer;
}

}  // namespace flare::storage_reader
