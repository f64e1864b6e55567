// Who is measured: a server that is already running, or the floor.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "cmd/flare_bench/connection_pool.h"
#include "cmd/flare_bench/options.h"

namespace flare::bench {

struct Target {
  std::string name;
  std::string durability;
  std::vector<pid_t> pids;  // none: its cost is not reported
  ConnectionPool::Settings pool;
};

// Throws Failure for a bad url or key file.
Target to_server_target(const Options& options);
Target to_floor_target(const Options& options, const std::string& url, pid_t pid);

// A number for this run that no other run has, so that its messages are new ones.
uint32_t draw_run();

LoginPlan to_login_plan(const Options& options);

}  // namespace flare::bench
