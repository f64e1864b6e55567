// The commands of flare-cli, one function each. Each prints its result, or the reason it has none.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "exit_code.h"
#include "flare/sdk/client.h"
#include "settings.h"

namespace flare::cli {

struct MintToken {
  std::string platform = "linux";
  std::chrono::seconds ttl = std::chrono::hours(24);
};
ExitCode mint_token(const Settings& settings, const MintToken& command);

// Lines from stdin go out, messages come in, until stdin ends.
struct Chat {
  sdk::Target target;
  uint32_t history = 10;           // how many earlier messages to show first
  std::chrono::seconds linger{0};  // how long to listen after stdin has ended
};
ExitCode chat(const Settings& settings, const Chat& command);

struct SendText {
  sdk::Target target;
  std::string text;  // "-": from stdin
  std::string client_message_id;
  bool persisted = false;  // wait for the seq
};
ExitCode send_text(const Settings& settings, const SendText& command);

struct ShowHistory {
  sdk::Target target;
  sdk::HistoryRange range;
};
ExitCode show_history(const Settings& settings, const ShowHistory& command);

// Messages as they come, until the connection ends.
struct Tail {
  sdk::Target target;     // empty: all conversations
  uint32_t count = 0;     // stop after so many; 0: never
  bool receipts = false;  // also who has read what
};
ExitCode tail(const Settings& settings, const Tail& command);

ExitCode show_where(const Settings& settings, const std::string& message_id_text);

ExitCode list_conversations(const Settings& settings);
ExitCode show_conversation(const Settings& settings, const std::string& conversation_id);
ExitCode create_conversation(const Settings& settings, const sdk::GroupDraft& draft);
ExitCode rename_conversation(const Settings& settings, const std::string& conversation_id,
                             const std::string& title);

ExitCode list_members(const Settings& settings, const std::string& conversation_id);
ExitCode add_members(const Settings& settings, const std::string& conversation_id,
                     const std::vector<std::string>& user_ids);
ExitCode remove_members(const Settings& settings, const std::string& conversation_id,
                        const std::vector<std::string>& user_ids);

struct MarkRead {
  sdk::Target target;
  uint64_t seq = 0;  // 0: all there is
};
ExitCode mark_read(const Settings& settings, const MarkRead& command);

ExitCode show_presence(const Settings& settings, const std::vector<std::string>& user_ids);

struct SyncNow {
  uint64_t digest = 0;
  std::vector<std::string> positions;  // "<conversation>=<seq>"
};
ExitCode sync_now(const Settings& settings, const SyncNow& command);

// The conversation a target means for this user: single chats are named by their two members.
std::string conversation_of(const sdk::Target& target, const std::string& own_user_id);

}  // namespace flare::cli
