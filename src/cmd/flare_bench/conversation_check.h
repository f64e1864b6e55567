// One story for everybody: a conversation's members must see the same message at each seq, each
// seq once and in order, and each sender's messages in the order sent.
//
// A server may or may not deliver a message to the connection that sent it. Where it does not, the
// sender's own seqs are missing from what it sees, and only the conversation as a whole, seen by
// all its members together, can be asked to be without a gap.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace flare::bench {

// The first eight bytes of a message_id.
uint64_t to_message_mark(std::string_view message_id);

// What one member has seen.
struct MemberView {
  uint64_t first_seq = 0;
  uint64_t last_seq = 0;
  uint64_t missing = 0;  // seqs between the two that were not seen
  uint64_t own = 0;      // messages seen that the member sent itself

  // False: seen before, or out of order.
  bool see(uint64_t seq) {
    if (seq <= last_seq) return false;
    if (first_seq == 0) {
      first_seq = seq;
    } else {
      missing += seq - last_seq - 1;
    }
    last_seq = seq;
    return true;
  }
};

// What all members together have seen.
class ConversationView {
 public:
  enum class Sight : uint8_t { First, Agrees, Differs, TooOld };

  // `window`: how far, in seqs, one member may be ahead of another. A power of two.
  explicit ConversationView(size_t window = 64) : ring_(window) {}

  Sight see(uint64_t seq, uint64_t message_mark);

  // False: another message is known at this seq.
  bool agrees(uint64_t seq, uint64_t message_mark) const {
    const Entry& entry = ring_[seq & (ring_.size() - 1)];
    return entry.seq != seq || entry.message_mark == message_mark;
  }

  // How many seqs between the lowest and the highest nobody has seen.
  uint64_t missing() const { return last_seq_ == 0 ? 0 : last_seq_ - first_seq_ + 1 - distinct_; }

 private:
  struct Entry {
    uint64_t seq = 0;
    uint64_t message_mark = 0;
  };

  std::vector<Entry> ring_;
  uint64_t first_seq_ = 0;
  uint64_t last_seq_ = 0;
  uint64_t distinct_ = 0;
};

}  // namespace flare::bench
