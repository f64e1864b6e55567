// Connection: one client, from accept to its last byte. Belongs to its Hub, which tells it what is
// ready and when a turn ends.
//
//   Handshake ──upgrade──▶ Open ──Close sent──▶ Closing ──client gone, or timeout──▶ Gone
//       └──────refused: answer sent──────────────▲
//
// Kept small: fifteen thousand of these lie idle at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "flare/api/client_door.h"
#include "flare/transport/websocket/address.h"
#include "flare/transport/websocket/codec.h"

namespace flare::websocket {

class Hub;

enum class Stage : uint8_t {
  Handshake,
  Open,
  Closing,  // what is queued leaves, then our side is shut; what arrives is thrown away
  Gone,     // the descriptor is closed; the object dies at the end of the turn
};

// What the kernel has not taken yet. Borrowed from the hub while there is something.
struct Output {
  std::string bytes;
  size_t sent = 0;
  size_t head_bytes = 0;  // of the HTTP answer in front of the frames

  size_t queued() const { return bytes.size() - sent; }
};

class Connection final : public api::ClientConnection {
 public:
  Connection(Hub& hub, int descriptor, const Address& peer);
  ~Connection() override;

  void write(std::string_view frame) override;
  void close(api::CloseCode code, std::string_view reason) override;
  size_t queued_bytes() const override;
  api::FrameFormat format() const override { return format_; }
  std::string peer() const override { return peer_.text(); }

  // The rest is the hub's to call.

  void ready(uint32_t epoll_events);
  void read();

  // Sends what is queued; tells the door when a slow client has taken everything.
  void flush();

  // Ends it with an HTTP answer, or at once.
  void refuse(std::string response);
  void drop();

  // At the end of the turn in which it left the Open stage.
  void tell_closed();

  Stage stage() const { return stage_; }
  const Address& address() const { return peer_; }

 private:
  friend class Hub;  // its lists and flags

  void take(std::span<char> input);
  void handshake(std::span<char>& input);
  void upgrade(std::string_view head);
  void frames(std::span<char> input);
  void message(const Event& event);
  void end(uint16_t code, std::string_view reason);
  void cut_output();
  Output& output();
  void send_output();
  void compact();

  Hub& hub_;
  Connection* previous_ = nullptr;  // in the hub's list of this stage
  Connection* next_ = nullptr;
  std::unique_ptr<Output> output_;        // null: nothing is queued
  std::unique_ptr<std::string> request_;  // the front of an upgrade request
  Decoder decoder_;
  api::ClientHandle handle_ = 0;
  int descriptor_;
  uint32_t deadline_ms_ = 0;  // of the hub's clock; of Handshake and Closing
  Address peer_;
  Stage stage_ = Stage::Handshake;
  api::FrameFormat format_ = api::FrameFormat::Protobuf;
  bool opened_ = false;    // the door knows it
  bool slow_ = false;      // the queue was above slow_bytes
  bool paused_ = false;    // readable, but not read from until the queue is empty
  bool ending_ = false;    // the client has shut its side; read to the end
  bool attended_ = false;  // in the hub's list for the end of the turn
  bool again_ = false;     // in the hub's list of those with more to read
  bool leaving_ = false;   // in the hub's list of those to settle
};

}  // namespace flare::websocket
