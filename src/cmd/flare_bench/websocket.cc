#include "cmd/flare_bench/websocket.h"

#include <openssl/evp.h>
#include <openssl/sha.h>
#include <strings.h>

#include <array>
#include <cstring>

namespace flare::bench {
namespace {

// XOR with the four mask bytes repeated, eight at a time.
void apply_mask(char* data, size_t size, uint32_t mask) {
  const uint64_t wide = uint64_t{mask} << 32 | mask;
  size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    uint64_t word = 0;
    std::memcpy(&word, data + i, 8);
    word ^= wide;
    std::memcpy(data + i, &word, 8);
  }
  std::array<char, 4> bytes{};
  std::memcpy(bytes.data(), &mask, 4);
  for (; i < size; ++i) data[i] = static_cast<char>(data[i] ^ bytes[i % 4]);
}

uint64_t big_endian(const unsigned char* at, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value = value << 8 | at[i];
  return value;
}

void append_header(std::string& out, Opcode opcode, size_t payload_bytes, unsigned mask_bit) {
  out.push_back(static_cast<char>(0x80U | static_cast<unsigned>(opcode)));
  if (payload_bytes < 126) {
    out.push_back(static_cast<char>(mask_bit | payload_bytes));
    return;
  }
  const bool small = payload_bytes <= 0xffff;
  out.push_back(static_cast<char>(mask_bit | (small ? 126U : 127U)));
  for (int shift = small ? 8 : 56; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(payload_bytes >> shift));
  }
}

bool known(unsigned opcode) {
  return opcode == 1 || opcode == 2 || opcode == 8 || opcode == 9 || opcode == 10;
}

}  // namespace

WebSocketFrame read_frame(char* data, size_t size) {
  WebSocketFrame frame;
  if (size < 2) return frame;
  const auto* bytes = reinterpret_cast<const unsigned char*>(data);
  const unsigned opcode = bytes[0] & 0x0fU;
  if ((bytes[0] & 0xf0U) != 0x80U || !known(opcode)) {
    frame.state = FrameState::Broken;
    return frame;
  }
  const bool masked = (bytes[1] & 0x80U) != 0;
  uint64_t payload_bytes = bytes[1] & 0x7fU;
  size_t header = 2;
  if (payload_bytes >= 126) {
    const size_t extra = payload_bytes == 126 ? 2 : 8;
    if (size < header + extra) return frame;
    payload_bytes = big_endian(bytes + header, extra);
    header += extra;
  }
  if (payload_bytes > kFrameBytesMax) {
    frame.state = FrameState::Broken;
    return frame;
  }
  const size_t total = header + (masked ? 4 : 0) + payload_bytes;
  if (size < total) return frame;
  if (masked) {
    uint32_t mask = 0;
    std::memcpy(&mask, data + header, 4);
    header += 4;
    apply_mask(data + header, payload_bytes, mask);
  }
  frame.state = FrameState::Whole;
  frame.opcode = static_cast<Opcode>(opcode);
  frame.payload = {data + header, payload_bytes};
  frame.size = total;
  return frame;
}

void append_client_frame(std::string& out, Opcode opcode, std::string_view payload, uint32_t mask) {
  append_header(out, opcode, payload.size(), 0x80U);
  std::array<char, 4> bytes{};
  std::memcpy(bytes.data(), &mask, 4);
  out.append(bytes.data(), bytes.size());
  const size_t start = out.size();
  out.append(payload);
  apply_mask(out.data() + start, payload.size(), mask);
}

void append_server_frame_header(std::string& out, Opcode opcode, size_t payload_bytes) {
  append_header(out, opcode, payload_bytes, 0);
}

std::string accept_value(std::string_view key) {
  const std::string joined = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(joined.data()), joined.size(), digest.data());
  std::array<unsigned char, 32> text{};
  const int size = EVP_EncodeBlock(text.data(), digest.data(), SHA_DIGEST_LENGTH);
  return {reinterpret_cast<const char*>(text.data()), static_cast<size_t>(size)};
}

std::string upgrade_request(std::string_view host, std::string_view path, std::string_view key) {
  std::string request;
  request.append("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ");
  request.append(key).append("\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: ");
  request.append(kSubprotocol).append("\r\n\r\n");
  return request;
}

std::string_view find_header(std::string_view head, std::string_view name) {
  size_t line = head.find("\r\n");
  while (line != std::string_view::npos && line + 2 < head.size()) {
    const size_t start = line + 2;
    line = head.find("\r\n", start);
    std::string_view row = head.substr(start, line - start);
    if (row.size() <= name.size() || row[name.size()] != ':') continue;
    if (strncasecmp(row.data(), name.data(), name.size()) != 0) continue;
    row.remove_prefix(name.size() + 1);
    while (!row.empty() && row.front() == ' ') row.remove_prefix(1);
    while (!row.empty() && row.back() == ' ') row.remove_suffix(1);
    return row;
  }
  return {};
}

std::string check_upgrade_response(std::string_view head, std::string_view key) {
  if (!head.starts_with("HTTP/1.1 101 ")) {
    return "upgrade refused: " + std::string(head.substr(0, head.find("\r\n")));
  }
  if (find_header(head, "Sec-WebSocket-Accept") != accept_value(key)) {
    return "upgrade answered with a wrong Sec-WebSocket-Accept";
  }
  if (find_header(head, "Sec-WebSocket-Protocol") != kSubprotocol) {
    return "upgrade answered without the subprotocol " + std::string(kSubprotocol);
  }
  return {};
}

}  // namespace flare::bench
