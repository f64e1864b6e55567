// RFC 6455, both roles, as far as one frame a message needs it: no extensions, no fragments.
//
// The client role masks what it sends; the server role (floor_server.cc) unmasks what it gets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace flare::bench {

enum class Opcode : uint8_t { Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

enum class FrameState : uint8_t { Whole, Partial, Broken };

struct WebSocketFrame {
  FrameState state = FrameState::Partial;
  Opcode opcode = Opcode::Binary;
  std::string_view payload;  // unmasked
  size_t size = 0;           // of header and payload
};

// Frames above this are refused: no scenario comes near it.
constexpr size_t kFrameBytesMax = size_t{64} << 20;

constexpr std::string_view kSubprotocol = "flare.v1.proto";

// Reads the frame at the front. A masked payload is unmasked in place, and only when it is whole.
WebSocketFrame read_frame(char* data, size_t size);

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, uint32_t mask);
void append_server_frame_header(std::string& out, Opcode opcode, size_t payload_bytes);

// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_value(std::string_view key);

std::string upgrade_request(std::string_view host, std::string_view path, std::string_view key);

// Empty when the response switches to our subprotocol, otherwise what is wrong with it.
std::string check_upgrade_response(std::string_view head, std::string_view key);

// The value of a header in an HTTP head, without surrounding blanks; empty when absent.
std::string_view find_header(std::string_view head, std::string_view name);

}  // namespace flare::bench
