#include "cmd/flare_bench/conversation_check.h"

#include <algorithm>
#include <cstring>

namespace flare::bench {

uint64_t to_message_mark(std::string_view message_id) {
  uint64_t mark = 0;
  std::memcpy(&mark, message_id.data(), std::min(message_id.size(), sizeof mark));
  return mark;
}

ConversationView::Sight ConversationView::see(uint64_t seq, uint64_t message_mark) {
  Entry& entry = ring_[seq & (ring_.size() - 1)];
  if (entry.seq == seq) {
    return entry.message_mark == message_mark ? Sight::Agrees : Sight::Differs;
  }
  if (entry.seq > seq) return Sight::TooOld;
  entry = {seq, message_mark};
  ++distinct_;
  if (first_seq_ == 0 || seq < first_seq_) first_seq_ = seq;
  last_seq_ = std::max(last_seq_, seq);
  return Sight::First;
}

}  // namespace flare::bench
