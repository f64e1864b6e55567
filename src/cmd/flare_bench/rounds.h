// Repeats a scenario in rounds, the floor's turn and the server's turn by turn, since a shared
// machine changes within minutes: only neighbours can be compared.
#pragma once

#include "cmd/flare_bench/options.h"

namespace flare::bench {

// Prints and writes the results. The exit code: 0, or 1 when anything was violated. Throws Failure.
int run_rounds(const Options& options);

}  // namespace flare::bench
