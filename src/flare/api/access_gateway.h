// AccessGateway: the holder of client connections, as the services behind it see it.
// Any loop may call.
#pragma once

#include <string>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/ids.h"

namespace flare::api {

// A member's device has, or a member has read, a conversation up to a seq; for one other user.
struct ReceiptNotice {
  TenantId tenant;
  UserId to;
  ConversationId conversation;
  UserId by;
  Sequence delivered_seq = 0;  // 0: unchanged
  Sequence read_seq = 0;       // 0: unchanged
};

struct DeliverReport {
  uint64_t frames = 0;  // written to a connection
  uint64_t resyncs = 0;  // left out for a slow connection, which is told to resync
};

class AccessGateway {
 public:
  virtual ~AccessGateway() = default;

  // Unique for every start of the process.
  virtual const std::string& gateway_id() const = 0;

  // Encoded flare.log.v1.Event records, in order. Returns once each was queued to its local
  // sessions.
  virtual Task<DeliverReport> deliver(Context ctx, std::vector<Bytes> events) = 0;

  // Ephemeral: who is not here misses nothing, a sync tells the same.
  virtual Task<> notify(Context ctx, std::vector<ReceiptNotice> notices) = 0;

  // Tells the session why and closes it; a session that is gone is fine.
  virtual Task<> kick(Context ctx, uint64_t session, std::string reason, std::string by) = 0;
};

// The gateways of the system.
class GatewayDirectory {
 public:
  virtual ~GatewayDirectory() = default;

  // Null when that gateway is gone. The reference lives as long as the directory.
  virtual AccessGateway* find(std::string_view gateway_id) = 0;
  virtual std::vector<AccessGateway*> all() = 0;
};

}  // namespace flare::api
