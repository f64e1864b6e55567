// Results, as a table for people and as JSON lines for machines.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cmd/flare_bench/noise_probe.h"
#include "cmd/flare_bench/violations.h"

namespace flare::bench {

// One measurement of one target. The first number is the scenario's headline.
struct Row {
  std::string scenario;
  std::string target;      // "floor" or "server"
  std::string durability;  // D0, D1 or D2, see docs/benchmarks.md
  uint32_t round = 0;
  std::vector<std::pair<std::string, double>> numbers;
  std::vector<std::string> notes;  // refusals and the like: printed below the table
  Violations violations;
};

// The median of each number over the rows of one target.
Row to_median(const std::vector<Row>& rows, const std::string& target);

// Each number of `row` divided by the same one of `base`.
Row to_ratio(const Row& row, const Row& base);

void print_table(const std::vector<Row>& rows);
void print_noise(const NoiseProbe& before, const NoiseProbe& after);

// Appends one line a row. Throws Failure when the file cannot be written.
void append_json(const std::string& path, const std::vector<Row>& rows, const NoiseProbe& before,
                 const NoiseProbe& after);

}  // namespace flare::bench
