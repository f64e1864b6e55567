#pragma once

#include <chrono>
#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::storage_writer {

struct Config {
  uint32_t batch_max = 512;
  uint32_t cache_max = 200'000;
  std::chrono::milliseconds retry_max{1000};

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("batch_max", batch_max,
          "Events applied in one transaction; what arrived while the last one was applied.",
          config::between(1, 10'000));
    field("cache_max", cache_max,
          "Conversations and members remembered between transactions, about 300 bytes each.",
          config::between(1'000, 10'000'000));
    field("retry_max", retry_max, "Longest pause before a failed transaction is tried again.",
          config::between(10ms, 60s));
  }
};

}  // namespace flare::storage_writer
