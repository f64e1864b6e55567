#pragma once

#include "flare/base/metrics.h"

namespace flare::message_orchestrator {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : accepted(registry.counter("flare_message_orchestrator_accepted_total",
                                  "Messages, operations and read marks the event log has taken.")),
        refused(registry.counter("flare_message_orchestrator_refused_total",
                                 "Requests refused by a check.")),
        failed(registry.counter("flare_message_orchestrator_failed_total",
                                "Requests the event log did not take.")),
        seq_timeouts(registry.counter("flare_message_orchestrator_seq_timeouts_total",
                                      "Senders told 'accepted' because the seq came too late.")),
        publish_seconds(registry.histogram("flare_message_orchestrator_publish_seconds",
                                           "Time until the event log has a message durably.")),
        swept(registry.counter("flare_message_orchestrator_swept_total",
                               "Events published again from the write-ahead log.")) {}

  Counter& accepted;
  Counter& refused;
  Counter& failed;
  Counter& seq_timeouts;
  Histogram& publish_seconds;
  Counter& swept;
};

}  // namespace flare::message_orchestrator
