#include "flare/transport/websocket/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "flare/transport/websocket/hub.h"
#include "flare/transport/websocket/upgrade.h"

namespace flare::websocket {
namespace {

// A sent front below this is not worth moving the rest for.
constexpr size_t kCompactBytes = 64 * 1024;

// The largest head of a server frame.
constexpr size_t kFrameHeadBytesMax = 10;

}  // namespace

Connection::Connection(Hub& hub, int descriptor, const Address& peer)
    : hub_(hub), descriptor_(descriptor), peer_(peer) {}

Connection::~Connection() {
  if (stage_ != Stage::Gone) ::close(descriptor_);
}

void Connection::ready(uint32_t epoll_events) {
  if (stage_ == Stage::Gone) return;
  if ((epoll_events & EPOLLOUT) != 0 && output_ != nullptr) hub_.attend(*this);
  if ((epoll_events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) ending_ = true;
  if ((epoll_events & ~uint32_t{EPOLLOUT}) != 0) read();
}

// One read a turn, so that a busy client does not hold up the others.
void Connection::read() {
  if (stage_ == Stage::Gone) return;
  if (stage_ == Stage::Open && queued_bytes() > hub_.options().slow_bytes) {
    paused_ = true;
    return;
  }
  const std::span<char> buffer = hub_.read_buffer();
  const ssize_t got = recv(descriptor_, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
  if (got <= 0) return drop();
  // A short read has emptied the socket, and more will be announced; except an end that was
  // announced already.
  const auto size = static_cast<size_t>(got);
  if (size == buffer.size() || ending_) hub_.read_again(*this);
  take(buffer.first(size));
}

void Connection::take(std::span<char> input) {
  if (stage_ == Stage::Handshake) handshake(input);
  if (stage_ == Stage::Open) frames(input);
}

// Leaves in `input` what follows the request.
void Connection::handshake(std::span<char>& input) {
  const size_t searched = request_ == nullptr ? 0 : request_->size();
  const size_t taken = std::min(input.size(), kUpgradeBytesMax - searched);
  std::string_view bytes(input.data(), taken);
  if (request_ != nullptr) bytes = request_->append(bytes);

  const size_t head_bytes = upgrade_bytes(bytes, searched);
  if (head_bytes > 0) {
    input = input.subspan(head_bytes - searched);
    upgrade(bytes.substr(0, head_bytes));
    request_.reset();
  } else if (bytes.size() == kUpgradeBytesMax) {
    request_.reset();
    refuse(refusal("431 Request Header Fields Too Large", "", "the request is too long"));
  } else if (request_ == nullptr) {
    request_ = std::make_unique<std::string>(bytes);
  }
}

void Connection::upgrade(std::string_view head) {
  UpgradeAnswer answer = answer_upgrade(head, hub_.rules());
  if (!answer.accepted) return refuse(std::move(answer.response));
  if (hub_.counts().open >= hub_.options().connections_max) {
    return refuse(refusal("503 Service Unavailable", "Retry-After: 5\r\n", "too many connections"));
  }
  format_ = answer.format;
  Output& out = output();
  out.head_bytes = answer.response.size();
  out.bytes = std::move(answer.response);
  hub_.move(*this, Stage::Open);
  hub_.attend(*this);
  opened_ = true;
  handle_ = hub_.door().opened(*this);
}

void Connection::frames(std::span<char> input) {
  while (stage_ == Stage::Open) {
    const Event event = decoder_.next(input, hub_.options().frame_bytes_max);
    switch (event.kind) {
      case EventKind::NeedMore:
        return;
      case EventKind::Message:
        message(event);
        break;
      case EventKind::Ping:
        append_frame(output().bytes, Opcode::Pong, event.payload);
        hub_.attend(*this);
        break;
      case EventKind::Pong:
        break;
      case EventKind::Close:
        end(event.code, {});
        break;
      case EventKind::Broken:
        end(event.code, event.payload);
        break;
    }
  }
}

void Connection::message(const Event& event) {
  if (event.text != (format_ == api::FrameFormat::Json)) {
    close(api::CloseCode::Malformed, event.text ? "flare.v1.proto is spoken in binary messages"
                                                : "flare.v1.json is spoken in text messages");
    return;
  }
  hub_.door().frame(handle_, event.payload);
}

void Connection::write(std::string_view frame) {
  if (stage_ != Stage::Open) return;
  const size_t bytes = frame.size() + kFrameHeadBytesMax;
  const Options& options = hub_.options();
  if (queued_bytes() + bytes > options.queue_bytes_max) {
    // The kernel may not have been asked yet in this turn.
    send_output();
    if (stage_ != Stage::Open) return;
    if (queued_bytes() + bytes > options.queue_bytes_max) {
      if (output_ != nullptr) cut_output();
      return end(static_cast<uint16_t>(api::CloseCode::TooSlow), "reads too slowly");
    }
  }
  append_frame(output().bytes, format_ == api::FrameFormat::Json ? Opcode::Text : Opcode::Binary,
               frame);
  if (queued_bytes() > options.slow_bytes) slow_ = true;
  hub_.attend(*this);
}

void Connection::close(api::CloseCode code, std::string_view reason) {
  end(static_cast<uint16_t>(code), reason);
}

// The decoder is left alone: the door may still be looking at a frame inside it.
void Connection::end(uint16_t code, std::string_view reason) {
  if (stage_ != Stage::Open) return;
  append_close(output().bytes, code, reason);
  hub_.move(*this, Stage::Closing);
  hub_.attend(*this);
  hub_.leave(*this);
  if (paused_) {
    paused_ = false;
    hub_.read_again(*this);
  }
}

void Connection::refuse(std::string response) {
  output().bytes = std::move(response);
  hub_.move(*this, Stage::Closing);
  hub_.attend(*this);
}

void Connection::drop() {
  if (stage_ == Stage::Gone) return;
  ::close(descriptor_);
  if (output_ != nullptr) hub_.give_back(std::move(output_));
  hub_.move(*this, Stage::Gone);
  hub_.leave(*this);
}

void Connection::tell_closed() {
  if (!opened_) return;
  opened_ = false;
  decoder_ = {};
  hub_.door().closed(handle_);
}

size_t Connection::queued_bytes() const { return output_ == nullptr ? 0 : output_->queued(); }

Output& Connection::output() {
  if (output_ == nullptr) output_ = hub_.take_output();
  return *output_;
}

void Connection::flush() {
  if (stage_ == Stage::Gone) return;
  send_output();
  if (stage_ == Stage::Gone || output_ != nullptr) return;
  if (stage_ == Stage::Closing) {
    // The client sees the end of our side and closes its own, which frees us of the wait.
    shutdown(descriptor_, SHUT_WR);
    return;
  }
  if (paused_) {
    paused_ = false;
    hub_.read_again(*this);
  }
  if (slow_) {
    slow_ = false;
    hub_.door().drained(handle_);
  }
}

void Connection::send_output() {
  if (output_ == nullptr) return;
  while (output_->queued() > 0) {
    const ssize_t taken =
        send(descriptor_, output_->bytes.data() + output_->sent, output_->queued(), MSG_NOSIGNAL);
    if (taken < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return compact();
    if (taken < 0) return drop();
    output_->sent += static_cast<size_t>(taken);
  }
  hub_.give_back(std::move(output_));
}

// Forgets sent frames. What is left starts with a frame, so that cut_output() can find its way.
void Connection::compact() {
  Output& out = *output_;
  if (stage_ != Stage::Open || out.sent < kCompactBytes || out.sent < out.bytes.size() / 2) return;
  const std::string_view frames = std::string_view(out.bytes).substr(out.head_bytes);
  const size_t done = out.head_bytes + frame_around(frames, out.sent - out.head_bytes).begin;
  out.bytes.erase(0, done);
  out.sent -= done;
  out.head_bytes = 0;
}

// Forgets the frames of which nothing was sent: a slow client will sync instead.
void Connection::cut_output() {
  Output& out = *output_;
  if (out.sent < out.head_bytes) return;
  const std::string_view frames = std::string_view(out.bytes).substr(out.head_bytes);
  const size_t end = out.head_bytes + frame_around(frames, out.sent - out.head_bytes).end;
  out.bytes = out.bytes.substr(out.sent, end - out.sent);
  out.sent = 0;
}

}  // namespace flare::websocket
