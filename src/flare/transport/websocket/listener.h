// Listener: WebSocket clients on one TCP address, handed to the access gateway as frames.
//
//   Result<std::unique_ptr<Listener>> listener = Listener::open(loop, options, door);
//   ...
//   co_await (*listener)->stop();
//
// One listener a loop; with `reuse_port` the kernel spreads clients over the listeners of one
// address. All that one turn of the loop writes to a connection leaves in one send(). An idle
// connection holds no buffer, timer or string. A message in the client's own subprotocol is one
// binary message (flare.v1.proto) or one text message (flare.v1.json).
//
// Knows nothing of what is in a frame, of sessions, or of TLS.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "flare/api/client_door.h"
#include "flare/base/loop.h"
#include "flare/base/result.h"
#include "flare/base/task.h"

namespace flare::websocket {

struct Options {
  std::string address = "127.0.0.1:60051";  // or "[::1]:60051"; port 0: any that is free
  std::string path = "/ws";
  std::vector<std::string>
      origins;              // web pages that may connect, "https://chat.example"; empty: all
  bool reuse_port = false;  // other listeners share the address
  // With reuse_port: fails when somebody has the address already, as another process's listeners
  // would; those of this process come after.
  bool first_of_port = false;

  // Limits, each of this listener alone.
  size_t frame_bytes_max = 256 * 1024;          // of a client's message; above: closed with TooBig
  size_t handshakes_in_flight_max = 1024;       // above: new clients wait in the kernel's queue
  size_t connections_max = 100'000;             // above: answered 503 and Retry-After
  size_t connections_per_address_max = 20'000;  // an IPv6 /64 is one address; above: answered 429
  size_t queue_bytes_max = 8 * 1024 * 1024;     // written and not taken; above: closed with TooSlow
  size_t slow_bytes = 256 * 1024;  // above: the client is not read from until it has taken all

  std::chrono::milliseconds handshake_timeout{10'000};  // from accept to the upgrade
  std::chrono::milliseconds close_timeout{2'000};       // from our Close until the client is gone
};

// How many of each there are now.
struct Counts {
  size_t handshakes = 0;  // accepted, not yet upgraded
  size_t open = 0;
  size_t closing = 0;  // the door was told; the client may still be reading what was queued
};

class Listener {
 public:
  // Loop thread, or before the loop runs. Listens when it returns; `loop` and `door` must outlive
  // the listener. Fails with InvalidArgument for options that make no sense, Unavailable when the
  // address cannot be bound, ResourceExhausted when descriptors have run out.
  static Result<std::unique_ptr<Listener>> open(Loop& loop, Options options, api::ClientDoor& door);

  // Loop thread, outside of calls to the door, or after the loop ended. Without a stop() before it,
  // connections break off and the door is not told.
  ~Listener();

  // The address that is listened on, with its port.
  std::string local_address() const;

  // Loop thread.
  Counts counts() const;

  // Loop thread. Accepts no more, closes every connection with GoingAway, returns once all are
  // gone, which close_timeout bounds. The door's closed() has then been called for each. Safe to
  // repeat.
  Task<> stop();

 private:
  explicit Listener(std::shared_ptr<class Hub> hub);

  const std::shared_ptr<Hub> hub_;
};

}  // namespace flare::websocket
