#include "flare/service/storage_reader/digest.h"

#include <algorithm>
#include <cstring>

namespace flare::storage_reader {
namespace {

constexpr int kHashBits = 40;
constexpr int64_t kEpochMs = 1'577'836'800'000;  // 2020-01-01; 24 bits of minutes last until 2051

class Hash {
 public:
  void add(uint64_t word) {
    value_ = (value_ ^ word) * 0x9e3779b97f4a7c15ull;
    value_ ^= value_ >> 32;
  }

  // Eight bytes a step: titles and ids of hundreds of conversations are hashed at every reconnect.
  void add(std::string_view text) {
    add(text.size());
    while (text.size() >= 8) {
      add(word(text.substr(0, 8)));
      text.remove_prefix(8);
    }
    if (!text.empty()) add(word(text));
  }

  uint64_t value() const { return value_; }

 private:
  static uint64_t word(std::string_view text) {
    uint64_t word = 0;
    std::memcpy(&word, text.data(), text.size());
    return word;
  }

  uint64_t value_ = 0xcbf29ce484222325ull;
};

int64_t moved_ms(const Sight& sight) {
  return std::max(sight.member.read_ms, sight.peer ? sight.peer->moved_ms : 0);
}

uint64_t minute(int64_t time_ms) {
  const int64_t minutes = std::max<int64_t>(time_ms - kEpochMs, 0) / 60'000;
  return std::min<uint64_t>(static_cast<uint64_t>(minutes), (1 << (64 - kHashBits)) - 1);
}

void add(Hash& hash, const Sight& sight) {
  hash.add(sight.conversation.id.text);
  hash.add(sight.head.last_seq);
  hash.add(sight.member.read_seq);
  hash.add(sight.member.join_seq);
  hash.add(static_cast<uint64_t>(sight.member.role));
  hash.add(sight.conversation.title);
  hash.add(sight.conversation.member_count);
  for (const auto& [key, value] : sight.conversation.metadata) {
    hash.add(key);
    hash.add(value);
  }
  if (!sight.peer) return;
  // Only what the other has of the member's own messages is shown as ticks.
  hash.add(std::min(sight.peer->read_seq, sight.member.last_sent_seq));
  hash.add(std::min(sight.peer->delivered_seq, sight.member.last_sent_seq));
}

}  // namespace

uint64_t digest_of(std::span<const Sight> sights) {
  Hash hash;
  int64_t newest_ms = 0;
  for (const Sight& sight : sights) {
    add(hash, sight);
    newest_ms = std::max(newest_ms, moved_ms(sight));
  }
  const uint64_t low = hash.value() & ((1ull << kHashBits) - 1);
  return minute(newest_ms) << kHashBits | std::max<uint64_t>(low, 1);
}

bool receipts_moved_since(uint64_t digest, const Sight& sight) {
  return moved_ms(sight) > 0 && minute(moved_ms(sight)) + 1 >= digest >> kHashBits;
}

}  // namespace flare::storage_reader
