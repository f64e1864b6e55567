// The protobuf wire format, by hand, for the few hot records that are scanned or extended without
// being parsed. https://protobuf.dev/programming-guides/encoding/
//
// Everything else uses the generated types. Writers append to a string; the reader never looks
// beyond its input and stops with an error at the first malformed byte.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flare::wire {

enum class Type : uint8_t { Varint = 0, Fixed64 = 1, Length = 2, Fixed32 = 5 };

inline void put_varint(std::string& out, uint64_t value) {
  char buffer[10];
  size_t n = 0;
  while (value >= 0x80) {
    buffer[n++] = static_cast<char>(static_cast<uint8_t>(value) | 0x80);
    value >>= 7;
  }
  buffer[n++] = static_cast<char>(value);
  out.append(buffer, n);
}

inline size_t varint_size(uint64_t value) {
  size_t n = 1;
  while (value >= 0x80) {
    value >>= 7;
    ++n;
  }
  return n;
}

inline void put_tag(std::string& out, uint32_t field, Type type) {
  put_varint(out, uint64_t{field} << 3 | static_cast<uint8_t>(type));
}

// Zero and empty are proto3's defaults and are not written.
inline void put_uint(std::string& out, uint32_t field, uint64_t value) {
  if (value == 0) return;
  put_tag(out, field, Type::Varint);
  put_varint(out, value);
}

// Writes the field even when it is empty: for messages, whose presence means something.
inline void put_message(std::string& out, uint32_t field, std::string_view bytes) {
  put_tag(out, field, Type::Length);
  put_varint(out, bytes.size());
  out.append(bytes);
}

inline void put_bytes(std::string& out, uint32_t field, std::string_view bytes) {
  if (!bytes.empty()) put_message(out, field, bytes);
}

// Walks the fields of one message:
//
//   wire::Reader in(bytes);
//   while (in.next()) switch (in.field()) { case 1: tenant = in.bytes(); ... }
//   if (!in.ok()) ...
class Reader {
 public:
  explicit Reader(std::string_view input) : at_(input.data()), end_(input.data() + input.size()) {}

  // Moves to the next field; false at the end and at a malformed byte (then ok() is false).
  bool next() {
    if (at_ == end_ || !ok_) return false;
    uint64_t tag = 0;
    if (!varint(tag) || tag >> 3 == 0 || tag >> 3 > 0x1fffffff) return ok_ = false;
    field_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<Type>(tag & 7);
    value_ = 0;
    bytes_ = {};
    switch (type_) {
      case Type::Varint: return varint(value_) || (ok_ = false);
      case Type::Fixed64: return take(8);
      case Type::Fixed32: return take(4);
      case Type::Length: {
        uint64_t size = 0;
        if (!varint(size)) return ok_ = false;
        return take(size);
      }
    }
    return ok_ = false;
  }

  uint32_t field() const { return field_; }
  Type type() const { return type_; }
  bool ok() const { return ok_; }

  // The current field's value; zero or empty when it is of the other kind.
  uint64_t uint() const { return value_; }
  std::string_view bytes() const { return type_ == Type::Length ? bytes_ : std::string_view(); }

 private:
  bool varint(uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const auto byte = static_cast<uint8_t>(*at_++);
      value |= uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }

  bool take(uint64_t size) {
    if (size > static_cast<uint64_t>(end_ - at_)) return ok_ = false;
    bytes_ = {at_, static_cast<size_t>(size)};
    at_ += size;
    return true;
  }

  const char* at_;
  const char* end_;
  uint32_t field_ = 0;
  Type type_ = Type::Varint;
  uint64_t value_ = 0;
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace flare::wire
