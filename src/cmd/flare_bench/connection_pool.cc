#include "cmd/flare_bench/connection_pool.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/token.h"
#include "cmd/flare_bench/websocket.h"

namespace flare::bench {
namespace {

constexpr size_t kReadBytes = size_t{256} << 10;
constexpr int kEventsMax = 1024;

}  // namespace

ConnectionPool::ConnectionPool(Settings settings, FrameHandler& handler)
    : settings_(std::move(settings)),
      handler_(handler),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      buffer_(kReadBytes) {
  if (epoll_ < 0) fail_errno("epoll_create1");
}

ConnectionPool::~ConnectionPool() {
  for (const auto& connection : connections_) drop(*connection);
  close(epoll_);
}

Connection& ConnectionPool::add(uint32_t user) {
  auto connection = std::make_unique<Connection>();
  connection->index = static_cast<uint32_t>(connections_.size());
  connection->user = user;
  connections_.push_back(std::move(connection));
  return *connections_.back();
}

void ConnectionPool::turn(int64_t timeout_ns) {
  flush();
  std::array<epoll_event, kEventsMax> events;  // filled by the kernel up to `count`
  const int64_t timeout = std::clamp<int64_t>(timeout_ns, 0, kSecond - 1);
  const timespec wait{.tv_sec = 0, .tv_nsec = timeout};
  const int count = epoll_pwait2(epoll_, events.data(), kEventsMax, &wait, nullptr);
  if (count < 0 && errno != EINTR) fail_errno("epoll_pwait2");
  for (int i = 0; i < count; ++i) on_event(events[static_cast<size_t>(i)]);
  flush();
}

void ConnectionPool::on_event(const epoll_event& event) {
  Connection& connection = *static_cast<Connection*>(event.data.ptr);
  if (connection.fd < 0) return;  // closed by an earlier event of this turn
  if (connection.state == ConnectionState::Connecting) {
    on_connected(connection);
    return;
  }
  if ((event.events & EPOLLOUT) != 0) flush(connection);
  if ((event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && connection.fd >= 0) {
    receive(connection);
  }
}

// One read a turn: if more is waiting, epoll says so again, and the other connections had a turn.
void ConnectionPool::receive(Connection& connection) {
  const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR) lose(connection, strerror(errno));
    return;
  }
  if (got == 0) {
    lose(connection, "closed by the server");
    return;
  }
  received_at_ = now_ns();
  const auto size = static_cast<size_t>(got);
  if (connection.in.empty()) {
    const size_t used = consume(connection, buffer_.data(), size);
    if (connection.fd >= 0 && used < size) connection.in.assign(buffer_.data() + used, size - used);
    return;
  }
  connection.in.append(buffer_.data(), size);
  const size_t used = consume(connection, connection.in.data(), connection.in.size());
  if (connection.fd < 0) return;
  connection.in.erase(0, used);
  if (connection.in.empty()) std::string().swap(connection.in);
}

// Returns how many bytes at the front are dealt with.
size_t ConnectionPool::consume(Connection& connection, char* data, size_t size) {
  size_t used = 0;
  if (connection.state == ConnectionState::Upgrading) {
    used = consume_upgrade(connection, {data, size});
    if (used == 0) return 0;
  }
  while (connection.fd >= 0 && used < size) {
    const WebSocketFrame frame = read_frame(data + used, size - used);
    if (frame.state == FrameState::Partial) break;
    if (frame.state == FrameState::Broken) {
      lose(connection, "sent a broken WebSocket frame");
      break;
    }
    used += frame.size;
    switch (frame.opcode) {
      case Opcode::Binary:
        on_payload(connection, frame.payload);
        break;
      case Opcode::Ping:
        append_client_frame(connection.out, Opcode::Pong, frame.payload, next_mask());
        mark_dirty(connection);
        break;
      case Opcode::Pong:
        break;
      case Opcode::Close: {
        const bool has_reason = frame.payload.size() > 2;
        lose(connection, has_reason ? frame.payload.substr(2) : "closed by the server");
        break;
      }
      case Opcode::Text:
        lose(connection, "sent a text message");
        break;
    }
  }
  return used;
}

void ConnectionPool::on_payload(Connection& connection, std::string_view payload) {
  const auto frame = scan_frame(payload);
  if (!frame) {
    lose(connection, "sent bytes that are not a frame");
  } else if (connection.state == ConnectionState::Ready) {
    handler_.on_frame(connection, *frame);
  } else {
    on_greeting(connection, *frame);
  }
}

void ConnectionPool::queue(Connection& connection, std::string_view payload) {
  if (connection.fd < 0) return;
  append_client_frame(connection.out, Opcode::Binary, payload, next_mask());
  mark_dirty(connection);
}

void ConnectionPool::mark_dirty(Connection& connection) {
  if (connection.dirty || connection.waits_for_room) return;
  connection.dirty = true;
  dirty_.push_back(&connection);
}

void ConnectionPool::flush() {
  for (Connection* connection : dirty_) {
    connection->dirty = false;
    if (connection->fd >= 0) flush(*connection);
  }
  dirty_.clear();
}

void ConnectionPool::flush(Connection& connection) {
  const std::string& out = connection.out;
  if (!out.empty()) {
    const ssize_t sent = send(connection.fd, out.data(), out.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      connection.out.erase(0, static_cast<size_t>(sent));
    } else if (errno != EAGAIN && errno != EINTR) {
      // The reading side learns of it too, after it has read what the server sent before.
      connection.out.clear();
    }
  }
  const bool waits = !connection.out.empty();
  if (waits == connection.waits_for_room) return;
  connection.waits_for_room = waits;
  watch(connection, EPOLLIN | (waits ? uint32_t{EPOLLOUT} : 0U), EPOLL_CTL_MOD);
}

void ConnectionPool::watch(Connection& connection, uint32_t events, int operation) {
  epoll_event event{.events = events, .data = {.ptr = &connection}};
  if (epoll_ctl(epoll_, operation, connection.fd, &event) != 0) fail_errno("epoll_ctl");
}

void ConnectionPool::drop(Connection& connection) {
  if (connection.fd < 0) return;
  close(connection.fd);
  connection.fd = -1;
  if (connection.state == ConnectionState::Ready) --ready_;
  connection.state = ConnectionState::Closed;
  connection.waits_for_room = false;
  std::string().swap(connection.in);
  std::string().swap(connection.out);
}

// xorshift64*: unpredictable enough for a mask on loopback, and nearly free.
uint32_t ConnectionPool::next_mask() {
  mask_state_ ^= mask_state_ >> 12;
  mask_state_ ^= mask_state_ << 25;
  mask_state_ ^= mask_state_ >> 27;
  return static_cast<uint32_t>((mask_state_ * 0x2545f4914f6cdd1d) >> 32);
}

}  // namespace flare::bench
