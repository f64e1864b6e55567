// Client: one connection of one device, spoken to with plain blocking calls.
//
// Promise: every answer reaches the call that asked for it, every push comes out of next_push()
// once and in the order the server sent it, every wait ends at its deadline. An independent reading
// of proto/flare/client/v1/frame.proto: it shares no code with the server.
//
// There is no thread behind it. The socket is read, and heartbeats are sent, only inside start(),
// finish(), request(), next_push() and the calls built on them; who makes none of them for longer
// than Welcome.heartbeat_ms is taken for dead. Use a Client from one thread at a time; wake() alone
// may be called from any.
//
// Example: sdk/cpp/README.md, and as a test `ClientTest.SendsAndReadsTheAnswer`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "flare/client/v1/frame.pb.h"
#include "flare/sdk/error.h"

namespace flare::sdk {

namespace wire = flare::client::v1;
namespace model = flare::model::v1;

enum class Encoding : uint8_t { Proto, Json };

struct ConnectOptions {
  std::string url = "ws://127.0.0.1:60051/ws";
  Encoding encoding = Encoding::Proto;
  std::string client_name = "flare-sdk-cpp/0.1";     // for the server's logs
  std::chrono::milliseconds connect_timeout{5'000};  // until the WebSocket stands
  std::chrono::milliseconds request_timeout{10'000};
  bool heartbeats = true;        // off only to test what the server does about silence
  int receive_buffer_bytes = 0;  // the socket's; 0: the system's choice
};

// Where a message goes: an existing conversation, or a user to talk to in a single chat.
struct Target {
  std::string conversation_id;
  std::string user_id;

  static Target conversation(std::string id) {
    return {.conversation_id = std::move(id), .user_id = {}};
  }
  static Target user(std::string id) { return {.conversation_id = {}, .user_id = std::move(id)}; }
};

struct SendOptions {
  std::string client_message_id;  // empty: a random one. Keep it to repeat the send safely
  wire::AckLevel ack_level = wire::ACK_LEVEL_ACCEPTED;
};

struct SendReceipt {
  std::string message_id;  // 16 bytes
  std::string client_message_id;
  std::string conversation_id;
  int64_t server_time_ms = 0;
  uint64_t seq = 0;  // 0: accepted, place not known yet
};

struct HistoryRange {
  uint64_t from_seq = 0;  // both ends included, 0 leaves an end open
  uint64_t to_seq = 0;
  uint32_t limit = 0;  // 0: the server's choice
  bool backwards = false;
};

struct GroupDraft {
  std::string title;
  std::vector<std::string> member_ids;  // beside the creator
  std::string client_operation_id;      // empty: a random one
};

class Client {
 public:
  // Opens the WebSocket. Fails with CannotConnect or TimedOut.
  static Result<Client> connect(ConnectOptions options);

  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;
  ~Client();  // drops the connection without a goodbye, as a crash would

  // Says Hello. Must be the first call. Fails with Refused (Unauthenticated) for a bad token.
  Result<wire::Welcome> login(const std::string& token);

  // Sends the frame under a fresh request id and waits for its answer. An Error frame becomes a
  // Refused error. The timeout covers writing and waiting; 0 takes the option's.
  Result<wire::Frame> request(wire::Frame frame, std::chrono::milliseconds timeout = {});

  // The two halves of request(), for many requests in flight: start() gives the request id,
  // finish() waits for that request's answer. After finish() has timed out the answer is dropped.
  Result<uint64_t> start(wire::Frame frame);
  Result<wire::Frame> finish(uint64_t request_id, std::chrono::milliseconds timeout = {});

  // Sends a frame that has no answer, as DeliverAck.
  Result<> post(const wire::Frame& frame);

  // The next push, nothing when none came in time or wake() was called. Pushes that arrived before
  // the connection ended still come out; after them it fails with Closed.
  Result<std::optional<wire::Frame>> next_push(std::chrono::milliseconds timeout);

  // Ends a next_push() that waits in another thread, or else the following one.
  void wake();

  // Says goodbye to the WebSocket and waits a second at most for the answer.
  void close();
  bool closed() const;

  // ---- the calls a chat needs, each one request

  Result<SendReceipt> send_text(const Target& target, std::string text, SendOptions options = {});
  Result<wire::HistoryPage> history(const std::string& conversation_id, HistoryRange range = {});
  Result<model::Message> get_message(const std::string& message_id);
  Result<wire::WhereResult> where(const std::string& message_id);
  Result<> read(const std::string& conversation_id, uint64_t seq);
  Result<> ack(const std::string& conversation_id, uint64_t seq);  // cumulative; not answered
  Result<> logout();

  // One page of what changed since; an empty request is a new device's.
  Result<wire::SyncResult> sync(const wire::Sync& positions = {});

  Result<wire::ConversationPage> conversations(const std::string& page_token = {});
  Result<wire::ConversationChanged> create_group(const GroupDraft& draft);
  Result<wire::ConversationChanged> rename(const std::string& conversation_id, std::string title);
  Result<wire::ConversationChanged> add_members(const std::string& conversation_id,
                                                std::span<const std::string> user_ids);
  Result<wire::ConversationChanged> remove_members(const std::string& conversation_id,
                                                   std::span<const std::string> user_ids);
  Result<wire::MemberPage> members(const std::string& conversation_id,
                                   const std::string& page_token = {});
  Result<wire::PresenceResult> presence(std::span<const std::string> user_ids);

 private:
  class Connection;
  explicit Client(std::unique_ptr<Connection> connection);

  std::unique_ptr<Connection> connection_;
};

// The answer of a Send, whichever acknowledgement it is. Fails with Malformed for anything else.
Result<SendReceipt> to_receipt(const wire::Frame& answer);

// A client_message_id nobody else has: 16 random bytes in hex.
std::string random_id();

}  // namespace flare::sdk
