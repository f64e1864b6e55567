#include "cmd/flare_bench/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

// A difference a quiet machine does not show between two probes.
constexpr double kNoisyShare = 0.25;

std::string to_cell(double value) {
  std::array<char, 32> text{};
  const int digits = std::abs(value) >= 1000 ? 0 : (std::abs(value) >= 10 ? 1 : 3);
  const int size = std::snprintf(text.data(), text.size(), "%.*f", digits, value);
  return {text.data(), static_cast<size_t>(size)};
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string to_json(const Row& row) {
  std::string line = "{\"scenario\":" + quoted(row.scenario) + ",\"target\":" + quoted(row.target) +
                     ",\"durability\":" + quoted(row.durability) +
                     ",\"round\":" + std::to_string(row.round);
  std::array<char, 40> number{};
  for (const auto& [name, value] : row.numbers) {
    std::snprintf(number.data(), number.size(), "%.6g", value);
    line += ',' + quoted(name) + ':' + number.data();
  }
  line += ",\"violations\":" + std::to_string(row.violations.total()) + ",\"notes\":[";
  for (const std::string& note : row.notes) {
    line += (line.ends_with('[') ? "" : ",") + quoted(note);
  }
  line += "],\"violated\":{";
  for (size_t i = 0; i < kViolations; ++i) {
    const auto violation = static_cast<Violation>(i);
    if (row.violations.count(violation) == 0) continue;
    line += (line.ends_with('{') ? "" : ",") + quoted(std::string(to_name(violation))) + ':' +
            std::to_string(row.violations.count(violation));
  }
  return line + '}';
}

std::string to_json(const NoiseProbe& probe) {
  return "{\"spin_ms\":" + to_cell(probe.spin_ms) +
         ",\"fdatasync_us\":" + to_cell(probe.fdatasync_us) + '}';
}

void print_cell(const std::string& text, size_t width) {
  std::printf("%*s  ", static_cast<int>(width), text.c_str());
}

void print_places(const Row& row) {
  if (row.violations.places().empty()) return;
  std::printf("  VIOLATIONS %s, round %u, in %zu places:", row.target.c_str(), row.round,
              row.violations.places().size());
  for (const std::string& place : row.violations.places()) std::printf(" %s", place.c_str());
  std::printf("\n");
}

}  // namespace

Row to_median(const std::vector<Row>& rows, const std::string& target) {
  Row median;
  std::vector<std::vector<double>> columns;
  for (const Row& row : rows) {
    if (row.target != target) continue;
    median.scenario = row.scenario;
    median.durability = row.durability;
    median.numbers = row.numbers;
    columns.resize(row.numbers.size());
    for (size_t i = 0; i < row.numbers.size(); ++i) columns[i].push_back(row.numbers[i].second);
  }
  median.target = "median " + target;
  for (size_t i = 0; i < columns.size(); ++i) {
    std::ranges::sort(columns[i]);
    median.numbers[i].second = columns[i][columns[i].size() / 2];
  }
  return median;
}

Row to_ratio(const Row& row, const Row& base) {
  Row ratio = row;
  ratio.target = "ratio";
  ratio.durability.clear();
  for (auto& [name, value] : ratio.numbers) {
    const auto same = std::ranges::find(base.numbers, name, &std::pair<std::string, double>::first);
    value = same == base.numbers.end() || same->second == 0 ? 0 : value / same->second;
  }
  return ratio;
}

void print_table(const std::vector<Row>& rows) {
  if (rows.empty()) return;
  constexpr size_t kTargetWidth = 14;
  constexpr size_t kCellWidth = 9;
  std::printf("\n%s\n", rows.front().scenario.c_str());
  print_cell("target", kTargetWidth);
  std::printf("class  round  ");
  for (const auto& [name, value] : rows.front().numbers) {
    print_cell(name, std::max(name.size(), kCellWidth));
  }
  std::printf("violations\n");
  for (const Row& row : rows) {
    print_cell(row.target, kTargetWidth);
    print_cell(row.durability, 5);
    print_cell(row.round == 0 ? "" : std::to_string(row.round), 5);
    for (const auto& [name, value] : row.numbers) {
      print_cell(to_cell(value), std::max(name.size(), kCellWidth));
    }
    std::printf("%10llu\n", static_cast<unsigned long long>(row.violations.total()));
  }
  for (const Row& row : rows) {
    for (const std::string& note : row.notes) {
      std::printf("  %s, round %u: %s\n", row.target.c_str(), row.round, note.c_str());
    }
    for (const std::string& example : row.violations.examples()) {
      std::printf("  VIOLATION %s, round %u: %s\n", row.target.c_str(), row.round, example.c_str());
    }
    print_places(row);
  }
  std::fflush(stdout);
}

void print_noise(const NoiseProbe& before, const NoiseProbe& after) {
  std::printf("noise probe: spin %.2f -> %.2f ms, fdatasync %.0f -> %.0f us\n", before.spin_ms,
              after.spin_ms, before.fdatasync_us, after.fdatasync_us);
  const auto differs = [](double one, double other) {
    return std::abs(one - other) > kNoisyShare * std::min(one, other);
  };
  if (differs(before.spin_ms, after.spin_ms) || differs(before.fdatasync_us, after.fdatasync_us)) {
    std::printf("  the machine changed during the run: trust the ratios only\n");
  }
}

void append_json(const std::string& path, const std::vector<Row>& rows, const NoiseProbe& before,
                 const NoiseProbe& after) {
  if (path.empty()) return;
  std::ofstream file(path, std::ios::app);
  for (const Row& row : rows) {
    file << to_json(row) << ",\"noise_before\":" << to_json(before)
         << ",\"noise_after\":" << to_json(after) << "}\n";
  }
  file.flush();
  if (!file) fail("json: cannot write " + path);
}

}  // namespace flare::bench
