// Traffic, the half that listens and judges.
#include <algorithm>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/traffic.h"
#include "cmd/flare_bench/traffic_request.h"

namespace flare::bench {
namespace {

// After a refusal that names no time. A refused slot that asked again at once would only measure
// how fast the server refuses.
constexpr int64_t kRefusalPause = 10 * kMillisecond;

constexpr uint32_t kHistoryPage = 200;
constexpr size_t kRefusedKept = 1'000'000;

constexpr uint64_t to_message(uint32_t seat, uint32_t number) {
  return uint64_t{seat} << 32 | number;
}

}  // namespace

void Traffic::on_frame(Connection& connection, const FrameView& frame) {
  switch (frame.kind) {
    case Body::Deliver: {
      const auto message = scan_deliver(frame.body);
      if (message) {
        on_deliver(connection, *message, false);
      } else {
        violations_.add(Violation::Undecodable, names_[connection.index], "Deliver");
      }
      break;
    }
    case Body::Accepted:
    case Body::Persisted:
      on_receipt(connection, frame);
      break;
    case Body::Error:
      on_refusal(connection, frame);
      break;
    case Body::Resync: {
      const Seat& seat = seats_[connection.index];
      const auto resync = scan_resync(frame.body);
      const bool ours = resync && seat.conversation != UINT32_MAX &&
                        resync->conversation_id == conversations_[seat.conversation].id;
      if (ours) on_resync(connection);
      break;
    }
    case Body::HistoryPage:
      on_history(connection, frame);
      break;
    case Body::ConversationChanged:
      if (frame.request_id != awaited_request_) break;
      awaited_answer_ = scan_changed_conversation(frame.body).value_or("");
      answered_ = true;
      break;
    default:
      break;  // Receipt, Pong and what later versions add
  }
}

void Traffic::on_closed(Connection& connection, std::string_view reason) {
  for (Slot& slot : seats_[connection.index].slots) {
    if (slot.busy) --busy_;
    slot.busy = false;
  }
  if (settings_.may_lose_connections) return;
  violations_.add(Violation::ConnectionLost, names_[connection.index], reason);
}

void Traffic::on_receipt(Connection& connection, const FrameView& frame) {
  Seat& seat = seats_[connection.index];
  const auto receipt = scan_receipt(frame.body);
  const uint8_t index = request::to_slot(frame.request_id);
  const uint32_t number = request::to_number(frame.request_id);
  const bool retry = (frame.request_id & request::kRetry) != 0;
  if (!receipt || index >= seat.slots.size() || seat.slots[index].number != number ||
      (!retry && seat.slots[index].acknowledged)) {
    violations_.add(Violation::Undecodable, names_[connection.index], "a receipt nobody asked for");
    return;
  }
  const MessageKey key{
      .run = settings_.run, .sender = connection.index, .slot = index, .number = number};
  if (on_receipt_seen) on_receipt_seen(key, *receipt);

  Slot& slot = seat.slots[index];
  Conversation& conversation = conversations_[seat.conversation];
  learn_conversation(connection.index, receipt->conversation_id);
  const uint64_t mark = to_message_mark(receipt->message_id);
  if (slot.message_mark != 0 && slot.message_mark != mark) {
    violations_.add(Violation::MessageId, conversation.id,
                    "message " + std::to_string(number) + " of " + names_[connection.index]);
  }
  if (receipt->seq != 0 && !conversation.view.agrees(receipt->seq, mark)) {
    violations_.add(Violation::OrderDiffers, conversation.id,
                    "the receipt's seq " + std::to_string(receipt->seq));
  }
  slot.message_mark = mark;
  if (retry) {
    slot.retrying = false;
  } else {
    slot.acknowledged = true;
    ++counters_.acknowledged;
  }
  complete_if_done(connection.index, index);
}

void Traffic::complete_if_done(uint32_t seat_index, uint8_t slot_index) {
  Slot& slot = seats_[seat_index].slots[slot_index];
  if (!slot.busy || !slot.acknowledged || slot.remaining > 0 || slot.retrying) return;
  const bool retry_due =
      settings_.retry_every > 0 && slot.number % settings_.retry_every == 0 && slot.started_ns != 0;
  if (retry_due && sending_) {
    slot.retrying = true;
    slot.started_ns = 0;  // once is enough
    send_slot(seat_index, slot_index, true);
    return;
  }
  slot.busy = false;
  --busy_;
  ++counters_.completed;
  if (sending_ && rate_ == 0) send_next(seat_index, slot_index, now_ns());
}

void Traffic::on_refusal(Connection& connection, const FrameView& frame) {
  const auto error = scan_error(frame.body);
  if (!error) {
    violations_.add(Violation::Undecodable, names_[connection.index], "Error");
    return;
  }
  if (awaited_request_ != 0 && frame.request_id == awaited_request_) {
    fail("group setup: " + std::string(error->name) + ": " + std::string(error->message));
  }
  Refusal& refusal = refusals_[error->code];
  if (refusal.count++ == 0) {
    refusal.name = error->name;
    refusal.example = error->message;
  }
  Seat& seat = seats_[connection.index];
  const uint8_t index = request::to_slot(frame.request_id);
  const uint32_t number = request::to_number(frame.request_id);
  if ((frame.request_id & request::kHistory) != 0 || index >= seat.slots.size()) return;
  Slot& slot = seat.slots[index];
  if (!slot.busy || slot.number != number) return;

  ++counters_.refused;
  if (refused_messages_.size() < kRefusedKept) {
    refused_messages_.insert(to_message(connection.index, number));
  }
  slot.busy = false;
  --busy_;
  if (!sending_ || rate_ != 0) return;
  const int64_t pause =
      error->retry_after_ms == 0 ? kRefusalPause : error->retry_after_ms * kMillisecond;
  paused_.push({now_ns() + pause, connection.index, index});
}

void Traffic::on_deliver(Connection& connection, const MessageView& message, bool from_history) {
  Seat& seat = seats_[connection.index];
  if (seat.conversation == UINT32_MAX) {
    ++counters_.foreign;
    return;
  }
  Conversation& conversation = conversations_[seat.conversation];
  const auto key = decode_client_id(message.client_message_id);
  const bool own_run = key && key->run == settings_.run;
  if (own_run) learn_conversation(connection.index, message.conversation_id);
  if (message.conversation_id != conversation.id) {
    ++counters_.foreign;
    return;
  }
  const bool jumps = seat.view.last_seq != 0 && message.seq > seat.view.last_seq + 1;
  if (!from_history && seat.had_resync && jumps) on_resync(connection);
  if (!from_history && seat.catching_up) return;  // History will bring it
  if (!seat.view.see(message.seq)) {
    if (!from_history) {
      violations_.add(Violation::Duplicate, conversation.id,
                      "seq " + std::to_string(message.seq) + " at " + names_[connection.index]);
    }
    return;
  }
  bundle_ack(connection, message.seq);
  const auto sight = conversation.view.see(message.seq, to_message_mark(message.message_id));
  if (sight == ConversationView::Sight::Differs) {
    violations_.add(Violation::OrderDiffers, conversation.id,
                    "seq " + std::to_string(message.seq) + " at " + names_[connection.index]);
  }
  if (own_run) {
    on_own_run(connection, message, *key, sight == ConversationView::Sight::First);
  } else {
    ++counters_.foreign;
  }
}

void Traffic::on_own_run(Connection& connection, const MessageView& message, const MessageKey& key,
                         bool first_sight) {
  const auto describe = [&] { return "seq " + std::to_string(message.seq); };
  if (!check_text(message.text, message.client_message_id, key) ||
      message.text.size() != std::max(settings_.text_bytes, kClientIdBytes) ||
      key.sender >= seats_.size() || message.sender_id != names_[key.sender] ||
      key.slot >= seats_[key.sender].slots.size()) {
    violations_.add(Violation::Text, message.conversation_id, describe());
    return;
  }
  Seat& sender = seats_[key.sender];
  if (first_sight) {
    if (key.number <= sender.last_seen_number) {
      violations_.add(Violation::SenderOrder, message.conversation_id, describe());
    }
    sender.last_seen_number = key.number;
  }
  if (key.sender == connection.index) {
    ++seats_[connection.index].view.own;
    return;
  }
  ++counters_.deliveries;
  Slot& slot = sender.slots[key.slot];
  if (slot.number != key.number || slot.remaining == 0) {
    if (!refused_messages_.contains(to_message(key.sender, key.number))) {
      violations_.add(Violation::Repeated, message.conversation_id, describe());
    }
    return;
  }
  const uint64_t mark = to_message_mark(message.message_id);
  if (slot.message_mark != 0 && slot.message_mark != mark) {
    violations_.add(Violation::MessageId, message.conversation_id, describe());
  }
  slot.message_mark = mark;
  delivery_latency_.record(pool_.received_at() - slot.started_ns);
  --slot.remaining;
  complete_if_done(key.sender, key.slot);
}

// The server left pushes out. What a client does then: take no live message of the conversation
// until History has brought everything after the last one it has.
void Traffic::on_resync(Connection& connection) {
  Seat& seat = seats_[connection.index];
  if (seat.catching_up) return;
  ++counters_.resyncs;
  seat.catching_up = true;
  seat.had_resync = true;
  std::string frame;
  encode_history(frame, request::kHistory, conversations_[seat.conversation].id,
                 seat.view.last_seq + 1, kHistoryPage);
  pool_.queue(connection, frame);
}

void Traffic::on_history(Connection& connection, const FrameView& frame) {
  Seat& seat = seats_[connection.index];
  const auto page = scan_history_page(frame.body);
  if (!page) {
    violations_.add(Violation::Undecodable, names_[connection.index], "HistoryPage");
    return;
  }
  for (const MessageView& message : page->messages) on_deliver(connection, message, true);
  seat.catching_up = false;
  if (page->more) on_resync(connection);
}

// The first receipt or delivery of a pair names its conversation; everything else must agree.
void Traffic::learn_conversation(uint32_t seat, std::string_view id) {
  Conversation& conversation = conversations_[seats_[seat].conversation];
  if (conversation.id == id) return;
  if (conversation.id.empty()) {
    conversation.id = id;
  } else {
    violations_.add(Violation::MessageId, conversation.id,
                    "the server also calls it " + std::string(id));
  }
}

void Traffic::check_end() {
  for (uint32_t index = 0; index < seats_.size(); ++index) {
    const Seat& seat = seats_[index];
    if (seat.conversation == UINT32_MAX) continue;
    const bool has_own = seat.view.own > 0 || seat.slots.empty();
    const uint64_t allowed = has_own ? 0 : seat.next_number - 1;
    if (seat.view.missing > allowed) {
      violations_.add(
          Violation::Gap, conversations_[seat.conversation].id,
          std::to_string(seat.view.missing - allowed) + " seqs missing at " + names_[index]);
    }
    for (const Slot& slot : seat.slots) {
      if (!slot.busy) continue;
      const bool acknowledged = slot.acknowledged && !slot.retrying;
      violations_.add(acknowledged ? Violation::NotDelivered : Violation::NotAcknowledged,
                      conversations_[seat.conversation].id,
                      "message " + std::to_string(slot.number) + " of " + names_[index]);
    }
  }
  for (const Conversation& conversation : conversations_) {
    if (conversation.view.missing() == 0) continue;
    violations_.add(Violation::Gap, conversation.id,
                    std::to_string(conversation.view.missing()) + " seqs nobody has seen");
  }
}

}  // namespace flare::bench
