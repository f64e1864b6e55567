#include "flare/model/ids.h"

#include <openssl/sha.h>

// OpenSSL 3 prefers EVP, which costs two allocations a hash; this one is made for every message.
#pragma clang diagnostic ignored "-Wdeprecated-declarations"

namespace flare::model {
namespace {

constexpr std::string_view kSinglePrefix = "single:";
constexpr std::string_view kGroupPrefix = "group:";

bool id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
         c == '_' || c == '-' || c == '@' || c == '+' || c == '=';
}

void hash_part(SHA256_CTX& hash, std::string_view part) {
  const auto size = static_cast<uint32_t>(part.size());
  const unsigned char length[4] = {
      static_cast<unsigned char>(size), static_cast<unsigned char>(size >> 8),
      static_cast<unsigned char>(size >> 16), static_cast<unsigned char>(size >> 24)};
  SHA256_Update(&hash, length, sizeof length);
  SHA256_Update(&hash, part.data(), part.size());
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

Result<> check_id(std::string_view field, std::string_view id) {
  if (id.empty()) return fail(ErrorCode::InvalidArgument, std::string(field) + " is empty");
  if (id.size() > kIdBytesMax) {
    return fail(ErrorCode::InvalidArgument, std::string(field) + " is longer than " +
                                                std::to_string(kIdBytesMax) + " bytes");
  }
  for (const char c : id) {
    if (!id_character(c)) {
      return fail(ErrorCode::InvalidArgument,
                  std::string(field) + " may only contain A-Z a-z 0-9 . _ - @ + =");
    }
  }
  return {};
}

Result<> check_client_message_id(std::string_view id, std::string_view field) {
  if (id.empty()) return fail(ErrorCode::InvalidArgument, std::string(field) + " is empty");
  if (id.size() > kIdBytesMax) {
    return fail(ErrorCode::InvalidArgument, std::string(field) + " is longer than " +
                                                std::to_string(kIdBytesMax) + " bytes");
  }
  for (const char c : id) {
    if (c < ' ' || c > '~') {
      return fail(ErrorCode::InvalidArgument, std::string(field) + " is not printable ASCII");
    }
  }
  return {};
}

ConversationId single_conversation(const UserId& a, const UserId& b) {
  const auto& [low, high] = std::minmax(a.text, b.text);
  std::string id;
  id.reserve(kSinglePrefix.size() + low.size() + 1 + high.size());
  id.append(kSinglePrefix).append(low).append(1, ':').append(high);
  return {std::move(id)};
}

std::optional<std::pair<UserId, UserId>> users_of_single(std::string_view conversation) {
  if (!conversation.starts_with(kSinglePrefix)) return std::nullopt;
  const std::string_view users = conversation.substr(kSinglePrefix.size());
  const size_t colon = users.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view low = users.substr(0, colon);
  const std::string_view high = users.substr(colon + 1);
  // Exactly one spelling is the id: the sorted one, of valid names.
  if (high < low || !check_id("user", low) || !check_id("user", high)) return std::nullopt;
  return std::pair{UserId{std::string(low)}, UserId{std::string(high)}};
}

MessageId message_id(const TenantId& tenant, const ConversationId& conversation,
                     const UserId& sender, std::string_view client_message_id) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  hash_part(hash, tenant.text);
  hash_part(hash, conversation.text);
  hash_part(hash, sender.text);
  hash_part(hash, client_message_id);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256_Final(digest, &hash);
  MessageId id;
  std::copy_n(digest, id.bytes.size(), id.bytes.begin());
  return id;
}

ConversationId group_conversation(const MessageId& creation) {
  // 130 bits in base 32 without padding, lower case.
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string id(kGroupPrefix);
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t byte : creation.bytes) {
    buffer = buffer << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) id += kAlphabet[buffer >> (bits - 5) & 31];
  }
  id += kAlphabet[buffer << (5 - bits) & 31];
  return {std::move(id)};
}

uint64_t partition_hash(std::string_view tenant, std::string_view conversation) {
  uint64_t hash = 0xcbf29ce484222325ull;
  const auto add = [&hash](std::string_view part) {
    for (const char c : part) {
      hash ^= static_cast<uint8_t>(c);
      hash *= 0x100000001b3ull;
    }
  };
  add(tenant);
  add(std::string_view("\0", 1));
  add(conversation);
  hash ^= hash >> 33;  // FNV's low bits are weak, and partitions are chosen by them
  hash *= 0xff51afd7ed558ccdull;
  hash ^= hash >> 33;
  return hash;
}

std::string to_hex(const MessageId& id) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * id.bytes.size());
  for (const uint8_t byte : id.bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::optional<MessageId> message_id_from_hex(std::string_view text) {
  MessageId id;
  if (text.size() != 2 * id.bytes.size()) return std::nullopt;
  for (size_t i = 0; i < id.bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return id;
}

std::optional<MessageId> message_id_from_bytes(std::string_view bytes) {
  MessageId id;
  if (bytes.size() != id.bytes.size()) return std::nullopt;
  std::copy_n(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), id.bytes.begin());
  return id;
}

}  // namespace flare::model
