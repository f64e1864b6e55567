// How fast this machine is at this moment. Two probes that differ say that the numbers between
// them were disturbed by somebody else.
#pragma once

#include <string>

namespace flare::bench {

struct NoiseProbe {
  double spin_ms = 0;       // a fixed amount of arithmetic; the median of several
  double fdatasync_us = 0;  // a synced write of 4 KiB; the median of several
};

// Takes a quarter of a second. The folder is on the disk that is to be probed. Throws Failure.
NoiseProbe probe_noise(const std::string& folder);

}  // namespace flare::bench
