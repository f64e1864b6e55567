// The scenarios. Each measures one target once; rounds.h repeats and compares.
#pragma once

#include "cmd/flare_bench/options.h"
#include "cmd/flare_bench/report.h"
#include "cmd/flare_bench/target.h"

namespace flare::bench {

// Pairs talk, closed loop; the headline is messages acknowledged and delivered, per second.
Row run_chat(const Options& options, const Target& target);

// Pairs talk on a schedule; the headline is the median latency from due to delivered.
Row run_latency(const Options& options, const Target& target);

// One group, few senders; the headline is deliveries per second.
Row run_fanout(const Options& options, const Target& target);

// Connections that do nothing; the headline is logins per second.
Row run_idle(const Options& options, const Target& target);

// Pages of stored messages, closed loop; the headline is pages per second.
Row run_history(const Options& options, const Target& target);

// Sends and journals every receipt until the server dies or the time is over.
Row run_durability(const Options& options, const Target& target);

// Holds a journal against the histories of a server.
Row verify_durability(const Options& options, const Target& target);

}  // namespace flare::bench
