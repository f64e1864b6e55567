// durability run: journals every receipt while somebody else may kill the server.
#include <algorithm>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/journal.h"
#include "cmd/flare_bench/scenarios.h"
#include "cmd/flare_bench/traffic.h"

namespace flare::bench {
namespace {

constexpr uint64_t kSpareDescriptors = 64;
constexpr int64_t kDrainLimit = 15 * kSecond;

// Half of the connections in pairs, the others in groups, where all members send: a conversation's
// order is decided between several connections there.
void seat_everybody(Traffic& traffic, const Options& options, uint32_t connections) {
  const uint32_t group_size = std::max(2U, options.group_size);
  const uint32_t paired = connections / 2 / 2 * 2;
  traffic.seat_pairs(0, paired);
  uint32_t first = paired;
  for (; first + group_size <= connections; first += group_size) {
    traffic.seat_group(first, group_size, 0, group_size);
  }
  traffic.seat_pairs(first, (connections - first) / 2 * 2);
}

}  // namespace

Row run_durability(const Options& options, const Target& target) {
  if (options.journal.empty()) fail("--journal: is needed");
  const uint32_t connections = options.connections == 0 ? 200 : options.connections;
  if (connections % 2 != 0) fail("--connections: must be even");
  require_descriptors(connections + kSpareDescriptors);
  Traffic traffic({.run = draw_run(),
                   .text_bytes = options.text_bytes,
                   .ack_level = options.ack_persisted ? AckLevel::Persisted : AckLevel::Accepted,
                   .in_flight = options.in_flight,
                   .retry_every = options.retry_every,
                   .may_lose_connections = true},
                  target.pool, connections);
  JournalWriter journal(options.journal, options.text_bytes);
  traffic.on_receipt_seen = [&journal](const MessageKey& key, const ReceiptView& receipt) {
    journal.add({key, to_message_id(receipt.message_id), receipt.seq}, receipt.conversation_id);
  };
  traffic.pool().login(0, connections, to_login_plan(options));
  seat_everybody(traffic, options, connections);
  traffic.start_closed_loop();
  const int64_t started = now_ns();
  traffic.run_for(static_cast<int64_t>(options.duration_s * 1e9));
  const double seconds = to_seconds(now_ns() - started);
  traffic.drain(kDrainLimit);

  Row row;
  row.scenario = "durability run: " + std::to_string(connections) + " connections";
  row.target = target.name;
  row.durability = target.durability;
  const bool survived = traffic.pool().ready() == connections;
  if (survived) traffic.check_end();
  row.numbers = {{"messages/s", static_cast<double>(traffic.counters().completed) / seconds},
                 {"seconds", seconds},
                 {"sent", static_cast<double>(traffic.counters().sent)},
                 {"receipts", static_cast<double>(journal.written())},
                 {"connections_left", static_cast<double>(traffic.pool().ready())}};
  row.notes.emplace_back(survived ? "the server survived the run"
                                  : "the server went away, as it was meant to");
  for (const auto& [code, refusal] : traffic.refusals()) {
    row.notes.push_back("refused " + std::to_string(refusal.count) + " times: " +
                        std::to_string(code) + ' ' + refusal.name + ": " + refusal.example);
  }
  row.violations = traffic.violations();
  return row;
}

}  // namespace flare::bench
