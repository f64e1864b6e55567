#include "cmd/flare_bench/noise_probe.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr int kSpins = 9;
constexpr int kSyncs = 200;
constexpr uint64_t kSpinSteps = 5'000'000;
constexpr int64_t kBlockBytes = 4096;

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

double time_spin() {
  const int64_t started = now_ns();
  volatile uint64_t state = 1;  // so that the loop is not computed at compile time
  for (uint64_t i = 0; i < kSpinSteps; ++i) state = state * 6364136223846793005ULL + i;
  return to_milliseconds(now_ns() - started);
}

}  // namespace

NoiseProbe probe_noise(const std::string& folder) {
  std::vector<double> spins;
  for (int i = 0; i < kSpins; ++i) spins.push_back(time_spin());

  const std::string path = folder + "/noise-probe";
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno("noise probe: " + path);
  const std::string block(static_cast<size_t>(kBlockBytes), 'x');
  std::vector<double> syncs;
  // The first round gives the file its blocks and is not counted.
  for (int i = 0; i < 2 * kSyncs; ++i) {
    const int64_t started = now_ns();
    if (pwrite(fd, block.data(), block.size(), i % kSyncs * kBlockBytes) < 0 ||
        fdatasync(fd) != 0) {
      fail_errno("noise probe: " + path);
    }
    if (i >= kSyncs) syncs.push_back(to_milliseconds(now_ns() - started) * 1000);
  }
  close(fd);
  unlink(path.c_str());
  return {.spin_ms = median(spins), .fdatasync_us = median(syncs)};
}

}  // namespace flare::bench
