#pragma once

#include <chrono>
#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::access_gateway {

struct Config {
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds heartbeat_interval{30'000};
  std::chrono::milliseconds heartbeat_timeout{90'000};
  std::chrono::milliseconds request_timeout{10'000};
  // Set from signaling_online.lease, whose it is; no key of its own.
  std::chrono::milliseconds presence_lease{90'000};
  uint32_t sends_per_second = 200;
  uint32_t sends_burst = 400;
  uint32_t requests_in_flight_max = 256;
  ByteSize frame_bytes_max = kib(256);
  ByteSize content_bytes_max = kib(64);
  ByteSize slow_bytes = kib(256);
  uint32_t ack_positions_max = 200;
  uint32_t presence_users_max = 200;

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("handshake_timeout", handshake_timeout,
          "A connection that has not logged in by then is closed.", config::between(10ms, 5min));
    field("heartbeat_interval", heartbeat_interval,
          "What clients are told: send something at least this often.", config::between(100ms, 1h));
    field("heartbeat_timeout", heartbeat_timeout,
          "A connection that was silent this long is closed; three heartbeats survive one lost.",
          config::between(100ms, 1h));
    field("request_timeout", request_timeout, "Longest time one client request may take.",
          config::between(10ms, 5min));
    field("sends_per_second", sends_per_second,
          "Sends, reads and operations a session may make, on average.",
          config::between(1, 1'000'000));
    field("sends_burst", sends_burst, "And at once, after a pause.", config::between(1, 1'000'000));
    field("requests_in_flight_max", requests_in_flight_max,
          "Requests of one session being answered at the same time; the next ones are refused.",
          config::between(1, 100'000));
    field("frame_bytes_max", frame_bytes_max, "Largest frame taken from a client.",
          config::between(kib(1), mib(64)));
    field("content_bytes_max", content_bytes_max,
          "What clients are told; the orchestrator enforces its own content_bytes_max.",
          config::between(ByteSize{1}, mib(16)));
    field("slow_bytes", slow_bytes,
          "Bytes queued for a connection above which pushes give way to Resync.",
          config::between(kib(4), mib(64)));
    field("ack_positions_max", ack_positions_max, "Positions one DeliverAck may carry.",
          config::between(1, 10'000));
    field("presence_users_max", presence_users_max, "Users one presence query may name.",
          config::between(1, 10'000));
  }
};

}  // namespace flare::access_gateway
