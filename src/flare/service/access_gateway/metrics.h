#pragma once

#include <array>

#include "flare/base/metrics.h"
#include "flare/base/result.h"

namespace flare::access_gateway {

struct Metrics {
  explicit Metrics(MetricRegistry& registry)
      : connections(registry.gauge("flare_access_gateway_connections",
                                   "Client connections, logged in or not.")),
        sessions(registry.gauge("flare_access_gateway_sessions", "Logged-in sessions.")),
        logins(registry.counter("flare_access_gateway_logins_total", "Successful logins.")),
        frames_in(registry.counter("flare_access_gateway_frames_in_total", "Frames taken.")),
        pushes(registry.counter("flare_access_gateway_pushes_total", "Pushes queued.")),
        resyncs(registry.counter("flare_access_gateway_resyncs_total",
                                 "Pushes left out for slow connections.")),
        kicked(registry.counter("flare_access_gateway_kicked_total", "Sessions kicked.")),
        heartbeats_missed(registry.counter("flare_access_gateway_heartbeats_missed_total",
                                           "Sessions closed because they were silent.")),
        in_flight(
            registry.gauge("flare_access_gateway_requests_in_flight", "Requests being answered.")),
        request_seconds(registry.histogram("flare_access_gateway_request_seconds",
                                           "Time to answer a request.")) {
    for (size_t i = 0; i < errors.size(); ++i) {
      errors[i] =
          &registry.counter("flare_access_gateway_errors_total", "Requests answered with an error.",
                            {{"code", std::string(name(static_cast<ErrorCode>(i)))}});
    }
  }

  void error(ErrorCode code) { errors[static_cast<size_t>(code)]->add(); }

  Gauge& connections;
  Gauge& sessions;
  Counter& logins;
  Counter& frames_in;
  Counter& pushes;
  Counter& resyncs;
  Counter& kicked;
  Counter& heartbeats_missed;
  Gauge& in_flight;
  Histogram& request_seconds;
  std::array<Counter*, static_cast<size_t>(ErrorCode::Internal) + 1> errors{};
};

}  // namespace flare::access_gateway
