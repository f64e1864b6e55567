// RawClient: for tests, a client that says exactly what it is told to, over a blocking socket.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "flare/transport/websocket/address.h"
#include "flare/transport/websocket/codec.h"

namespace flare::websocket {

inline std::string upgrade_request(std::string_view subprotocol = "flare.v1.proto",
                                   std::string_view path = "/ws") {
  std::string request = "GET ";
  request.append(path).append(" HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\n");
  request.append("Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
  request.append("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: ");
  return request.append(subprotocol).append("\r\n\r\n");
}

// A client's frame. `first` is FIN, RSV and the opcode: 0x82 is a whole binary message.
inline std::string client_frame(int first, std::string_view payload,
                                std::string_view mask = "\x12\x34\x56\x78") {
  std::string frame;
  append_frame(frame, Opcode::Binary, payload);
  frame[0] = static_cast<char>(first);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  frame.insert(frame.size() - payload.size(), mask);
  apply_mask(std::span(frame).last(payload.size()), mask.data());
  return frame;
}

struct ServerFrame {
  int first = 0;  // FIN, RSV and opcode
  std::string payload;

  int code() const {  // of a Close
    return payload.size() < 2 ? 0
                              : static_cast<unsigned char>(payload[0]) << 8 |
                                    static_cast<unsigned char>(payload[1]);
  }
};

class RawClient {
 public:
  // Silence for so long is an answer too; only a failing test waits for it.
  static constexpr int kPatienceSeconds = 10;

  explicit RawClient(const std::string& address, int receive_buffer = 0) {
    sockaddr_storage to;
    const socklen_t bytes = to_socket(*parse_address(address), to);
    descriptor_ = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = kPatienceSeconds, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer > 0) {
      setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    connected_ = connect(descriptor_, reinterpret_cast<sockaddr*>(&to), bytes) == 0;
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept
      : descriptor_(std::exchange(other.descriptor_, -1)),
        connected_(other.connected_),
        unread_(std::move(other.unread_)) {}
  RawClient& operator=(RawClient&&) = delete;

  bool connected() const { return connected_; }

  // A reset, as when a phone loses its network and comes back.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  void shut() { shutdown(descriptor_, SHUT_WR); }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }
  void write_binary(std::string_view payload) { write(client_frame(0x82, payload)); }

  // What one recv() gives; empty at the end.
  std::string read_some() {
    if (!unread_.empty()) return std::exchange(unread_, {});
    std::string bytes(64 * 1024, '\0');
    const ssize_t got = recv(descriptor_, bytes.data(), bytes.size(), 0);
    bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return bytes;
  }

  std::string read_to_end() {
    std::string all;
    for (std::string more = read_some(); !more.empty(); more = read_some()) all += more;
    return all;
  }

  // Up to and with `mark`; empty when the server closed before.
  std::string read_until(std::string_view mark) {
    while (unread_.find(mark) == std::string::npos) {
      if (!fill()) return {};
    }
    const size_t size = unread_.find(mark) + mark.size();
    std::string front = unread_.substr(0, size);
    unread_.erase(0, size);
    return front;
  }

  std::string upgrade(std::string_view subprotocol = "flare.v1.proto") {
    write(upgrade_request(subprotocol));
    return read_until("\r\n\r\n");
  }

  std::optional<ServerFrame> read_frame() {
    if (!fill_to(2)) return std::nullopt;
    const size_t length = static_cast<unsigned char>(unread_[1]);
    const size_t length_bytes = length == 127 ? 8 : length == 126 ? 2 : 0;
    if (!fill_to(2 + length_bytes)) return std::nullopt;
    size_t payload_bytes = length_bytes == 0 ? length : 0;
    for (size_t i = 0; i < length_bytes; ++i) {
      payload_bytes = payload_bytes << 8 | static_cast<unsigned char>(unread_[2 + i]);
    }
    const size_t head_bytes = 2 + length_bytes;
    if (!fill_to(head_bytes + payload_bytes)) return std::nullopt;
    ServerFrame frame{static_cast<unsigned char>(unread_[0]),
                      unread_.substr(head_bytes, payload_bytes)};
    unread_.erase(0, head_bytes + payload_bytes);
    return frame;
  }

 private:
  bool fill() {
    std::string bytes(64 * 1024, '\0');
    const ssize_t got = recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    unread_.append(bytes.data(), static_cast<size_t>(got));
    return true;
  }
  bool fill_to(size_t bytes) {
    while (unread_.size() < bytes) {
      if (!fill()) return false;
    }
    return true;
  }

  int descriptor_ = -1;
  bool connected_ = false;
  std::string unread_;
};

}  // namespace flare::websocket
