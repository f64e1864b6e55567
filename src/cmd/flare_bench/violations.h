// What may never happen, counted. Any count above zero makes the bench exit with 1.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace flare::bench {

enum class Violation : uint8_t {
  Gap,              // a seq is missing
  Duplicate,        // a seq was delivered twice, or after a higher one
  OrderDiffers,     // two members saw different messages at one seq
  SenderOrder,      // a sender's messages are not in the order sent
  Text,             // a byte of the text is wrong
  MessageId,        // the receipt, the delivery or a retry name different ids
  NotDelivered,     // acknowledged, and not delivered before the drain was over
  NotAcknowledged,  // sent, and never answered
  Lost,             // acknowledged, and not in the history
  Repeated,         // in the history more than once
  ConnectionLost,
  Undecodable,
};

constexpr size_t kViolations = static_cast<size_t>(Violation::Undecodable) + 1;

std::string_view to_name(Violation violation);

class Violations {
 public:
  // `where` is a conversation, or a connection when no conversation is involved.
  void add(Violation violation, std::string_view where, std::string_view detail);

  uint64_t total() const;
  uint64_t count(Violation violation) const { return counts_[static_cast<size_t>(violation)]; }

  // The first few, as sentences.
  const std::vector<std::string>& examples() const { return examples_; }

  // Every conversation or connection named so far, up to a thousand.
  const std::set<std::string, std::less<>>& places() const { return places_; }

 private:
  std::array<uint64_t, kViolations> counts_{};
  std::vector<std::string> examples_;
  std::set<std::string, std::less<>> places_;
};

}  // namespace flare::bench
