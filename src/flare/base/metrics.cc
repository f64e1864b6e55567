#include "flare/base/metrics.h"

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>

namespace flare {
namespace {

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

// A label value escapes quotes, a help text does not.
std::string escaped(std::string_view text, bool quotes) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || (quotes && c == '"')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
  return out;
}

[[maybe_unused]] bool well_named(std::string_view name, bool counter) {
  return name.starts_with("flare_") && name.ends_with("_total") == counter &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

[[maybe_unused]] bool well_named_label(std::string_view name) {
  return !name.empty() && name != "le" && name.front() >= 'a' && name.front() <= 'z' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

// Sorted, so that the order in which a caller names the labels does not matter.
std::string written(MetricLabels labels) {
  std::ranges::sort(labels);
  std::string out;
  for (const auto& [name, value] : labels) {
    assert(well_named_label(name) && "a label's name is in [a-z0-9_] and not le");
    if (!out.empty()) out += ',';
    out += name + "=\"" + escaped(value, true) + '"';
  }
  return out;
}

void append_line(std::string& out, std::string_view name, std::string_view labels,
                 std::string_view value) {
  out += name;
  if (!labels.empty()) (out += '{') += labels, out += '}';
  ((out += ' ') += value) += '\n';
}

void append_histogram(std::string& out, const std::string& name, const std::string& labels,
                      const Histogram& histogram) {
  const std::string before = labels.empty() ? "le=\"" : labels + ",le=\"";
  const std::vector<double>& bounds = histogram.bounds();
  // The count is made of the same numbers as the buckets: scrapers require them to agree.
  uint64_t below = 0;
  size_t i = 0;
  for (const uint64_t in_bucket : histogram.buckets()) {
    below += in_bucket;
    const std::string bound = i < bounds.size() ? number(bounds[i]) : "+Inf";
    append_line(out, name + "_bucket", before + bound + '"', std::to_string(below));
    ++i;
  }
  append_line(out, name + "_sum", labels, number(histogram.sum()));
  append_line(out, name + "_count", labels, std::to_string(below));
}

}  // namespace

uint64_t Counter::value() const {
  uint64_t sum = 0;
  for (const Cell& cell : cells_) sum += cell.count.load(std::memory_order_relaxed);
  return sum;
}

Histogram::Histogram(std::span<const double> bounds) : bounds_(bounds.begin(), bounds.end()) {
  assert(std::ranges::is_sorted(bounds_) && "a histogram's bounds ascend");
  for (Cell& cell : cells_) {
    cell.lines = std::make_unique<Line[]>(bounds_.size() / 8 + 1);
  }
}

void Histogram::observe(double value) {
  if (std::isnan(value)) return;  // would make the sum NaN for ever
  const auto bucket = std::ranges::lower_bound(bounds_, value) - bounds_.begin();
  Cell& cell = cells_[detail::metric_cell()];
  cell.count(static_cast<size_t>(bucket)).fetch_add(1, std::memory_order_relaxed);
  cell.sum.fetch_add(value, std::memory_order_relaxed);
}

uint64_t Histogram::count() const {
  uint64_t count = 0;
  for (const uint64_t in_bucket : buckets()) count += in_bucket;
  return count;
}

double Histogram::sum() const {
  double sum = 0;
  for (const Cell& cell : cells_) sum += cell.sum.load(std::memory_order_relaxed);
  return sum;
}

std::vector<uint64_t> Histogram::buckets() const {
  std::vector<uint64_t> buckets(bounds_.size() + 1);
  for (const Cell& cell : cells_) {
    for (size_t i = 0; i < buckets.size(); ++i) {
      buckets[i] += cell.count(i).load(std::memory_order_relaxed);
    }
  }
  return buckets;
}

MetricRegistry::Family& MetricRegistry::family(std::string_view name, std::string_view help,
                                               Kind kind) {
  assert(well_named(name, kind == Kind::Counter) &&
         "a metric is flare_..., in [a-z0-9_], and exactly counters end in _total");
  auto found = families_.find(name);
  if (found == families_.end()) {
    found =
        families_.emplace(std::string(name), Family{kind, std::string(help), {}, {}, {}, {}}).first;
  }
  assert(found->second.kind == kind && "one name is one kind of metric");
  return found->second;
}

Counter& MetricRegistry::counter(std::string_view name, std::string_view help,
                                 MetricLabels labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, Kind::Counter);
  return of.counters[written(std::move(labels))];
}

Gauge& MetricRegistry::gauge(std::string_view name, std::string_view help, MetricLabels labels) {
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, Kind::Gauge);
  const std::string label_text = written(std::move(labels));
  assert(!of.watches.contains(label_text) && "a gauge is either set or watched");
  return of.gauges[label_text];
}

Histogram& MetricRegistry::histogram(std::string_view name, std::string_view help,
                                     MetricLabels labels, std::span<const double> bounds) {
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, Kind::Histogram);
  return of.histograms.try_emplace(written(std::move(labels)), bounds).first->second;
}

MetricRegistry::Watch MetricRegistry::watch(std::string_view name, std::string_view help,
                                            MetricLabels labels,
                                            std::move_only_function<double()> read) {
  std::string label_text = written(std::move(labels));
  std::lock_guard lock(mutex_);
  Family& of = family(name, help, Kind::Gauge);
  assert(!of.gauges.contains(label_text) && "a gauge is either set or watched");
  [[maybe_unused]] const bool added = of.watches.emplace(label_text, std::move(read)).second;
  assert(added && "one watch at a time per name and labels");
  return Watch(this, std::string(name), std::move(label_text));
}

MetricRegistry::Watch::~Watch() {
  if (registry_ == nullptr) return;
  std::lock_guard lock(registry_->mutex_);
  registry_->families_.find(name_)->second.watches.erase(labels_);
}

std::string MetricRegistry::text() const {
  constexpr std::string_view kTypes[] = {"counter", "gauge", "histogram"};
  std::string out;
  std::lock_guard lock(mutex_);
  for (auto& [name, of] : families_) {
    out += "# HELP " + name + ' ' + escaped(of.help, false) + '\n';
    (out += "# TYPE " + name + ' ') += kTypes[static_cast<size_t>(of.kind)];
    out += '\n';
    for (const auto& [labels, counter] : of.counters) {
      append_line(out, name, labels, std::to_string(counter.value()));
    }
    for (const auto& [labels, gauge] : of.gauges) {
      append_line(out, name, labels, number(gauge.value()));
    }
    for (auto& [labels, read] : of.watches) append_line(out, name, labels, number(read()));
    for (const auto& [labels, histogram] : of.histograms) {
      append_histogram(out, name, labels, histogram);
    }
  }
  return out;
}

}  // namespace flare
