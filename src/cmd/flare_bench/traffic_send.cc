// Traffic, the half that sends: setting up conversations, schedules, slots, bundled acks.
#include <sys/prctl.h>

#include <algorithm>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/token.h"
#include "cmd/flare_bench/traffic.h"
#include "cmd/flare_bench/traffic_request.h"

namespace flare::bench {
namespace {

constexpr int64_t kSetupTimeout = 30 * kSecond;
constexpr size_t kMembersPerRequest = 500;

// Users that never log in have numbers no connection reaches.
constexpr uint32_t kFirstOfflineUser = 900'000;

// Of an open-loop sender: more than a healthy server ever needs, few enough to check.
constexpr uint32_t kOpenLoopSlots = 64;

// Messages fall due in bursts this far apart. A generator that woke for each would take the CPU
// from the server it measures.
constexpr int64_t kOpenLoopTick = 250 * kMicrosecond;

// The longest sleep, so that ticks and ends are noticed in time.
constexpr int64_t kTurnMax = 5 * kMillisecond;

constexpr size_t power_of_two_above(size_t value) {
  size_t power = 64;
  while (power < value) power *= 2;
  return power;
}

}  // namespace

Traffic::Traffic(TrafficSettings settings, ConnectionPool::Settings pool, uint32_t connections)
    : settings_(settings), pool_(std::move(pool), *this), seats_(connections) {
  for (uint32_t user = 0; user < connections; ++user) {
    pool_.add(user);
    names_.push_back(user_name(user));
  }
}

void Traffic::seat_members(uint32_t first, uint32_t count, uint32_t senders) {
  const auto conversation = static_cast<uint32_t>(conversations_.size());
  const size_t slots = std::max(settings_.in_flight, kOpenLoopSlots);
  conversations_.push_back({.id = {},
                            .online = count,
                            .view = ConversationView(power_of_two_above(4 * slots * senders))});
  for (uint32_t seat = first; seat < first + count; ++seat) {
    seats_[seat].conversation = conversation;
    if (seat - first < senders) senders_.push_back(seat);
  }
}

void Traffic::seat_pairs(uint32_t first, uint32_t count) {
  for (uint32_t seat = first; seat + 1 < first + count; seat += 2) {
    seat_members(seat, 2, 2);
    seats_[seat].peer = seat + 1;
    seats_[seat + 1].peer = seat;
  }
}

void Traffic::seat_group(uint32_t first, uint32_t count, uint32_t offline, uint32_t senders) {
  std::vector<std::string> others(names_.begin() + first + 1, names_.begin() + first + count);
  for (uint32_t user = 0; user < offline; ++user) {
    others.push_back(user_name(kFirstOfflineUser + user));
  }
  Connection& creator = pool_.at(first);
  encode_client_id(client_id_, {.run = settings_.run, .sender = first});
  uint64_t request_id = request::kSetup;
  std::string conversation_id;
  for (size_t at = 0; at < others.size() || conversation_id.empty(); ++request_id) {
    const size_t end = std::min(at + kMembersPerRequest, others.size());
    const std::vector<std::string> batch(others.begin() + static_cast<ptrdiff_t>(at),
                                         others.begin() + static_cast<ptrdiff_t>(end));
    const std::string operation_id = client_id_ + std::to_string(at);
    if (conversation_id.empty()) {
      encode_create_group(frame_, request_id, operation_id, "flare-bench", batch);
    } else {
      encode_add_members(frame_, request_id, operation_id, conversation_id, batch);
    }
    conversation_id = request(creator, frame_, request_id);
    at = end;
  }
  seat_members(first, count, senders);
  conversations_.back().id = conversation_id;
}

// Sends and drives until the answer is there; returns the conversation it names.
std::string Traffic::request(Connection& connection, std::string_view frame, uint64_t request_id) {
  awaited_request_ = request_id;
  answered_ = false;
  pool_.queue(connection, frame);
  const int64_t until = now_ns() + kSetupTimeout;
  while (!answered_) {
    if (now_ns() > until || connection.fd < 0) fail("group setup: no answer from the server");
    pool_.turn(kTurnMax);
  }
  awaited_request_ = 0;
  return awaited_answer_;
}

void Traffic::start_closed_loop() {
  sending_ = true;
  const int64_t now = now_ns();
  for (const uint32_t seat : senders_) {
    seats_[seat].slots.resize(settings_.in_flight);
    for (uint32_t slot = 0; slot < settings_.in_flight; ++slot) {
      send_next(seat, static_cast<uint8_t>(slot), now);
    }
  }
}

void Traffic::start_open_loop(double messages_per_second) {
  sending_ = true;
  for (const uint32_t seat : senders_) seats_[seat].slots.resize(kOpenLoopSlots);
  rate_ = messages_per_second;
  open_since_ns_ = now_ns();
  // The kernel rounds sleeps up by 50 us unless told otherwise.
  prctl(PR_SET_TIMERSLACK, 1000UL);
}

void Traffic::run_for(int64_t duration_ns) {
  const int64_t until = now_ns() + duration_ns;
  for (int64_t now = now_ns(); now < until && pool_.ready() > 0; now = now_ns()) turn_once(now);
}

void Traffic::drain(int64_t limit_ns) {
  sending_ = false;
  while (!paused_.empty()) paused_.pop();
  const int64_t until = now_ns() + limit_ns;
  for (int64_t now = now_ns(); now < until && busy_ > 0 && pool_.ready() > 0; now = now_ns()) {
    turn_once(now);
  }
}

void Traffic::start_measuring() { delivery_latency_.clear(); }

void Traffic::turn_once(int64_t now) {
  int64_t wait = kTurnMax;
  if (sending_ && rate_ > 0) {
    send_due(now);
    wait = std::min(wait, next_due_ns() - now);
  }
  wake_paused(now);
  send_acks_due(now);
  pool_.turn(wait);
}

// What is overdue is sent late but keeps its due time: waiting for a slow server is latency.
void Traffic::send_due(int64_t now) {
  while (next_due_ns() <= now && send_from_anybody(next_due_ns())) ++scheduled_;
}

// When the next message is due: at its place on an even schedule, or at the tick before.
int64_t Traffic::next_due_ns() const {
  const auto exact = static_cast<int64_t>(static_cast<double>(scheduled_) / rate_ * 1e9);
  return open_since_ns_ + exact / kOpenLoopTick * kOpenLoopTick;
}

bool Traffic::send_from_anybody(int64_t due_ns) {
  for (size_t tried = 0; tried < senders_.size(); ++tried) {
    const uint32_t seat = senders_[next_sender_];
    next_sender_ = (next_sender_ + 1) % senders_.size();
    std::vector<Slot>& slots = seats_[seat].slots;
    const auto idle = std::ranges::find(slots, false, &Slot::busy);
    if (idle == slots.end() || pool_.at(seat).fd < 0) continue;
    send_next(seat, static_cast<uint8_t>(idle - slots.begin()), due_ns);
    return true;
  }
  return false;
}

void Traffic::wake_paused(int64_t now) {
  while (!paused_.empty() && paused_.top().until_ns <= now) {
    const Pause pause = paused_.top();
    paused_.pop();
    send_next(pause.seat, pause.slot, now);
  }
}

void Traffic::send_next(uint32_t seat_index, uint8_t slot_index, int64_t started_ns) {
  Seat& seat = seats_[seat_index];
  if (pool_.at(seat_index).fd < 0) return;
  seat.slots[slot_index] = {.number = seat.next_number++,
                            .remaining = conversations_[seat.conversation].online - 1,
                            .started_ns = started_ns,
                            .busy = true};
  ++busy_;
  ++counters_.sent;
  send_slot(seat_index, slot_index, false);
}

void Traffic::send_slot(uint32_t seat_index, uint8_t slot_index, bool retry) {
  const Seat& seat = seats_[seat_index];
  const Conversation& conversation = conversations_[seat.conversation];
  Connection& connection = pool_.at(seat_index);
  const MessageKey key{.run = settings_.run,
                       .sender = seat_index,
                       .slot = slot_index,
                       .number = seat.slots[slot_index].number};
  encode_text(text_, key, settings_.text_bytes);
  const std::string_view client_id = std::string_view(text_).substr(0, kClientIdBytes);
  SendDraft draft{.request_id = request::of_message(key.number, slot_index, retry),
                  .conversation_id = conversation.id,
                  .to_user_id = {},
                  .client_message_id = client_id,
                  .text = text_,
                  .ack_level = settings_.ack_level};
  if (conversation.id.empty()) draft.to_user_id = names_[seat.peer];
  encode_send(frame_, draft);
  if (seat.ack_due) send_ack(connection);
  pool_.queue(connection, frame_);
}

// Acks ride on the next message of their connection. Those that found none by the second tick
// leave on their own.
void Traffic::send_acks_due(int64_t now) {
  if (now < next_ack_tick_ns_) return;
  next_ack_tick_ns_ = now + settings_.ack_interval_ns;
  std::vector<uint32_t> later;
  for (const uint32_t index : ack_seats_) {
    Seat& seat = seats_[index];
    if (seat.ack_waiting == 0) continue;
    if (seat.ack_due || seat.slots.empty()) {
      send_ack(pool_.at(index));
    } else {
      seat.ack_due = true;
      later.push_back(index);
    }
  }
  ack_seats_.swap(later);
}

void Traffic::bundle_ack(Connection& connection, uint64_t seq) {
  Seat& seat = seats_[connection.index];
  seat.ack_seq = seq;
  if (++seat.ack_waiting == 1) ack_seats_.push_back(connection.index);
  if (seat.ack_waiting >= settings_.ack_deliveries) send_ack(connection);
}

void Traffic::send_ack(Connection& connection) {
  Seat& seat = seats_[connection.index];
  std::string ack;
  encode_deliver_ack(ack, {conversations_[seat.conversation].id, seat.ack_seq});
  pool_.queue(connection, ack);
  seat.ack_waiting = 0;
  seat.ack_due = false;
}

}  // namespace flare::bench
