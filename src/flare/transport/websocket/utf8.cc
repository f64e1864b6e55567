#include "flare/transport/websocket/utf8.h"

#include <cstdint>
#include <cstring>

namespace flare::websocket {
namespace {

bool continues(unsigned char byte) { return (byte & 0xC0) == 0x80; }

// The bytes of the character at the front of `text`, 0 when it is none.
size_t character_bytes(const unsigned char* text, size_t size) {
  const unsigned char first = text[0];
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;  // a continuation, or an overlong form
  if (first < 0xE0) return size >= 2 && continues(text[1]) ? 2 : 0;
  if (first < 0xF0) {
    if (size < 3 || !continues(text[1]) || !continues(text[2])) return 0;
    if (first == 0xE0 && text[1] < 0xA0) return 0;   // overlong
    if (first == 0xED && text[1] >= 0xA0) return 0;  // a surrogate
    return 3;
  }
  if (first > 0xF4 || size < 4) return 0;
  if (!continues(text[1]) || !continues(text[2]) || !continues(text[3])) return 0;
  if (first == 0xF0 && text[1] < 0x90) return 0;   // overlong
  if (first == 0xF4 && text[1] >= 0x90) return 0;  // above U+10FFFF
  return 4;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = at + text.size();
  while (at < end) {
    // Chat text is mostly ASCII, which goes eight bytes at a time.
    while (end - at >= 8) {
      uint64_t word = 0;
      std::memcpy(&word, at, sizeof word);
      if ((word & 0x8080808080808080U) != 0) break;
      at += 8;
    }
    if (at == end) break;
    const size_t bytes = character_bytes(at, static_cast<size_t>(end - at));
    if (bytes == 0) return false;
    at += bytes;
  }
  return true;
}

std::string_view cut_utf8(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && continues(static_cast<unsigned char>(text[end]))) --end;
  return text.substr(0, end);
}

}  // namespace flare::websocket
