// The four signals of each call of the storage reader: rate, errors by code, duration, in flight.
#pragma once

#include <array>
#include <string>

#include "flare/base/clock.h"
#include "flare/base/metrics.h"
#include "flare/base/task.h"

namespace flare::storage_reader {

class CallMetrics {
 public:
  CallMetrics(MetricRegistry& registry, const std::string& call);

  // The same work, counted and timed. The clock must outlive it.
  template <class T>
  Task<T> measure(const Clock* clock, Task<T> work) {
    const TimePoint start = clock->now();
    in_flight_.add(1);
    Result<T> result = co_await attempt(std::move(work));
    in_flight_.add(-1);
    seconds_.observe(clock->now() - start);
    (result ? ok_ : *errors_[static_cast<size_t>(result.error().code)]).add();
    co_return std::move(result);
  }

 private:
  Counter& ok_;
  std::array<Counter*, static_cast<size_t>(ErrorCode::Internal) + 1> errors_;
  Histogram& seconds_;
  Gauge& in_flight_;
};

struct Metrics {
  explicit Metrics(MetricRegistry& registry);

  CallMetrics sync;
  CallMetrics history;
  CallMetrics get_message;
  CallMetrics list_conversations;
  CallMetrics list_members;
  CallMetrics where;
  CallMetrics groups_of;

  Counter& syncs_unchanged;
  Counter& messages_read;
};

}  // namespace flare::storage_reader
