#include "cmd/flare_bench/history_check.h"

#include <algorithm>
#include <tuple>

namespace flare::bench {
namespace {

uint64_t to_sender(const MessageKey& key) { return uint64_t{key.run} << 32 | key.sender; }

auto to_order(const MessageKey& key) { return std::tuple(key.run, key.sender, key.number); }

std::string describe(const MessageKey& key) {
  std::string client_id;
  encode_client_id(client_id, key);
  return "client_message_id " + client_id;
}

}  // namespace

HistoryCheck::HistoryCheck(std::string conversation_id, std::vector<Promise> promises,
                           Violations& violations)
    : conversation_id_(std::move(conversation_id)), violations_(violations) {
  std::ranges::sort(promises, {}, [](const Promise& p) { return to_order(p.key); });
  for (const Promise& promise : promises) {
    if (!expected_.empty() && expected_.back().promise.key == promise.key) {
      Promise& earlier = expected_.back().promise;
      const bool seq_differs = earlier.seq != 0 && promise.seq != 0 && earlier.seq != promise.seq;
      if (earlier.message_id != promise.message_id || seq_differs) {
        report(Violation::MessageId, "a retry was answered differently: " + describe(promise.key));
      }
      if (earlier.seq == 0) earlier.seq = promise.seq;
      continue;
    }
    expected_.push_back({promise});
  }
}

void HistoryCheck::add(const MessageView& message) {
  ++messages_;
  if (message.seq > next_seq_) {
    report(Violation::Gap, "seq " + std::to_string(next_seq_) + " to " +
                               std::to_string(message.seq - 1) + " are missing");
  } else if (message.seq < next_seq_) {
    report(Violation::Duplicate, "seq " + std::to_string(message.seq) + " came again");
  }
  next_seq_ = std::max(next_seq_, message.seq + 1);
  if (!seen_ids_.insert(to_message_id(message.message_id)).second) {
    report(Violation::Repeated, "the message at seq " + std::to_string(message.seq));
  }
  const auto key = decode_client_id(message.client_message_id);
  if (key) check_own(message, *key);
}

void HistoryCheck::check_own(const MessageView& message, const MessageKey& key) {
  const std::string where = describe(key) + " at seq " + std::to_string(message.seq);
  // Group operations carry a bench id too, with a suffix, and never come here.
  if (!check_text(message.text, message.client_message_id, key)) report(Violation::Text, where);
  if (!seen_keys_.emplace(to_sender(key), key.number).second) report(Violation::Repeated, where);
  uint32_t& last = last_number_[to_sender(key)];
  if (key.number < last) report(Violation::SenderOrder, where);
  last = std::max(last, key.number);

  const auto at = std::ranges::lower_bound(
      expected_, to_order(key), {}, [](const Expected& e) { return to_order(e.promise.key); });
  if (at == expected_.end() || at->promise.key != key) return;  // sent, and never acknowledged
  at->found = true;
  if (at->promise.message_id != to_message_id(message.message_id)) {
    report(Violation::MessageId, where);
  }
  if (at->promise.seq != 0 && at->promise.seq != message.seq) {
    report(Violation::OrderDiffers,
           where + ", but its receipt said seq " + std::to_string(at->promise.seq));
  }
}

void HistoryCheck::finish() {
  for (const Expected& expected : expected_) {
    if (!expected.found) report(Violation::Lost, describe(expected.promise.key));
  }
}

void HistoryCheck::report(Violation violation, const std::string& detail) {
  violations_.add(violation, conversation_id_, detail);
}

}  // namespace flare::bench
