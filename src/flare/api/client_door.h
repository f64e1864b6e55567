// ClientDoor: how a transport (WebSocket, QUIC) hands client frames to the access gateway.
//
// A door, its connections and their sessions belong to one loop; everything here is called on it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flare::api {

enum class FrameFormat : uint8_t { Protobuf, Json };

// Numbers are WebSocket close codes (RFC 6455, 7.4), which are instructions: 1001, 1012, 1013 and
// 4000-4099 say "reconnect and resume", 1002, 1008, 1009 and 4100-4199 say "do not try the same
// again".
enum class CloseCode : uint16_t {
  Normal = 1000,
  GoingAway = 1001,       // the server is stopping
  ProtocolError = 1002,   // malformed WebSocket framing
  Malformed = 4100,       // the payload is no Frame
  TooBig = 1009,          // a frame above frame_bytes_max
  TryAgainLater = 1013,   // a limit of the server: connections, handshakes
  TooSlow = 4000,         // the client did not read; reconnect and sync
  HeartbeatMissed = 4001,
  HandshakeTimeout = 4002,
  Unauthenticated = 4101,
  Kicked = 4102,
};

// One client connection, owned by its transport.
class ClientConnection {
 public:
  virtual ~ClientConnection() = default;

  // Queues one frame. All frames of a turn leave in one system call.
  virtual void write(std::string_view frame) = 0;

  // Frames queued before still leave; nothing arrives any more. ClientDoor::closed() follows.
  // Safe to repeat.
  virtual void close(CloseCode code, std::string_view reason) = 0;

  // Bytes queued and not yet taken by the kernel.
  virtual size_t queued_bytes() const = 0;

  virtual FrameFormat format() const = 0;

  // "127.0.0.1:5000", for logs and limits by address.
  virtual std::string peer() const = 0;
};

// Names a connection to the door.
using ClientHandle = uint64_t;

class ClientDoor {
 public:
  virtual ~ClientDoor() = default;

  // A connection that finished its transport handshake. It stays valid until closed() returns.
  virtual ClientHandle opened(ClientConnection& connection) = 0;

  // One whole frame in the connection's format; `frame` is valid during the call only.
  virtual void frame(ClientHandle client, std::string_view frame) = 0;

  // The queue was above slow_bytes when something was written, and is now empty.
  virtual void drained(ClientHandle client) = 0;

  virtual void closed(ClientHandle client) = 0;
};

}  // namespace flare::api
