#include "cmd/flare_bench/violations.h"

#include <numeric>

namespace flare::bench {
namespace {

constexpr std::array<std::string_view, kViolations> kNames = {
    "gap",  "duplicate",  "order differs",   "sender order",
    "text", "message id", "not delivered",   "not acknowledged",
    "lost", "repeated",   "connection lost", "undecodable"};

// Enough to see a pattern; a broken server would make millions.
constexpr size_t kExamplesMax = 20;
constexpr size_t kPlacesMax = 1000;

}  // namespace

std::string_view to_name(Violation violation) { return kNames[static_cast<size_t>(violation)]; }

void Violations::add(Violation violation, std::string_view where, std::string_view detail) {
  ++counts_[static_cast<size_t>(violation)];
  if (places_.size() < kPlacesMax && !places_.contains(where)) places_.emplace(where);
  if (examples_.size() == kExamplesMax) return;
  std::string sentence(to_name(violation));
  sentence.append(": ").append(where).append(": ").append(detail);
  examples_.push_back(std::move(sentence));
}

uint64_t Violations::total() const {
  return std::accumulate(counts_.begin(), counts_.end(), uint64_t{0});
}

}  // namespace flare::bench
