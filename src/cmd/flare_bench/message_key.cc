#include "cmd/flare_bench/message_key.h"

#include <algorithm>

namespace flare::bench {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr size_t kPatternBytes = kTextBytesMax + 4096;

// Printable, and without a short period, so that a shifted or repeated stretch is noticed.
const std::string& pattern() {
  static const std::string bytes = [] {
    std::string made(kPatternBytes, ' ');
    uint64_t state = 88172645463325252ULL;
    for (char& c : made) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      c = static_cast<char>('!' + state % 90);
    }
    return made;
  }();
  return bytes;
}

std::string_view filler(const MessageKey& key, size_t size) {
  const size_t start = (key.number * 31U + key.sender * 17U + key.run) % 4096U;
  return std::string_view(pattern()).substr(start, size);
}

void put_hex(std::string& out, uint32_t value, int digits) {
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    out.push_back(kDigits[value >> shift & 0xfU]);
  }
}

// Eats `digits` characters; turns `ok` false at one that is not lower-case hexadecimal.
uint32_t take_hex(std::string_view& in, size_t digits, bool& ok) {
  uint32_t value = 0;
  for (size_t i = 0; i < digits; ++i) {
    const char c = in[i];
    const bool number = c >= '0' && c <= '9';
    const bool letter = c >= 'a' && c <= 'f';
    ok = ok && (number || letter);
    value = value << 4 | (static_cast<uint32_t>(number ? c - '0' : c - 'a' + 10) & 0xfU);
  }
  in.remove_prefix(digits);
  return value;
}

}  // namespace

void encode_client_id(std::string& out, const MessageKey& key) {
  out.clear();
  put_hex(out, key.run, 8);
  put_hex(out, key.sender, 6);
  put_hex(out, key.slot, 2);
  put_hex(out, key.number, 8);
}

void encode_text(std::string& out, const MessageKey& key, size_t text_bytes) {
  encode_client_id(out, key);
  if (text_bytes > kClientIdBytes) out.append(filler(key, text_bytes - kClientIdBytes));
}

std::optional<MessageKey> decode_client_id(std::string_view client_id) {
  if (client_id.size() != kClientIdBytes) return std::nullopt;
  bool ok = true;
  MessageKey key;
  key.run = take_hex(client_id, 8, ok);
  key.sender = take_hex(client_id, 6, ok);
  key.slot = static_cast<uint8_t>(take_hex(client_id, 2, ok));
  key.number = take_hex(client_id, 8, ok);
  if (!ok) return std::nullopt;
  return key;
}

bool check_text(std::string_view text, std::string_view client_id, const MessageKey& key) {
  if (!text.starts_with(client_id) || text.size() > kTextBytesMax) return false;
  text.remove_prefix(client_id.size());
  return text == filler(key, text.size());
}

}  // namespace flare::bench
