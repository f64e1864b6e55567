// ConnectionPool, from connect() to Welcome.
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <random>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/connection_pool.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/token.h"
#include "cmd/flare_bench/websocket.h"

namespace flare::bench {
namespace {

// One key for all: it only proves to the client that the server read the request.
constexpr std::string_view kUpgradeKey = "ZmxhcmUtYmVuY2gta2V5IQ==";
constexpr uint64_t kHelloRequest = 1;

// Refused attempts wait together, so that a server at its limit is not asked in a tight loop.
constexpr int64_t kRetryPause = 20 * kMillisecond;

}  // namespace

void ConnectionPool::mint_tokens() {
  for (size_t i = tokens_.size(); i < connections_.size(); ++i) {
    tokens_.push_back(settings_.token(connections_[i]->user));
  }
}

LoginResult ConnectionPool::login(size_t first, size_t last, const LoginPlan& plan) {
  mint_tokens();
  login_ = {};
  failed_.clear();
  std::vector<uint32_t> waiting;
  for (size_t i = last; i > first; --i) {
    if (connections_[i - 1]->fd < 0) waiting.push_back(static_cast<uint32_t>(i - 1));
  }
  const uint64_t wanted = waiting.size();
  const uint64_t refused_max = wanted * plan.attempts_max;
  const int64_t started = now_ns();

  while (login_.logins < wanted) {
    while (!waiting.empty() && handshakes_ < plan.in_flight_max) {
      Connection& connection = *connections_[waiting.back()];
      waiting.pop_back();
      open(connection);
    }
    turn(kRetryPause);
    if (waiting.empty() && handshakes_ == 0 && !failed_.empty()) {
      login_.refused += failed_.size();
      waiting.swap(failed_);
      usleep(static_cast<useconds_t>(kRetryPause / kMicrosecond));
    }
    if (now_ns() - started > plan.timeout_ns || login_.refused > refused_max) {
      fail("login: " + std::to_string(login_.logins) + " of " + std::to_string(wanted) +
           " connections logged in; last refusal: " +
           (login_.last_refusal.empty() ? "none, the time is over" : login_.last_refusal));
    }
  }
  login_.duration_ns = now_ns() - started;
  return login_;
}

void ConnectionPool::open(Connection& connection) {
  const Endpoint& endpoint = settings_.endpoints[connection.index % settings_.endpoints.size()];
  connection.fd = start_connect(endpoint, connection.user / settings_.connections_per_address);
  if (connection.fd < 0) {
    login_.last_refusal = "connect: " + std::string(strerror(errno));
    failed_.push_back(connection.index);
    return;
  }
  ++handshakes_;
  connection.state = ConnectionState::Connecting;
  watch(connection, EPOLLOUT, EPOLL_CTL_ADD);
}

void ConnectionPool::on_connected(Connection& connection) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(connection.fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    lose(connection, strerror(error));
    return;
  }
  const Endpoint& endpoint = settings_.endpoints[connection.index % settings_.endpoints.size()];
  connection.state = ConnectionState::Upgrading;
  connection.out = upgrade_request(endpoint.host(), endpoint.path, kUpgradeKey);
  watch(connection, EPOLLIN, EPOLL_CTL_MOD);
  mark_dirty(connection);
}

size_t ConnectionPool::consume_upgrade(Connection& connection, std::string_view data) {
  const size_t end = data.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const std::string wrong = check_upgrade_response(data.substr(0, end + 2), kUpgradeKey);
  if (!wrong.empty()) {
    lose(connection, wrong);
    return data.size();
  }
  connection.state = ConnectionState::Greeting;
  encode_hello(scratch_, kHelloRequest, tokens_[connection.index],
               "flare-bench " + user_name(connection.user));
  queue(connection, scratch_);
  return end + 4;
}

void ConnectionPool::on_greeting(Connection& connection, const FrameView& frame) {
  if (frame.kind == Body::Welcome) {
    login_.sends_per_second = scan_sends_per_second(frame.body);
    connection.state = ConnectionState::Ready;
    ++ready_;
    ++login_.logins;
    --handshakes_;
  } else if (frame.kind == Body::Error) {
    const auto error = scan_error(frame.body);
    lose(connection, error ? std::string(error->name) + ": " + std::string(error->message)
                           : "refused with an Error that does not parse");
  }
}

void ConnectionPool::lose(Connection& connection, std::string_view reason) {
  const std::string text(reason);  // may point into the connection's own buffer
  const bool was_ready = connection.state == ConnectionState::Ready;
  drop(connection);
  if (was_ready) {
    handler_.on_closed(connection, text);
    return;
  }
  --handshakes_;
  login_.last_refusal = text;
  failed_.push_back(connection.index);
}

}  // namespace flare::bench
