// What an operator may set of presence.
#pragma once

#include <chrono>
#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::signaling_online {

struct Config {
  // Three heartbeats of 30 s: one may be late and one lost before somebody counts as offline.
  std::chrono::milliseconds lease{90'000};

  void describe(auto& field) {
    field("lease", lease, "How long a session counts as online without a heartbeat.",
          config::between(std::chrono::seconds(10), std::chrono::hours(1)));
  }
};

}  // namespace flare::signaling_online
