#pragma once

#include "flare/base/metrics.h"

namespace flare::push_worker {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : dispatches(registry.counter("flare_push_worker_dispatches_total",
                                    "Dispatches handed to gateways.")),
        frames(registry.counter("flare_push_worker_frames_total",
                                "Frames gateways queued to connections.")),
        resyncs(
            registry.counter("flare_push_worker_resyncs_total",
                             "Frames left out for slow connections, which were told to resync.")),
        gateway_failures(registry.counter("flare_push_worker_gateway_failures_total",
                                          "Steps a gateway failed or was gone for.")),
        acknowledged(
            registry.counter("flare_push_worker_acknowledged_total", "Delivered positions noted.")),
        last_success(registry.gauge("flare_push_worker_last_success_seconds",
                                    "Unix time of the last step.")) {}

  Counter& dispatches;
  Counter& frames;
  Counter& resyncs;
  Counter& gateway_failures;
  Counter& acknowledged;
  Gauge& last_success;
};

}  // namespace flare::push_worker
