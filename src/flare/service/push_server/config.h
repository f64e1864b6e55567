#pragma once

#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::push_server {

struct Config {
  uint32_t batch_max = 512;

  void describe(auto& field) {
    field("batch_max", batch_max, "Events scheduled in one step.", config::between(1, 10'000));
  }
};

}  // namespace flare::push_server
