#include "flare/adapter/segment_log/write_ahead_log.h"

namespace flare::segment_log {
namespace {

struct InFlight {
  explicit InFlight(std::atomic<size_t>& of) : count(of) { ++count; }
  ~InFlight() { --count; }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;

  std::atomic<size_t>& count;
};

}  // namespace

Task<port::LogPosition> WriteAheadLog::publish(Context ctx, port::LogRecord record) {
  const InFlight in_flight(in_flight_);
  co_return co_await topic_.append(std::move(ctx), std::move(record), port::Durability::Synced);
}

Task<size_t> WriteAheadLog::sweep(Context) { co_return 0; }

}  // namespace flare::segment_log
