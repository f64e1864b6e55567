// What presence counts. Requests are measured at the doors that bring them.
#pragma once

#include "flare/base/metrics.h"

namespace flare::signaling_online {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : logins(registry.counter("flare_signaling_online_logins_total", "Sessions registered.")),
        late_logins(registry.counter("flare_signaling_online_late_logins_total",
                                     "Logins refused because a newer one of the device exists.")),
        logouts(registry.counter("flare_signaling_online_logouts_total", "Sessions removed.")),
        kicks(registry.counter("flare_signaling_online_kicks_total",
                               "Sessions ended by a newer login of their device.")),
        kicks_failed(registry.counter("flare_signaling_online_kicks_failed_total",
                                      "Kicks a gateway did not take; its next heartbeat repeats.")),
        renewed(registry.counter("flare_signaling_online_leases_renewed_total",
                                 "Leases asked to be renewed by heartbeats.")),
        lost(registry.counter("flare_signaling_online_sessions_lost_total",
                              "Sessions the presence store had lost and were put again.")) {}

  Counter& logins;
  Counter& late_logins;
  Counter& logouts;
  Counter& kicks;
  Counter& kicks_failed;
  Counter& renewed;
  Counter& lost;
};

}  // namespace flare::signaling_online
