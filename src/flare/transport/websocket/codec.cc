#include "flare/transport/websocket/codec.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "flare/transport/websocket/utf8.h"

namespace flare::websocket {
namespace {

constexpr size_t kControlBytesMax = 125;
constexpr size_t kHeadBytesMin = 2;

uint64_t big_endian(const char* bytes, size_t size) {
  uint64_t number = 0;
  for (size_t i = 0; i < size; ++i) number = number << 8 | static_cast<unsigned char>(bytes[i]);
  return number;
}

bool is_control(Opcode opcode) { return static_cast<uint8_t>(opcode) >= 8; }

bool is_opcode(int opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

Event broken(uint16_t code, std::string_view problem) {
  return {.kind = EventKind::Broken, .code = code, .payload = problem};
}

Event close_event(std::string_view payload) {
  if (payload.empty()) return {.kind = EventKind::Close, .code = kNoCode, .payload = {}};
  if (payload.size() == 1) return broken(kProtocolError, "close with half a code");
  const auto code = static_cast<uint16_t>(big_endian(payload.data(), 2));
  if (!valid_close_code(code)) return broken(kProtocolError, "close with a reserved code");
  if (!valid_utf8(payload.substr(2))) return broken(kBadText, "close reason is not UTF-8");
  return {.kind = EventKind::Close, .code = code, .payload = payload.substr(2)};
}

}  // namespace

struct Decoder::Head {
  bool known = false;  // the first two bytes are there
  bool whole = false;
  bool final = false;
  Opcode opcode = Opcode::Continuation;
  size_t bytes = kHeadBytesMin;  // of the head, as far as is known
  uint64_t payload_bytes = 0;
  const char* problem = nullptr;         // seen in the first two bytes
  const char* length_problem = nullptr;  // seen in a longer length

  size_t frame_bytes() const { return bytes + static_cast<size_t>(payload_bytes); }

  static Head parse(std::span<const char> input) {
    Head head;
    head.known = input.size() >= kHeadBytesMin;
    if (!head.known) return head;
    const auto first = static_cast<unsigned char>(input[0]);
    const auto second = static_cast<unsigned char>(input[1]);
    const size_t length = second & 0x7F;
    const size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    head.final = (first & 0x80) != 0;
    head.opcode = static_cast<Opcode>(first & 0x0F);
    head.bytes = kHeadBytesMin + length_bytes + 4;
    if ((first & 0x70) != 0) {
      head.problem = "reserved bits are set";
    } else if (!is_opcode(first & 0x0F)) {
      head.problem = "unknown opcode";
    } else if ((second & 0x80) == 0) {
      head.problem = "client frame is not masked";
    } else if (is_control(head.opcode) && (length > kControlBytesMax || !head.final)) {
      head.problem = head.final ? "control frame is too long" : "control frame is fragmented";
    }
    if (head.problem != nullptr || input.size() < head.bytes) return head;

    head.payload_bytes = length;
    if (length_bytes > 0) {
      head.payload_bytes = big_endian(input.data() + kHeadBytesMin, length_bytes);
      const uint64_t shortest = length_bytes == 2 ? kControlBytesMax + 1 : 0x10000;
      if (head.payload_bytes < shortest) head.length_problem = "length is not in its shortest form";
      if (head.payload_bytes >> 63 != 0) head.length_problem = "length has its highest bit set";
    }
    head.whole = true;
    return head;
  }
};

struct Decoder::Held {
  std::string frame;        // the front of a frame
  std::string message;      // the fragments so far, unmasked
  bool fragmented = false;  // between the first and the last fragment
  bool text = false;        // of the fragmented message
  bool frame_used = false;  // given out with the last event, to be dropped with the next call
  bool message_used = false;
};

void Decoder::Drop::operator()(Held* held) const { delete held; }

Decoder::Held& Decoder::held() {
  if (held_ == nullptr) held_.reset(new Held);
  return *held_;
}

// Drops what the last event pointed into.
void Decoder::forget() {
  if (held_ == nullptr) return;
  if (held_->frame_used) {
    held_->frame = {};
    held_->frame_used = false;
  }
  if (held_->message_used) {
    held_->message = {};
    held_->message_used = false;
  }
  if (held_->frame.empty() && !held_->fragmented) held_.reset();
}

// Broken when a frame with this head cannot be taken now, else NeedMore. What fewer bytes tell is
// looked at first, so that the reason does not depend on how the bytes were cut.
Event Decoder::refusal(const Head& head, size_t message_bytes_max) const {
  if (head.problem != nullptr) return broken(kProtocolError, head.problem);
  if (!head.known || is_control(head.opcode)) return {};
  const bool fragmented = held_ != nullptr && held_->fragmented;
  if (head.opcode == Opcode::Continuation && !fragmented) {
    return broken(kProtocolError, "continuation without a start");
  }
  if (head.opcode != Opcode::Continuation && fragmented) {
    return broken(kProtocolError, "new message inside a fragmented one");
  }
  if (head.length_problem != nullptr) return broken(kProtocolError, head.length_problem);
  const size_t so_far = fragmented ? held_->message.size() : 0;
  if (head.whole && head.payload_bytes > message_bytes_max - std::min(so_far, message_bytes_max)) {
    return broken(kTooBig, "message is too big");
  }
  return {};
}

// Moves one whole frame from the input, and what is held of it, to `frame`. Empty afterwards: not
// yet whole, and everything of it is held.
Event Decoder::collect(std::span<char>& input, size_t message_bytes_max, Head& head,
                       std::span<char>& frame) {
  if (held_ == nullptr || held_->frame.empty()) {
    head = Head::parse(input);
    Event refused = refusal(head, message_bytes_max);
    if (refused.kind == EventKind::Broken) return refused;
    if (head.whole && input.size() >= head.frame_bytes()) {
      frame = input.first(head.frame_bytes());
      input = input.subspan(frame.size());
    } else if (!input.empty()) {
      held().frame.assign(input.data(), input.size());
      input = {};
    }
    return {};
  }

  // The rest of the head first, since only it says how much belongs to the frame.
  std::string& bytes = held_->frame;
  for (;;) {
    head = Head::parse(bytes);
    Event refused = refusal(head, message_bytes_max);
    if (refused.kind == EventKind::Broken) return refused;
    const size_t wanted = head.whole ? head.frame_bytes() : head.bytes;
    if (bytes.size() == wanted && head.whole) break;
    assert(bytes.size() < wanted);
    const size_t taken = std::min(wanted - bytes.size(), input.size());
    bytes.append(input.data(), taken);
    input = input.subspan(taken);
    if (bytes.size() < wanted) return {};
  }
  held_->frame_used = true;
  frame = bytes;
  return {};
}

Event Decoder::next(std::span<char>& input, size_t message_bytes_max) {
  for (;;) {
    forget();
    Head head;
    std::span<char> frame;
    Event event = collect(input, message_bytes_max, head, frame);
    if (event.kind == EventKind::Broken || frame.empty()) return event;

    const std::span<char> payload = frame.subspan(head.bytes);
    apply_mask(payload, frame.data() + head.bytes - 4);
    event = accept(head, {payload.data(), payload.size()});
    if (event.kind != EventKind::NeedMore) return event;
  }
}

// NeedMore: a fragment was kept.
Event Decoder::accept(const Head& head, std::string_view payload) {
  switch (head.opcode) {
    case Opcode::Ping:
      return {.kind = EventKind::Ping, .payload = payload};
    case Opcode::Pong:
      return {.kind = EventKind::Pong, .payload = payload};
    case Opcode::Close:
      return close_event(payload);
    case Opcode::Text:
    case Opcode::Binary:
      if (head.final) return complete(head.opcode == Opcode::Text, payload);
      held().fragmented = true;
      held_->text = head.opcode == Opcode::Text;
      held_->message.assign(payload);
      return {};
    case Opcode::Continuation:
      held_->message.append(payload);
      if (!head.final) return {};
      held_->fragmented = false;
      held_->message_used = true;
      return complete(held_->text, held_->message);
  }
  return broken(kProtocolError, "unknown opcode");
}

Event Decoder::complete(bool text, std::string_view payload) const {
  if (text && !valid_utf8(payload)) return broken(kBadText, "text is not UTF-8");
  return {.kind = EventKind::Message, .text = text, .payload = payload};
}

void apply_mask(std::span<char> payload, const char* mask) {
  uint32_t four = 0;
  std::memcpy(&four, mask, sizeof four);
  const uint64_t eight = uint64_t{four} << 32 | four;
  size_t at = 0;
  for (; at + 8 <= payload.size(); at += 8) {
    uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, sizeof word);
    word ^= eight;
    std::memcpy(payload.data() + at, &word, sizeof word);
  }
  char last[8];
  std::memcpy(last, &eight, sizeof last);
  for (size_t i = 0; at < payload.size(); ++at, ++i) {
    payload[at] = static_cast<char>(payload[at] ^ last[i]);
  }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  char head[10] = {static_cast<char>(0x80 | static_cast<uint8_t>(opcode))};
  size_t length_bytes = 0;
  if (payload.size() <= kControlBytesMax) {
    head[1] = static_cast<char>(payload.size());
  } else if (payload.size() <= 0xFFFF) {
    head[1] = 126;
    length_bytes = 2;
  } else {
    head[1] = 127;
    length_bytes = 8;
  }
  for (size_t i = 0; i < length_bytes; ++i) {
    head[2 + i] = static_cast<char>(payload.size() >> (8 * (length_bytes - 1 - i)) & 0xFF);
  }
  out.append(head, 2 + length_bytes);
  out.append(payload);
}

void append_close(std::string& out, uint16_t code, std::string_view reason) {
  if (code == kNoCode) return append_frame(out, Opcode::Close, {});
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload += cut_utf8(reason, kControlBytesMax - 2);
  append_frame(out, Opcode::Close, payload);
}

FrameBounds frame_around(std::string_view frames, size_t offset) {
  FrameBounds bounds;
  while (bounds.end < offset) {
    bounds.begin = bounds.end;
    const size_t length = static_cast<unsigned char>(frames[bounds.begin + 1]);
    const size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    const uint64_t payload_bytes =
        length_bytes == 0 ? length : big_endian(frames.data() + bounds.begin + 2, length_bytes);
    bounds.end += 2 + length_bytes + static_cast<size_t>(payload_bytes);
  }
  if (bounds.end == offset) bounds.begin = offset;
  return bounds;
}

bool valid_close_code(uint16_t code) {
  if (code >= 3000) return code < 5000;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace flare::websocket
