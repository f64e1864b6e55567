// The server's side of RFC 6455 framing. Pure: bytes in, events out; knows nothing of sockets.
//
//   frame   = head payload
//   head    = %b FIN RSV1 RSV2 RSV3 opcode(4)  %b MASK length(7)
//             [length16 if length = 126] [length64 if length = 127] [mask(32) if MASK]
//   message = one frame with FIN, or a first one without, any continuations, and a last with FIN;
//             control frames (Close, Ping, Pong) may stand between, and are never split
//   Close's payload = nothing, or code(16) and a UTF-8 reason
//
// All numbers are big-endian. Clients mask, servers do not; no extension is spoken, so RSV is 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace flare::websocket {

enum class Opcode : uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

// Close codes that only the codec gives (RFC 6455, 7.4.1).
constexpr uint16_t kProtocolError = 1002;
constexpr uint16_t kNoCode = 1005;  // a Close without a code; never sent
constexpr uint16_t kBadText = 1007;
constexpr uint16_t kTooBig = 1009;

enum class EventKind : uint8_t {
  NeedMore,  // the input is used up
  Message,
  Ping,
  Pong,
  Close,
  Broken,  // the client broke the protocol; the decoder must not be asked again
};

struct Event {
  EventKind kind = EventKind::NeedMore;
  bool text = false;         // of a Message: else binary
  uint16_t code = 0;         // of a Close: the client's, or kNoCode; of Broken: what to close with
  std::string_view payload;  // of a Close: its reason; of Broken: what was wrong
};

// Takes client frames apart. Holds memory only while a frame or a message is incomplete, and then
// not more than arrived; idle, it is one pointer.
class Decoder {
 public:
  // The next event of the connection. Consumes from the front of `input` and unmasks in place; an
  // event's payload points into the input or into the decoder and is valid until the next call.
  // Call until NeedMore. A frame or message above `message_bytes_max` is refused by its head,
  // before its payload is kept.
  Event next(std::span<char>& input, size_t message_bytes_max);

  // Whether nothing is incomplete.
  bool idle() const { return held_ == nullptr; }

 private:
  struct Head;
  struct Held;
  struct Drop {
    void operator()(Held* held) const;
  };

  void forget();
  Held& held();
  Event refusal(const Head& head, size_t message_bytes_max) const;
  Event collect(std::span<char>& input, size_t message_bytes_max, Head& head,
                std::span<char>& frame);
  Event accept(const Head& head, std::string_view payload);
  Event complete(bool text, std::string_view payload) const;

  std::unique_ptr<Held, Drop> held_;
};

// Unmasks, or masks, in place. `mask` is in the order of the wire.
void apply_mask(std::span<char> payload, const char* mask);

// Appends one whole server frame.
void append_frame(std::string& out, Opcode opcode, std::string_view payload);

// Appends a Close; kNoCode makes an empty one. A reason above 123 bytes is cut between characters.
void append_close(std::string& out, uint16_t code, std::string_view reason);

// The server frame that `offset` is inside of; begin and end are both `offset` between two frames.
// `frames` are whole frames.
struct FrameBounds {
  size_t begin = 0;
  size_t end = 0;
};
FrameBounds frame_around(std::string_view frames, size_t offset);

// Whether a client may send this code in a Close (RFC 6455, 7.4).
bool valid_close_code(uint16_t code);

}  // namespace flare::websocket
