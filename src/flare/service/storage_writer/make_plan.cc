#include <algorithm>

#include "flare/service/storage_writer/plan.h"

namespace flare::storage_writer {
namespace {

using model::ConversationType;
using model::Member;
using model::MemberRole;

// Applies events one by one to the state, and collects the rows that changed.
class Planner {
 public:
  Planner(Plan& plan, const Found& found, int64_t now_ms, State& state)
      : plan_(plan), found_(found), now_ms_(now_ms), state_(state) {}

  void message(const Scanned& event);
  void again(const Scanned& event);
  void read(const Scanned& event, size_t index);
  void collect();

 private:
  struct Place {
    port::ConversationKey id;
    std::string key;
    std::optional<port::ConversationState>& row;
  };

  Place place(const Scanned& event);
  bool create(Place& at, const Scanned& event);
  void join(Place& at, const UserId& user, MemberRole role, Sequence join_seq);
  void operate(Place& at, const Scanned& event, Sequence seq);
  std::optional<Member>& member(const Place& at, std::string_view user);
  void touch_member(const Place& at, std::string_view user);
  port::ReadPoint read_point(const Place& at, const Scanned& event, size_t index,
                             const Member& member) const;
  void read_again(const Scanned& event);
  void announce(const Place& at, const Scanned& event, model::StoredEvent stored);
  void announce_read(const Scanned& event, Sequence seq);
  void tell(const Scanned& event, Sequence seq, ErrorCode code = ErrorCode::Internal);

  Plan& plan_;
  const Found& found_;
  const int64_t now_ms_;
  State& state_;

  struct Planned {
    uint64_t ordinal;
    std::string_view sender;
    bool counts;
  };
  std::unordered_map<MessageId, Sequence> given_;                  // seqs given in this batch
  std::unordered_map<std::string, std::vector<Planned>> planned_;  // messages, by conversation
  std::unordered_map<std::string, port::ConversationKey> heads_;
  std::unordered_map<std::string, port::ConversationKey> conversations_;
  std::unordered_map<std::string, port::MemberKey> members_;
};

Planner::Place Planner::place(const Scanned& event) {
  std::string key = conversation_key(event.event.tenant, event.conversation());
  std::optional<port::ConversationState>& row = state_.conversations[key].row;
  return {{{std::string(event.event.tenant)}, {std::string(event.conversation())}},
          std::move(key),
          row};
}

std::optional<Member>& Planner::member(const Place& at, std::string_view user) {
  return state_.members[member_key(at.key, user)];
}

void Planner::touch_member(const Place& at, std::string_view user) {
  members_.try_emplace(member_key(at.key, user),
                       port::MemberKey{at.id.tenant, at.id.conversation, {std::string(user)}});
}

void Planner::message(const Scanned& event) {
  if (const auto given = given_.find(event.id); given != given_.end()) {
    ++plan_.duplicates;
    return tell(event, given->second);
  }
  if (const auto stored = found_.messages.find(event.id); stored != found_.messages.end()) {
    ++plan_.duplicates;
    return tell(event, model::scan_message(stored->second.view())->seq);
  }
  Place at = place(event);
  if (!at.row && !create(at, event)) {
    // The orchestrator refuses such sends; only a conversation that never was gets here.
    ++plan_.refused;
    return tell(event, 0, ErrorCode::NotFound);
  }

  model::Head& head = at.row->head;
  const Sequence seq = head.last_seq + 1;
  const bool counts = !event.operation;
  model::StoredFields fields{.seq = seq,
                             .applied_time_ms = now_ms_,
                             .log_partition = plan_.batch.partition,
                             .log_offset = event.offset};
  if (std::optional<Member>& sender = member(at, event.message->sender); sender) {
    if (counts) ++sender->sent_ordinal;
    sender->last_sent_seq = seq;
    fields.sender_ordinal = sender->sent_ordinal;
    touch_member(at, event.message->sender);
  }
  if (counts) ++head.ordinal;
  fields.ordinal = head.ordinal;
  head.last_seq = seq;
  head.last_time_ms = event.message->server_time_ms;
  heads_.try_emplace(at.key, at.id);
  if (event.operation) operate(at, event, seq);

  given_.emplace(event.id, seq);
  planned_[at.key].push_back({head.ordinal, event.message->sender, counts});
  model::StoredEvent stored = model::store_event(event.record.view(), fields);
  plan_.batch.messages.push_back({at.id, event.id, seq, stored.message});
  announce(at, event, std::move(stored));
  tell(event, seq);
  ++plan_.applied;
}

// Applied before a crash or a restart: it may not have been announced, so it is announced again.
// Devices drop it by seq.
void Planner::again(const Scanned& event) {
  if (event.read) return read_again(event);
  const auto found = found_.messages.find(event.id);
  if (found == found_.messages.end()) return;
  const model::MessageView stored = *model::scan_message(found->second.view());
  const Place at = place(event);
  announce(at, event,
           model::store_event(event.record.view(), {.seq = stored.seq,
                                                    .ordinal = stored.ordinal,
                                                    .sender_ordinal = stored.sender_ordinal,
                                                    .applied_time_ms = stored.applied_time_ms,
                                                    .log_partition = stored.log_partition,
                                                    .log_offset = stored.log_offset}));
  tell(event, stored.seq);
}

// The first message makes a single chat; a creation makes any other conversation.
bool Planner::create(Place& at, const Scanned& event) {
  const int64_t time_ms = event.message->server_time_ms;
  const UserId creator{std::string(event.message->sender)};
  model::Conversation conversation{
      .id = at.id.conversation, .creator = creator, .created_ms = time_ms};
  if (const auto users = model::users_of_single(at.id.conversation.text)) {
    conversation.type = ConversationType::Single;
    at.row = port::ConversationState{std::move(conversation), {}};
    join(at, users->first, MemberRole::Member, 1);
    join(at, users->second, MemberRole::Member, 1);
    return true;
  }
  const auto* created =
      event.operation ? std::get_if<model::ConversationCreated>(&*event.operation) : nullptr;
  if (created == nullptr) return false;
  conversation.type = created->type;
  conversation.title = created->title;
  conversation.business_type = created->business_type;
  conversation.metadata = created->metadata;
  at.row = port::ConversationState{std::move(conversation), {}};
  join(at, creator, MemberRole::Owner, 1);
  for (const UserId& user : created->members) join(at, user, MemberRole::Member, 1);
  return true;
}

void Planner::join(Place& at, const UserId& user, MemberRole role, Sequence join_seq) {
  std::optional<Member>& row = member(at, user.text);
  if (row) return;
  const model::Head& head = at.row->head;
  row = Member{.user = user,
               .role = role,
               .join_seq = join_seq,
               .joined_ms = now_ms_,
               .read_seq = join_seq - 1,
               .read_ordinal = head.ordinal};
  ++at.row->conversation.member_count;
  touch_member(at, user.text);
  conversations_.try_emplace(at.key, at.id);
}

void Planner::operate(Place& at, const Scanned& event, Sequence seq) {
  if (const auto* added = std::get_if<model::MembersAdded>(&*event.operation)) {
    for (const UserId& user : added->users) join(at, user, MemberRole::Member, seq);
  } else if (const auto* removed = std::get_if<model::MembersRemoved>(&*event.operation)) {
    for (const UserId& user : removed->users) {
      std::optional<Member>& row = member(at, user.text);
      if (!row) continue;
      row.reset();
      --at.row->conversation.member_count;
      touch_member(at, user.text);
    }
  } else if (const auto* renamed = std::get_if<model::ConversationRenamed>(&*event.operation)) {
    at.row->conversation.title = renamed->title;
  }
  conversations_.try_emplace(at.key, at.id);
  plan_.changed.push_back(at.id);
}

void Planner::read(const Scanned& event, size_t index) {
  const Place at = place(event);
  std::optional<Member>& reader = member(at, event.read->user.text);
  if (!at.row || !reader) return;
  const Sequence seq = std::min(event.read->seq, at.row->head.last_seq);
  if (seq <= reader->read_seq) return;
  const port::ReadPoint point = read_point(at, event, index, *reader);
  reader->read_seq = seq;
  reader->read_ms = event.read->server_time_ms;
  reader->read_ordinal = point.ordinal;
  reader->read_sent_ordinal = point.sent_ordinal;
  touch_member(at, event.read->user.text);
  announce_read(event, seq);
  ++plan_.applied;
}

void Planner::read_again(const Scanned& event) {
  const std::optional<Member>& reader = member(place(event), event.read->user.text);
  if (!reader || reader->read_seq == 0) return;
  announce_read(event, std::min(event.read->seq, reader->read_seq));
}

port::ReadPoint Planner::read_point(const Place& at, const Scanned& event, size_t index,
                                    const Member& reader) const {
  const model::Head& head = at.row->head;
  if (event.read->seq >= head.last_seq) return {head.ordinal, reader.sent_ordinal};
  const auto planned = planned_.find(at.key);
  const size_t fresh = planned == planned_.end() ? 0 : planned->second.size();
  const Sequence stored = head.last_seq - fresh;
  if (event.read->seq < stored) return found_.read_points.at(index);
  // Between the stored head and the head of this batch: walk back over the batch.
  port::ReadPoint point{head.ordinal, reader.sent_ordinal};
  for (Sequence seq = head.last_seq; seq > event.read->seq; --seq) {
    const Planned& message = planned->second[seq - stored - 1];
    if (!message.counts) continue;
    --point.ordinal;
    if (message.sender == reader.user.text) --point.sent_ordinal;
  }
  return point;
}

void Planner::announce(const Place& at, const Scanned& event, model::StoredEvent stored) {
  plan_.announcements.push_back({model::partition_hash(event.event.tenant, at.id.conversation.text),
                                 std::move(stored.event)});
}

// What is announced is where the cursor went: a mark beyond the head would tell the others that
// messages yet to come are read.
void Planner::announce_read(const Scanned& event, Sequence seq) {
  Bytes record = event.record;
  if (seq != event.read->seq) {
    model::ReadMark mark = *event.read;
    mark.seq = seq;
    const model::EventView& view = event.event;
    const model::Origin origin{.gateway = std::string(view.origin_gateway),
                               .session = view.origin_session,
                               .orchestrator = view.orchestrator,
                               .told_seq = view.told_seq};
    record =
        Bytes::take(model::encode_read_event({std::string(view.tenant)}, mark, origin, view.trace));
  }
  plan_.announcements.push_back(
      {model::partition_hash(event.event.tenant, event.conversation()), std::move(record)});
}

void Planner::tell(const Scanned& event, Sequence seq, ErrorCode code) {
  if (event.event.orchestrator == 0) return;
  plan_.outcomes[event.event.orchestrator].push_back({event.id, seq, code});
}

void Planner::collect() {
  for (auto& [key, id] : heads_) {
    plan_.batch.heads.push_back({id, state_.conversations.at(key).row->head});
  }
  for (auto& [key, id] : conversations_) {
    plan_.batch.conversations.push_back(
        {id.tenant, state_.conversations.at(key).row->conversation});
  }
  for (auto& [key, id] : members_) {
    if (const std::optional<Member>& row = state_.members.at(key); row) {
      plan_.batch.members.push_back({{id.tenant, id.conversation}, *row});
    } else {
      plan_.batch.removed_members.push_back(id);
    }
  }
}

}  // namespace

Plan make_plan(const std::vector<Scanned>& events, uint32_t partition, uint64_t applied,
               int64_t now_ms, const Found& found, State& state) {
  Plan plan;
  plan.batch.partition = partition;
  plan.batch.expected_offset = applied;
  plan.batch.next_offset = std::max(applied, events.back().offset + 1);
  Planner planner(plan, found, now_ms, state);
  for (size_t i = 0; i < events.size(); ++i) {
    if (events[i].offset < applied) {
      planner.again(events[i]);
    } else if (events[i].read) {
      planner.read(events[i], i);
    } else {
      planner.message(events[i]);
    }
  }
  planner.collect();
  return plan;
}

}  // namespace flare::storage_writer
