// Frames as bytes. Pushes and answers are built in the wire format around the encoded messages they
// carry; parsing a client's frame and everything JSON goes through the generated types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flare/api/client_door.h"
#include "flare/api/orchestrator.h"
#include "flare/api/signaling_online.h"
#include "flare/api/storage_reader.h"

namespace flare::client::v1 {
class Frame;
}

namespace flare::access_gateway {

// False when the bytes are no Frame. `frame` is cleared first and keeps its memory.
bool parse_frame(api::FrameFormat format, std::string_view bytes, client::v1::Frame& frame);

// A frame's canonical proto3 JSON.
std::string to_json(std::string_view frame);

struct WelcomeFacts {
  model::Session session;
  uint64_t session_id = 0;
  int64_t server_time_ms = 0;
  int64_t heartbeat_ms = 0;
  uint64_t frame_bytes_max = 0;
  uint64_t content_bytes_max = 0;
  uint32_t sends_per_second = 0;
};

std::string welcome_frame(uint64_t request_id, const WelcomeFacts& facts);
std::string error_frame(uint64_t request_id, const Error& error);
std::string kicked_frame(std::string_view reason, std::string_view by, bool may_reconnect);
std::string pong_frame(uint64_t request_id, int64_t server_time_ms);
std::string done_frame(uint64_t request_id);

// Persisted when the receipt has its seq and the client asked for it or gets it for free.
std::string receipt_frame(uint64_t request_id, const ConversationId& conversation,
                          const api::SendReceipt& receipt);
std::string changed_frame(uint64_t request_id, const api::OperateReceipt& receipt);

std::string deliver_frame(std::string_view message, Sequence prev_seq);
std::string resync_frame(std::string_view conversation, Sequence from_seq);
std::string read_receipt_frame(std::string_view conversation, std::string_view user,
                               Sequence delivered_seq, Sequence read_seq);

std::string sync_frame(uint64_t request_id, const api::SyncResult& result);
std::string history_frame(uint64_t request_id, const api::HistoryPage& page);
std::string message_frame(uint64_t request_id, const Bytes& message);
std::string conversations_frame(uint64_t request_id, const api::ConversationPage& page);
std::string members_frame(uint64_t request_id, const api::MemberPage& page);
std::string where_frame(uint64_t request_id, const api::Whereabouts& whereabouts);
std::string presence_frame(uint64_t request_id, const std::vector<api::UserPresence>& users);

}  // namespace flare::access_gateway
