// The names of things. What a valid name is, and which names follow from others.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "flare/base/ids.h"
#include "flare/base/result.h"

namespace flare {

using UserId = Id<struct UserTag>;
using DeviceId = Id<struct DeviceTag>;
using ConversationId = Id<struct ConversationTag>;

// A message's place in its conversation: contiguous, from 1; 0 is before the first.
using Sequence = uint64_t;

// 128 bits that follow from the send itself, so that a retry is the same message on any node and
// after any crash.
struct MessageId {
  std::array<uint8_t, 16> bytes{};

  std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  auto operator<=>(const MessageId&) const = default;
};

}  // namespace flare

namespace flare::model {

// User, device and tenant ids and client message ids: 1 to this many bytes. Keys in the store and
// frames on the wire stay small, and every id system in use (UUID, e-mail-like, snowflake) fits.
inline constexpr size_t kIdBytesMax = 64;

// One to kIdBytesMax of A-Z a-z 0-9 . _ - @ + =. `field` names the field in the error.
Result<> check_id(std::string_view field, std::string_view id);

// 1 to kIdBytesMax bytes of printable ASCII. `field` names the field in the error.
Result<> check_client_message_id(std::string_view id,
                                 std::string_view field = "client_message_id");

// The single chat of two users, whoever writes first: "single:<smaller>:<larger>". A chat with
// oneself is allowed.
ConversationId single_conversation(const UserId& a, const UserId& b);

// The two users of a single chat, or nothing when the id is not that of a single chat.
std::optional<std::pair<UserId, UserId>> users_of_single(std::string_view conversation);

// The first 128 bits of SHA-256 over the four parts, each preceded by its length as 4 bytes
// little-endian, so that no two sends share an encoding.
MessageId message_id(const TenantId& tenant, const ConversationId& conversation,
                     const UserId& sender, std::string_view client_message_id);

// "group:<26 characters>" from the creation's own message id: a retried creation is the same group.
ConversationId group_conversation(const MessageId& creation);

// Chooses the partition of every record of the conversation. FNV-1a, 64 bit, then mixed;
// part of the on-disk format.
uint64_t partition_hash(std::string_view tenant, std::string_view conversation);

std::string to_hex(const MessageId& id);
std::optional<MessageId> message_id_from_hex(std::string_view text);
std::optional<MessageId> message_id_from_bytes(std::string_view bytes);

}  // namespace flare::model

template <>
struct std::hash<flare::MessageId> {
  size_t operator()(const flare::MessageId& id) const noexcept {
    size_t value = 0;  // already uniformly distributed
    __builtin_memcpy(&value, id.bytes.data(), sizeof value);
    return value;
  }
};
