#include "kit/raw_socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace flare::kit {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds left_until(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(left, std::chrono::milliseconds(0));
}

}  // namespace

RawSocket::RawSocket(const std::string& address)
    : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1 ||
      ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(descriptor_);
    throw std::runtime_error("cannot connect to " + address);
  }
}

RawSocket::RawSocket(RawSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      closed_(other.closed_),
      unread_(std::move(other.unread_)) {}

RawSocket::~RawSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void RawSocket::write(const std::string& bytes) {
  size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t sent =
        ::send(descriptor_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
    if (sent <= 0) return;  // the reading side finds out that the peer is gone
    done += static_cast<size_t>(sent);
  }
}

std::optional<std::string> RawSocket::read_some(std::chrono::milliseconds timeout) {
  if (!unread_.empty()) return std::exchange(unread_, {});
  pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
  if (::poll(&waiting, 1, static_cast<int>(timeout.count())) <= 0) return std::nullopt;
  std::array<char, 65536> buffer;
  const ssize_t got = ::recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (got <= 0) {
    closed_ = true;
    return std::nullopt;
  }
  return std::string(buffer.data(), static_cast<size_t>(got));
}

bool RawSocket::fill(size_t bytes, Clock::time_point deadline) {
  while (unread_.size() < bytes) {
    std::string before = std::exchange(unread_, {});
    const auto more = read_some(left_until(deadline));
    unread_ = before + more.value_or("");
    if (!more) return false;
  }
  return true;
}

std::string RawSocket::read_until(const std::string& mark, std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  while (unread_.find(mark) == std::string::npos) {
    if (!fill(unread_.size() + 1, deadline)) return std::exchange(unread_, {});
  }
  const size_t end = unread_.find(mark) + mark.size();
  std::string head = unread_.substr(0, end);
  unread_.erase(0, end);
  return head;
}

std::string RawSocket::upgrade(const std::string& subprotocol, const std::string& path) {
  // The key of RFC 6455's own example: the server has no way to know, and need not.
  write("GET " + path +
        " HTTP/1.1\r\nHost: flare\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
        (subprotocol.empty() ? "" : "Sec-WebSocket-Protocol: " + subprotocol + "\r\n") + "\r\n");
  return read_until("\r\n\r\n");
}

// RFC 6455 section 5.2.
void RawSocket::write_frame(const RawFrame& frame, bool masked) {
  std::string bytes;
  bytes += static_cast<char>((frame.final ? 0x80 : 0) | static_cast<int>(frame.opcode));
  const size_t length = frame.payload.size();
  const int mask_bit = masked ? 0x80 : 0;
  const int length_bytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  const size_t short_length = length_bytes == 0 ? length : length_bytes == 2 ? 126 : 127;
  bytes += static_cast<char>(static_cast<size_t>(mask_bit) | short_length);
  for (int i = length_bytes - 1; i >= 0; --i)
    bytes += static_cast<char>((length >> (8 * i)) & 0xff);
  constexpr std::array<char, 4> kMask{0x12, 0x34, 0x56, 0x78};
  if (masked) bytes.append(kMask.data(), kMask.size());
  for (size_t i = 0; i < length; ++i) {
    bytes += masked ? static_cast<char>(frame.payload[i] ^ kMask[i % 4]) : frame.payload[i];
  }
  write(bytes);
}

std::optional<RawFrame> RawSocket::read_frame(std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  const auto byte = [this](size_t at) { return static_cast<uint8_t>(unread_[at]); };
  if (!fill(2, deadline)) return std::nullopt;
  const bool masked = (byte(1) & 0x80) != 0;  // only a client's frames are
  size_t length = byte(1) & 0x7f;
  size_t head = 2;
  const size_t length_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (!fill(head + length_bytes, deadline)) return std::nullopt;
  if (length_bytes > 0) {
    length = 0;
    for (size_t i = 0; i < length_bytes; ++i) length = (length << 8) | byte(head + i);
    head += length_bytes;
  }
  const size_t mask_at = head;
  if (masked) head += 4;
  if (!fill(head + length, deadline)) return std::nullopt;
  RawFrame frame{.opcode = static_cast<Opcode>(byte(0) & 0x0f),
                 .payload = unread_.substr(head, length),
                 .final = (byte(0) & 0x80) != 0};
  if (masked) {
    for (size_t i = 0; i < length; ++i) {
      frame.payload[i] = static_cast<char>(frame.payload[i] ^ unread_[mask_at + i % 4]);
    }
  }
  unread_.erase(0, head + length);
  return frame;
}

std::optional<RawFrame> RawSocket::read_to_end(std::chrono::milliseconds timeout) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::optional<RawFrame> goodbye;
  while (!closed_ && Clock::now() < deadline) {
    const auto frame = read_frame(left_until(deadline));
    if (frame && frame->opcode == Opcode::Close) {
      goodbye = frame;
      write_frame({.opcode = Opcode::Close, .payload = frame->payload.substr(0, 2)});
    }
  }
  return goodbye;
}

}  // namespace flare::kit
