#include "flare/adapter/rocksdb/keys.h"

#include <cassert>

namespace flare::rocksdb::keys {
namespace {

void put_part(std::string& out, std::string_view id) {
  assert(id.find('\0') == std::string_view::npos);
  out.append(id);
  out.push_back('\0');
}

void put_pair(std::string& out, std::string_view first, std::string_view second) {
  out.clear();
  put_part(out, first);
  put_part(out, second);
}

}  // namespace

void put_number(std::string& out, uint64_t value) {
  char bytes[8];
  for (int i = 7; i >= 0; --i) {
    bytes[i] = static_cast<char>(value & 0xff);
    value >>= 8;
  }
  out.append(bytes, sizeof bytes);
}

uint64_t number(std::string_view eight_bytes) {
  uint64_t value = 0;
  for (const char byte : eight_bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

std::string partition(uint32_t partition) {
  std::string out;
  put_number(out, partition);
  return out;
}

void put_conversation(std::string& out, std::string_view tenant, std::string_view conversation) {
  out.clear();
  put_part(out, tenant);
  out.append(conversation);
}

std::string_view conversation(std::string_view key) { return key.substr(key.find('\0') + 1); }

void put_conversation_prefix(std::string& out, std::string_view tenant,
                             std::string_view conversation) {
  put_pair(out, tenant, conversation);
}

void put_message(std::string& out, std::string_view tenant, std::string_view conversation,
                 Sequence seq) {
  put_pair(out, tenant, conversation);
  put_number(out, seq);
}

void put_member(std::string& out, std::string_view tenant, std::string_view conversation,
                std::string_view user) {
  put_pair(out, tenant, conversation);
  out.append(user);
}

void put_message_id(std::string& out, std::string_view tenant, const MessageId& id) {
  out.clear();
  put_part(out, tenant);
  out.append(id.view());
}

void put_user_prefix(std::string& out, std::string_view tenant, std::string_view user) {
  put_pair(out, tenant, user);
}

void put_membership(std::string& out, std::string_view tenant, std::string_view user,
                    std::string_view conversation) {
  put_pair(out, tenant, user);
  out.append(conversation);
}

void put_place(std::string& out, const Place& place) {
  out.clear();
  put_number(out, place.seq);
  out.append(place.conversation);
}

std::optional<Place> place(std::string_view value) {
  if (value.size() <= 8) return {};
  return Place{number(value.substr(0, 8)), value.substr(8)};
}

void put_position(std::string& out, const Position& position) {
  out.clear();
  put_number(out, position.seq);
  put_number(out, static_cast<uint64_t>(position.time_ms));
}

std::optional<Position> position(std::string_view value) {
  if (value.size() != 16) return {};
  return Position{number(value.substr(0, 8)), static_cast<int64_t>(number(value.substr(8)))};
}

std::string after_prefix(std::string_view prefix) {
  assert(!prefix.empty() && prefix.back() == '\0');
  std::string after(prefix);
  after.back() = '\1';
  return after;
}

}  // namespace flare::rocksdb::keys
