// The keys of the store's rows, as docs/reference/store-format.md gives them.
//
// Each put_ function replaces what `out` held, so that one string serves a whole batch without
// allocating. Ids hold no NUL, which therefore ends each of them: no two rows share a key, and all
// rows of one conversation, or of one user, stand side by side.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flare/model/ids.h"

namespace flare::rocksdb::keys {

void put_number(std::string& out, uint64_t value);  // appends 8 bytes, big-endian
uint64_t number(std::string_view eight_bytes);

std::string partition(uint32_t partition);

void put_conversation(std::string& out, std::string_view tenant, std::string_view conversation);

// The conversation's id in the key of put_conversation().
std::string_view conversation(std::string_view key);

// What all messages, or all members, of the conversation begin with.
void put_conversation_prefix(std::string& out, std::string_view tenant,
                             std::string_view conversation);
void put_message(std::string& out, std::string_view tenant, std::string_view conversation,
                 Sequence seq);
void put_member(std::string& out, std::string_view tenant, std::string_view conversation,
                std::string_view user);

void put_message_id(std::string& out, std::string_view tenant, const MessageId& id);

void put_user_prefix(std::string& out, std::string_view tenant, std::string_view user);
void put_membership(std::string& out, std::string_view tenant, std::string_view user,
                    std::string_view conversation);

// A message's row begins with its conversation's prefix and ends with its seq.
inline constexpr size_t kSeqBytes = 8;

// The value of a message id's row: where the message is.
struct Place {
  Sequence seq = 0;
  std::string_view conversation;
};
void put_place(std::string& out, const Place& place);
std::optional<Place> place(std::string_view value);

// The value of a delivered row.
struct Position {
  Sequence seq = 0;
  int64_t time_ms = 0;
};
void put_position(std::string& out, const Position& position);
std::optional<Position> position(std::string_view value);

// The first key after all that begin with `prefix`. The prefix ends with a NUL.
std::string after_prefix(std::string_view prefix);

}  // namespace flare::rocksdb::keys
