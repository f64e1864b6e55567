#include <pthread.h>

#include <thread>

#include "flare/adapter/rocksdb/database.h"
#include "flare/adapter/rocksdb/flush_files.h"
#include "flare/adapter/rocksdb/status.h"
#include "flare/base/log.h"

namespace flare::rocksdb {
namespace {

// A failed flush is tried again after this pause: soon enough that writers hardly notice when space
// has returned.
constexpr std::chrono::milliseconds kRetryPause{1000};

// How long a flush waits for merging when there are kRunsStop runs, and how often it looks.
constexpr std::chrono::minutes kMergeWaitMax{1};
constexpr std::chrono::milliseconds kMergeLook{20};

}  // namespace

// Memory -> files, every flush_interval and whenever a buffer is full.
void Database::flush_forever() {
  pthread_setname_np(pthread_self(), "store-flush");
  std::unique_lock lock(state_mutex_);
  while (!closing_) {
    const bool failing = !last_flush_;
    const std::chrono::milliseconds pause =
        failing ? std::min(kRetryPause, options_.flush_interval) : options_.flush_interval;
    state_changed_.wait_for(lock, pause, [&] { return closing_ || (flush_wanted_ && !failing); });
    if (closing_) return;
    lock.unlock();
    Result<> flushed = flush();
    if (!flushed && !failing) {
      log_error("store_flush", {{"directory", options_.directory}, {"error", flushed.error()}});
    }
    if (flushed && failing) log_info("store_flush_healed", {{"directory", options_.directory}});
    lock.lock();
  }
}

Result<> Database::flush() {
  std::lock_guard one_at_a_time(flush_mutex_);
  Result<> flushed = flush_taken();  // what could not be flushed before
  if (flushed) {
    take_active();
    flushed = flush_taken();
  }
  if (!flushed)
    db_->Resume();  // a failed merge makes RocksDB refuse everything until told to go on
  std::lock_guard lock(state_mutex_);
  last_flush_ = flushed;
  state_changed_.notify_all();
  return flushed;
}

void Database::take_active() {
  auto empty = std::make_unique<Memory>();
  {
    std::lock_guard lock(rows_mutex_);
    flushing_ = std::exchange(active_, std::move(empty));
  }
  std::lock_guard lock(state_mutex_);
  flush_wanted_ = false;
  state_changed_.notify_all();
}

Result<> Database::flush_taken() {
  if (!flushing_) return {};
  if (Result<> merged = wait_for_merging(); !merged) return merged;
  auto delivered = delivered_rows(*flushing_);
  if (!delivered) return fail(std::move(delivered).error());
  FlushFiles files(*db_, handles_, flush_directory());
  files.put_all(*flushing_);
  std::string value;
  for (const auto& [key, position] : *delivered) {
    if (position) {
      keys::put_position(value, *position);
      files.put(kDelivered, key, value);
    } else {
      files.remove(kDelivered, key);
    }
  }
  if (Result<> durable = files.become_durable(); !durable) return durable;
  {
    std::lock_guard lock(offsets_mutex_);
    for (const auto& [partition, offset] : flushing_->partitions()) durable_[partition] = offset;
  }
  {
    std::lock_guard lock(delivered_mutex_);
    for (const auto& [key, position] : *delivered) {
      const auto noted = delivered_.find(key);
      if (position && noted != delivered_.end() && noted->second.seq <= position->seq) {
        delivered_.erase(noted);
      }
    }
  }
  std::unique_ptr<Memory> old;  // ends after the lock: it holds much
  std::lock_guard lock(rows_mutex_);
  if (flushing_->partitions().empty()) {
    old = std::move(flushing_);  // nothing was applied: what was read most still is
  } else {
    old = std::exchange(recent_, std::move(flushing_));
  }
  return {};
}

// Files are made faster than they are merged when a burst lasts. Reading looks into each of them,
// so their number is bounded.
Result<> Database::wait_for_merging() {
  const TimePoint give_up = std::chrono::steady_clock::now() + kMergeWaitMax;
  for (const Family family : {kMessages, kMessageIds}) {
    uint64_t runs = 0;
    while (db_->GetIntProperty(handle(family), "rocksdb.num-files-at-level0", &runs) &&
           runs >= kRunsStop) {
      if (std::chrono::steady_clock::now() >= give_up) {
        return fail(ErrorCode::ResourceExhausted, "merging cannot keep up");
      }
      std::this_thread::sleep_for(kMergeLook);
    }
  }
  return {};
}

// The positions to write: one a member however often it moved, none that would move back, nothing
// for those who are removed.
Result<Database::DeliveredRows> Database::delivered_rows(const Memory& memory) const {
  DeliveredRows rows;
  for (const auto& [conversation, kept] : memory.conversations()) {
    for (const auto& [user, member] : kept.members) {
      if (!member) rows[conversation + '\0' + user] = std::nullopt;
    }
  }
  {
    std::lock_guard lock(delivered_mutex_);
    for (const auto& [key, position] : delivered_) rows[key] = position;
  }
  std::vector<std::string> keys;
  for (const auto& [key, position] : rows)
    keys.push_back(position ? key : std::string());  // no row has an empty key
  Values values;
  std::vector<bool> found;
  if (Result<> got = get_all(kDelivered, keys, values, found); !got) {
    return fail(std::move(got).error());
  }
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!found[i]) continue;
    const auto stored = keys::position(values[i].ToStringView());
    if (stored && stored->seq > rows[keys[i]]->seq) rows[keys[i]] = stored;
  }
  return rows;
}

}  // namespace flare::rocksdb
