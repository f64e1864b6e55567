// The generator's side of many connections: one thread, one epoll, one send a connection and turn.
//
// A connection here owns a socket and what could not be parsed or sent yet, nothing else. The pool
// brings connections to the point where the server has said Welcome; frames after that go to the
// FrameHandler. It knows nothing of messages.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/flare_bench/endpoint.h"
#include "cmd/flare_bench/frames.h"

struct epoll_event;

namespace flare::bench {

enum class ConnectionState : uint8_t { Closed, Connecting, Upgrading, Greeting, Ready };

struct Connection {
  int fd = -1;
  uint32_t index = 0;  // place in the pool
  uint32_t user = 0;
  ConnectionState state = ConnectionState::Closed;
  bool dirty = false;           // has something to send at the end of the turn
  bool waits_for_room = false;  // the socket is full; epoll tells when it is not
  std::string in;               // a partial frame
  std::string out;
};

class FrameHandler {
 public:
  virtual ~FrameHandler() = default;

  virtual void on_frame(Connection& connection, const FrameView& frame) = 0;

  // Of a connection that was ready; one that fails to log in is counted in LoginResult.
  virtual void on_closed(Connection& connection, std::string_view reason) = 0;
};

struct LoginPlan {
  uint32_t in_flight_max = 128;  // handshakes at a time
  int64_t timeout_ns = 120'000'000'000;
  uint32_t attempts_max = 20;  // of one connection, before the run gives up
};

struct LoginResult {
  uint64_t logins = 0;
  uint64_t refused = 0;  // attempts that had to be repeated
  int64_t duration_ns = 0;
  uint32_t sends_per_second = 0;  // as the server announces it
  std::string last_refusal;
};

class ConnectionPool {
 public:
  struct Settings {
    std::vector<Endpoint> endpoints;  // connections take them in turn
    std::function<std::string(uint32_t user)> token;
    uint32_t connections_per_address = 1000;
  };

  ConnectionPool(Settings settings, FrameHandler& handler);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  // Adds a connection that is not open yet.
  Connection& add(uint32_t user);

  // Makes the tokens of all connections now, so that signing them is not part of a measured login.
  void mint_tokens();

  // Opens every closed connection in [first, last). Throws Failure when the plan's bounds pass.
  LoginResult login(size_t first, size_t last, const LoginPlan& plan);

  Connection& at(size_t index) { return *connections_[index]; }
  size_t size() const { return connections_.size(); }
  size_t ready() const { return ready_; }

  // Leaves at the end of this turn, together with what else is queued for the connection.
  void queue(Connection& connection, std::string_view payload);

  // Flushes, waits for at most timeout_ns, hands every frame that has arrived to the handler, and
  // flushes what the handler queued.
  void turn(int64_t timeout_ns);

  // When the bytes now being handled were read.
  int64_t received_at() const { return received_at_; }

  // Closes without a word, as a lost network does. The handler is not told.
  void drop(Connection& connection);

 private:
  void open(Connection& connection);
  void on_event(const epoll_event& event);
  void on_connected(Connection& connection);
  void receive(Connection& connection);
  size_t consume(Connection& connection, char* data, size_t size);
  size_t consume_upgrade(Connection& connection, std::string_view data);
  void on_payload(Connection& connection, std::string_view payload);
  void on_greeting(Connection& connection, const FrameView& frame);
  void lose(Connection& connection, std::string_view reason);
  void flush();
  void flush(Connection& connection);
  void mark_dirty(Connection& connection);
  void watch(Connection& connection, uint32_t events, int operation);
  uint32_t next_mask();

  const Settings settings_;
  FrameHandler& handler_;
  const int epoll_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::string> tokens_;
  std::vector<Connection*> dirty_;
  std::vector<char> buffer_;
  std::string scratch_;
  size_t ready_ = 0;
  int64_t received_at_ = 0;
  uint64_t mask_state_ = 0x9e3779b97f4a7c15;

  // The login under way.
  LoginResult login_;
  std::vector<uint32_t> failed_;
  uint32_t handshakes_ = 0;
};

}  // namespace flare::bench
