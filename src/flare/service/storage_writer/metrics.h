#pragma once

#include "flare/base/metrics.h"

namespace flare::storage_writer {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : applied(registry.counter("flare_storage_writer_events_applied_total",
                                 "Events applied to the store.")),
        duplicates(registry.counter("flare_storage_writer_duplicates_total",
                                    "Events dropped because their message was applied before.")),
        refused(registry.counter("flare_storage_writer_refused_total",
                                 "Events whose conversation does not exist.")),
        failures(registry.counter("flare_storage_writer_failures_total",
                                  "Transactions that failed and were tried again.")),
        batch_seconds(registry.histogram("flare_storage_writer_batch_seconds",
                                         "Time from the log's delivery to the applied batch.")),
        last_success(registry.gauge("flare_storage_writer_last_success_seconds",
                                    "Unix time of the last applied batch.")) {}

  Counter& applied;
  Counter& duplicates;
  Counter& refused;
  Counter& failures;
  Histogram& batch_seconds;
  Gauge& last_success;
};

}  // namespace flare::storage_writer
