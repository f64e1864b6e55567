// RawSocket: TCP and WebSocket by hand, for saying what no honest client would say.
//
// Throws std::runtime_error when the connection cannot be made; a peer that goes away is an answer,
// not an error.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "kit/wait_until.h"

namespace flare::kit {

enum class Opcode : uint8_t {
  Continuation = 0,
  Text = 1,
  Binary = 2,
  Close = 8,
  Ping = 9,
  Pong = 10
};

struct RawFrame {
  Opcode opcode = Opcode::Binary;
  std::string payload;  // of a Close: two bytes of code, then the reason
  bool final = true;
};

class RawSocket {
 public:
  explicit RawSocket(const std::string& address);                  // host:port, an IPv4 address
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {}  // takes it over
  ~RawSocket();

  RawSocket(RawSocket&& other) noexcept;
  RawSocket& operator=(RawSocket&&) = delete;

  void write(const std::string& bytes);  // as far as the peer takes it

  // What arrived; nothing when the peer closed, or was silent for the timeout.
  std::optional<std::string> read_some(std::chrono::milliseconds timeout = kPatience);
  bool closed() const { return closed_; }

  // Asks for the upgrade; the answer's status and headers, as text.
  std::string upgrade(const std::string& subprotocol, const std::string& path = "/ws");

  // Bytes up to and with `mark`, without consuming more.
  std::string read_until(const std::string& mark, std::chrono::milliseconds timeout = kPatience);

  void write_frame(const RawFrame& frame, bool masked = true);
  std::optional<RawFrame> read_frame(std::chrono::milliseconds timeout = kPatience);

  // Reads until the peer is gone; the Close frame it sent, if any. closed() tells whether it went.
  std::optional<RawFrame> read_to_end(std::chrono::milliseconds timeout = kPatience);

 private:
  bool fill(size_t bytes, std::chrono::steady_clock::time_point deadline);

  int descriptor_;
  bool closed_ = false;
  std::string unread_;
};

}  // namespace flare::kit
