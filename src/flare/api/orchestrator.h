// Orchestrator: the one place where something becomes part of a conversation.
//
// In the same process this is the service itself; across the network it is transport's client.
// Callers cannot tell, apart from Unavailable. An instance belongs to the caller's loop.
#pragma once

#include <map>
#include <string>

#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/event.h"

namespace flare::api {

enum class AckLevel : uint8_t {
  Accepted,   // the message cannot be lost
  Persisted,  // and it has its seq
};

struct SendRequest {
  ConversationId conversation;
  UserId sender;
  std::string client_message_id;  // the client's own id: sending it twice gives the same receipt
  std::string content;            // encoded flare.model.v1.Content: text or custom
  std::map<std::string, std::string> metadata;
  AckLevel ack_level = AckLevel::Accepted;
  model::Origin origin;
};

struct SendReceipt {
  MessageId id;
  int64_t server_time_ms = 0;
  Sequence seq = 0;  // 0: not known yet; never with AckLevel::Persisted
};

// A change of a conversation, made by one of its members.
struct OperateRequest {
  ConversationId conversation;      // empty for ConversationCreated
  UserId actor;
  std::string client_operation_id;  // as client_message_id
  model::Operation operation;
  model::Origin origin;
};

struct OperateReceipt {
  ConversationId conversation;
  MessageId id;
  Sequence seq = 0;
};

struct ReadRequest {
  ConversationId conversation;
  UserId user;
  Sequence seq = 0;
  model::Origin origin;
};

class Orchestrator {
 public:
  virtual ~Orchestrator() = default;

  // Two sends of one caller to one conversation are accepted in the order of the calls.
  //
  // InvalidArgument: empty or oversized content, bad client_message_id. NotFound: no such
  // conversation. PermissionDenied: not a member, or a member who may not write.
  // ResourceExhausted: the log is full. DeadlineExceeded, Unavailable: outcome unknown; retry with
  // the same client_message_id.
  virtual Task<SendReceipt> send(Context ctx, SendRequest request) = 0;

  // Returns once applied. Fails like send(), and with Conflict when the conversation changed
  // underneath (read again and retry).
  virtual Task<OperateReceipt> operate(Context ctx, OperateRequest request) = 0;

  // Moves the user's read cursor; backwards is ignored. Returns once it cannot be lost.
  virtual Task<> read(Context ctx, ReadRequest request) = 0;
};

}  // namespace flare::api
