#include "cmd/flare_bench/rounds.h"

#include <stdlib.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/floor_process.h"
#include "cmd/flare_bench/scenarios.h"

namespace flare::bench {
namespace {

// A folder of this run's own, removed with everything in it.
class WorkFolder {
 public:
  explicit WorkFolder(const std::string& parent) {
    path_ = parent.empty() ? std::filesystem::temp_directory_path().string() : parent;
    path_ += "/flare-bench-XXXXXX";
    if (mkdtemp(path_.data()) == nullptr) fail_errno("work folder: " + path_);
  }
  ~WorkFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Row run_scenario(const Options& options, const Target& target) {
  switch (options.scenario) {
    case Scenario::Chat:
      return run_chat(options, target);
    case Scenario::Latency:
      return run_latency(options, target);
    case Scenario::Fanout:
      return run_fanout(options, target);
    case Scenario::Idle:
      return run_idle(options, target);
    case Scenario::History:
      return run_history(options, target);
    case Scenario::DurabilityRun:
      return run_durability(options, target);
    case Scenario::DurabilityVerify:
      return verify_durability(options, target);
  }
  fail("unknown scenario");
}

Row run_on_floor(const Options& options, const WorkFolder& folder) {
  const FloorProcess floor({.folder = folder.path(), .synced = !options.floor_unsynced});
  return run_scenario(options, to_floor_target(options, floor.url(), floor.pid()));
}

std::vector<Row> with_summary(const std::vector<Row>& rows, const Options& options) {
  std::vector<Row> table = rows;
  const bool both = options.with_floor && !options.floor_only;
  if (options.rounds == 1 && !both) return table;
  const Row floor = to_median(rows, "floor");
  const Row server = to_median(rows, "server");
  if (!floor.numbers.empty()) table.push_back(floor);
  if (!server.numbers.empty()) table.push_back(server);
  if (both) table.push_back(to_ratio(server, floor));
  return table;
}

}  // namespace

int run_rounds(const Options& options) {
  const WorkFolder folder(options.work_folder);
  const NoiseProbe before = probe_noise(folder.path());
  std::vector<Row> rows;
  for (uint32_t round = 1; round <= options.rounds; ++round) {
    if (options.floor_only || options.with_floor) {
      rows.push_back(run_on_floor(options, folder));
      rows.back().round = round;
    }
    if (!options.floor_only) {
      rows.push_back(run_scenario(options, to_server_target(options)));
      rows.back().round = round;
    }
    if (options.rounds > 1) {
      std::fprintf(stderr, "round %u of %u is over\n", round, options.rounds);
    }
  }
  const NoiseProbe after = probe_noise(folder.path());

  const std::vector<Row> table = with_summary(rows, options);
  print_table(table);
  print_noise(before, after);
  append_json(options.json_file, table, before, after);
  return std::ranges::any_of(rows, [](const Row& row) { return row.violations.total() > 0; });
}

}  // namespace flare::bench
