// What processes cost, as the kernel counts it under /proc.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace flare::bench {

struct MemoryUse {
  uint64_t rss_bytes = 0;
  uint64_t pss_bytes = 0;
  uint64_t anonymous_bytes = 0;  // what only the process itself uses: heap and stacks
};

// User and system time of all threads, summed over the processes. Throws Failure when one is gone.
int64_t cpu_time_ns(const std::vector<pid_t>& pids);

MemoryUse memory_use(const std::vector<pid_t>& pids);

int64_t own_cpu_time_ns();

}  // namespace flare::bench
