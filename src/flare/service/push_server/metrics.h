#pragma once

#include "flare/base/metrics.h"

namespace flare::push_server {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : events(registry.counter("flare_push_server_events_total", "Events scheduled.")),
        dispatches(registry.counter("flare_push_server_dispatches_total",
                                    "Dispatches written for the workers.")),
        nobody_online(registry.counter("flare_push_server_nobody_online_total",
                                       "Events none of whose receivers was online.")),
        last_success(registry.gauge("flare_push_server_last_success_seconds",
                                    "Unix time of the last scheduled batch.")) {}

  Counter& events;
  Counter& dispatches;
  Counter& nobody_online;
  Gauge& last_success;
};

}  // namespace flare::push_server
