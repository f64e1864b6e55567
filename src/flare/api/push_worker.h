// PushWorker: takes the devices' acknowledgements. Any loop may call.
#pragma once

#include <vector>

#include "flare/base/context.h"
#include "flare/base/task.h"
#include "flare/model/ids.h"

namespace flare::api {

// One of the user's devices has the conversation up to and with seq.
struct Acknowledgement {
  TenantId tenant;
  ConversationId conversation;
  UserId user;
  Sequence seq = 0;
};

class PushWorker {
 public:
  virtual ~PushWorker() = default;

  // Cumulative; older ones are ignored. Bounded: ResourceExhausted when the worker is behind, then
  // the device's next acknowledgement covers it.
  virtual Task<> acknowledge(Context ctx, std::vector<Acknowledgement> acknowledgements) = 0;
};

}  // namespace flare::api
