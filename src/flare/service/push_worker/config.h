#pragma once

#include <chrono>
#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::push_worker {

struct Config {
  uint32_t batch_max = 512;
  uint32_t acknowledgements_max = 100'000;
  std::chrono::milliseconds acknowledgement_pause{100};
  std::chrono::milliseconds deliver_timeout{5'000};

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("batch_max", batch_max, "Dispatches handed to the gateways in one step.",
          config::between(1, 10'000));
    field("acknowledgements_max", acknowledgements_max,
          "Acknowledgements waiting to be noted; above it they are refused and come again.",
          config::between(1'000, 10'000'000));
    field("acknowledgement_pause", acknowledgement_pause,
          "Acknowledgements are collected this long, so that many become one.",
          config::between(1ms, 10s));
    field("deliver_timeout", deliver_timeout,
          "How long a gateway may take for a step before it is taken for gone; its devices "
          "reconnect elsewhere and sync.",
          config::between(100ms, 60s));
  }
};

}  // namespace flare::push_worker
