// The protobuf wire format, by hand: a generator that parsed with the generated classes would need
// more CPU than the server it measures. frames_test.cc holds it against those classes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flare::bench {

enum class WireType : uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

constexpr size_t varint_bytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

inline void put_tag(std::string& out, uint32_t field, WireType type) {
  put_varint(out, uint64_t{field} << 3 | static_cast<uint64_t>(type));
}

// As proto3: a zero or an empty string is not written.
inline void put_number(std::string& out, uint32_t field, uint64_t value) {
  if (value == 0) return;
  put_tag(out, field, WireType::Varint);
  put_varint(out, value);
}

// Written even when empty, for repeated fields and embedded messages.
inline void put_bytes_always(std::string& out, uint32_t field, std::string_view bytes) {
  put_tag(out, field, WireType::Bytes);
  put_varint(out, bytes.size());
  out.append(bytes);
}

inline void put_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  if (!bytes.empty()) put_bytes_always(out, field, bytes);
}

// The length a tag below 16 or above, a length and the bytes take.
constexpr size_t bytes_field_size(uint32_t field, size_t bytes) {
  return varint_bytes(uint64_t{field} << 3) + varint_bytes(bytes) + bytes;
}

// Walks the fields of one message. After next() the field's value is in `number` or `bytes`.
// `ok` turns false, and stays false, at the first byte that does not parse.
struct WireReader {
  const char* at;
  const char* end;
  bool ok = true;
  uint32_t field = 0;
  WireType type = WireType::Varint;
  uint64_t number = 0;
  std::string_view bytes;

  explicit WireReader(std::string_view message)
      : at(message.data()), end(message.data() + message.size()) {}

  bool next() {
    if (at == end || !ok) return false;
    const uint64_t tag = varint();
    field = static_cast<uint32_t>(tag >> 3);
    type = static_cast<WireType>(tag & 7);
    switch (type) {
      case WireType::Varint:
        number = varint();
        break;
      case WireType::Bytes:
        take(varint());
        break;
      case WireType::Fixed64:
        take(8);
        break;
      case WireType::Fixed32:
        take(4);
        break;
      default:
        ok = false;
    }
    return ok;
  }

 private:
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (at == end) break;
      const auto byte = static_cast<uint8_t>(*at++);
      value |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return value;
    }
    ok = false;
    return 0;
  }

  void take(uint64_t size) {
    if (!ok || size > static_cast<uint64_t>(end - at)) {
      ok = false;
      return;
    }
    bytes = {at, static_cast<size_t>(size)};
    at += size;
  }
};

}  // namespace flare::bench
