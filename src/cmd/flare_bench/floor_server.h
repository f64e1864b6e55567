// The floor: the least a server can do and still keep the promise "on the disk before the receipt,
// delivered to the others". One loop and one log thread, no accounts, no checks, no history.
//
// What it costs is the kernel's part of the work: nothing that does more can be faster on this
// machine, so results are read as a share of it.
#pragma once

#include <functional>
#include <string>

namespace flare::bench {

struct FloorSettings {
  std::string folder;  // for the log's segments
  bool synced = true;
};

// Serves connections of the listening socket until the process is killed; calls `on_ready` when the
// log is open. Throws Failure.
[[noreturn]] void serve_floor(int listener, const FloorSettings& settings,
                              const std::function<void()>& on_ready);

}  // namespace flare::bench
