// What the bench writes into its messages so that it knows them again, in any process.
//
// client_message_id = run:8 sender:6 slot:2 number:8, hexadecimal, 24 characters.
// text              = the client_message_id, then a stretch of a fixed pattern that depends on it.
//
// So a receiver can say of every message who sent it, as which one, and whether each byte of the
// text is right, without having kept it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace flare::bench {

struct MessageKey {
  uint32_t run = 0;     // random, one a run of the bench
  uint32_t sender = 0;  // user number, below 2^24
  uint8_t slot = 0;     // which of the sender's messages in flight
  uint32_t number = 0;  // counts the sender's messages from 1, in the order sent

  bool operator==(const MessageKey&) const = default;
};

constexpr size_t kClientIdBytes = 24;
constexpr size_t kTextBytesMax = size_t{1} << 20;

// Both replace what `out` held.
void encode_client_id(std::string& out, const MessageKey& key);
void encode_text(std::string& out, const MessageKey& key, size_t text_bytes);

// nullopt: the id was not made by encode_client_id().
std::optional<MessageKey> decode_client_id(std::string_view client_id);

// Is it, byte for byte, what encode_text() made for this key?
bool check_text(std::string_view text, std::string_view client_id, const MessageKey& key);

}  // namespace flare::bench
