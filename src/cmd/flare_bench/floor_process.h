// The floor server in a process of its own, so that its CPU can be told from the generator's.
#pragma once

#include <sys/types.h>

#include <string>

#include "cmd/flare_bench/floor_server.h"

namespace flare::bench {

// Killed with its parent, and when this object dies.
class FloorProcess {
 public:
  // Returns once it listens. Throws Failure.
  explicit FloorProcess(const FloorSettings& settings);
  ~FloorProcess();
  FloorProcess(const FloorProcess&) = delete;
  FloorProcess& operator=(const FloorProcess&) = delete;

  std::string url() const { return url_; }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  std::string url_;
};

}  // namespace flare::bench
