#pragma once

#include <chrono>
#include <cstdint>

#include "flare/base/config_field.h"

namespace flare::message_orchestrator {

struct Config {
  ByteSize content_bytes_max = kib(64);
  uint32_t metadata_entries_max = 32;
  ByteSize metadata_bytes_max = kib(4);
  uint32_t members_max = 100'000;
  uint32_t members_per_operation_max = 1'000;
  uint32_t title_bytes_max = 256;
  bool answer_with_seq = true;
  std::chrono::milliseconds seq_wait_max{5'000};
  std::chrono::milliseconds membership_age_max{2'000};
  uint32_t membership_cache_max = 100'000;
  std::chrono::milliseconds sweep_interval{5'000};

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("content_bytes_max", content_bytes_max,
          "Largest content of a message; media travels by reference.",
          config::between(ByteSize{1}, mib(16)));
    field("metadata_entries_max", metadata_entries_max, "Metadata entries a message may carry.",
          config::between(0, 1'000));
    field("metadata_bytes_max", metadata_bytes_max, "Bytes of all metadata keys and values.",
          config::between(ByteSize{0}, mib(1)));
    field("members_max", members_max, "Members a conversation may have.",
          config::between(2, 10'000'000));
    field("members_per_operation_max", members_per_operation_max,
          "Members one request may add or remove; the operation is one record of the log.",
          config::between(1, 10'000));
    field("title_bytes_max", title_bytes_max, "Longest title of a conversation.",
          config::between(1, 4'096));
    field(
        "answer_with_seq", answer_with_seq,
        "Wait for the seq with every send. Costs little where the writer is in the same process.");
    field("seq_wait_max", seq_wait_max,
          "Longest wait for a seq; after it the sender is told that the message is accepted.",
          config::between(10ms, 60s));
    field("membership_age_max", membership_age_max,
          "How long a remembered membership is trusted when no change was announced.",
          config::between(10ms, 60s));
    field("membership_cache_max", membership_cache_max,
          "Memberships remembered, about 200 bytes each.", config::between(1'000, 10'000'000));
    field("sweep_interval", sweep_interval,
          "Pause between two sweeps of the write-ahead log for what an outage left behind.",
          config::between(100ms, 10min));
  }
};

}  // namespace flare::message_orchestrator
