#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>
#include <cstring>

#include "flare/base/log.h"
#include "flare/transport/websocket/hub.h"

namespace flare::websocket {
namespace {

// Clients that reconnect all at once wait here instead of being refused; the kernel lowers it to
// its somaxconn.
constexpr int kBacklog = 4096;

// Taken in one turn, so that a storm of new clients does not starve those who are in.
constexpr int kAcceptsPerTurnMax = 128;

std::unexpected<Error> failed(const char* call, const std::string& address) {
  return fail(ErrorCode::Unavailable,
              std::string(call) + " " + address + ": " + std::strerror(errno));
}

bool switch_on(int descriptor, int level, int option) {
  const int on = 1;
  return setsockopt(descriptor, level, option, &on, sizeof on) == 0;
}

int open_reserve() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

// As much of an answer as fits without waiting.
void answer_and_close(int descriptor, const std::string& answer) {
  static_cast<void>(send(descriptor, answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  shutdown(descriptor, SHUT_WR);
  // A close() with unread bytes would reset the connection, and the answer with it.
  char unread[4096];
  static_cast<void>(recv(descriptor, unread, sizeof unread, MSG_DONTWAIT));
  ::close(descriptor);
}

}  // namespace

Result<void> Hub::listen() {
  const Result<Address> wanted = parse_address(options_.address);
  if (!wanted) return fail(wanted.error());
  sockaddr_storage address;
  socklen_t address_bytes = to_socket(*wanted, address);

  listening_ = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (listening_ < 0) return failed("socket", options_.address);
  // Accepted sockets inherit TCP_NODELAY.
  if (!switch_on(listening_, SOL_SOCKET, SO_REUSEADDR) ||
      !switch_on(listening_, IPPROTO_TCP, TCP_NODELAY) ||
      (options_.reuse_port && !options_.first_of_port &&
       !switch_on(listening_, SOL_SOCKET, SO_REUSEPORT))) {
    return failed("setsockopt", options_.address);
  }
  if (bind(listening_, reinterpret_cast<sockaddr*>(&address), address_bytes) != 0) {
    return failed("bind", options_.address);
  }
  // Bound while sharing was not yet allowed: nobody else had the address. From here on ours may.
  if (options_.reuse_port && options_.first_of_port &&
      !switch_on(listening_, SOL_SOCKET, SO_REUSEPORT)) {
    return failed("setsockopt", options_.address);
  }
  if (::listen(listening_, kBacklog) != 0) return failed("listen", options_.address);
  if (getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &address_bytes) != 0) {
    return failed("getsockname", options_.address);
  }
  local_ = from_socket(address);
  reserve_ = open_reserve();
  return poll_->add_listening(listening_, this);
}

void Hub::accept_some() {
  for (int i = 0; i < kAcceptsPerTurnMax && listening_ >= 0; ++i) {
    if (list(Stage::Handshake).size >= options_.handshakes_in_flight_max)
      return listen_if_possible();
    sockaddr_storage address;
    socklen_t address_bytes = sizeof address;
    const int descriptor = accept4(listening_, reinterpret_cast<sockaddr*>(&address),
                                   &address_bytes, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      accept_one(descriptor, from_socket(address));
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return refuse_for_lack_of_descriptors();
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return;
    }
    // Anything else is about a client that has left already.
  }
}

void Hub::accept_one(int descriptor, const Address& peer) {
  uint32_t& from_there = origins_[origin_of(peer)];
  if (from_there >= options_.connections_per_address_max) {
    return answer_and_close(descriptor, refusal("429 Too Many Requests", "Retry-After: 5\r\n",
                                                "too many connections from this address"));
  }
  ++from_there;
  // Freed in settle(), when no list points to it any more.
  auto* const connection = new Connection(*this, descriptor, peer);
  connection->deadline_ms_ = now_ms() + static_cast<uint32_t>(options_.handshake_timeout.count());
  link(*connection);
  arm_timer();
  if (!poll_->add(descriptor, connection)) connection->drop();
}

// Closing the reserve makes room to take one client and tell it; the others wait in the kernel's
// queue until the timer looks again.
void Hub::refuse_for_lack_of_descriptors() {
  if (!std::exchange(out_of_descriptors_, true)) {
    log_error("websocket_out_of_descriptors",
              {{"address", local_.text()}, {"open", list(Stage::Open).size}});
  }
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
  const int descriptor = accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor >= 0) {
    answer_and_close(descriptor, refusal("503 Service Unavailable", "Retry-After: 5\r\n",
                                         "the server has no room for more connections"));
  }
  reserve_ = open_reserve();
  listen_if_possible();
  arm_timer();
}

// Looks at the listening socket, or away from it, as the limits say.
void Hub::listen_if_possible() {
  if (listening_ < 0) return;
  const bool possible =
      !out_of_descriptors_ && list(Stage::Handshake).size < options_.handshakes_in_flight_max;
  if (possible == accepting_) return;
  accepting_ = possible;
  poll_->listen(listening_, this, possible);
}

void Hub::forget_origin(const Address& peer) {
  const auto found = origins_.find(origin_of(peer));
  assert(found != origins_.end());
  if (--found->second == 0) origins_.erase(found);
}

}  // namespace flare::websocket
