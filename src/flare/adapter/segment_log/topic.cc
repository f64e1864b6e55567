#include "flare/adapter/segment_log/topic.h"

#include <algorithm>
#include <cassert>

#include "flare/base/log.h"

namespace flare::segment_log {
namespace {

// What a record in memory takes besides its body, about.
constexpr uint64_t kRecordOverhead = 96;

// Derived records are written when so many bytes have come together, even if it is early.
constexpr uint64_t kWriteBytes = 1 << 20;

}  // namespace

Topic::Topic(std::string name, std::unique_ptr<Journal> journal, Engine& engine,
             std::map<std::string, std::vector<uint64_t>> groups)
    : name_(std::move(name)),
      journal_(std::move(journal)),
      engine_(engine),
      body_max_(journal_->record_body_max()),
      groups_(std::move(groups)) {
  for (const uint64_t next : journal_->next()) {
    parts_.push_back({.next = next,
                      .visible = next,
                      .written = next,
                      .durable = next,
                      .tail_first = next,
                      .tail = {}});
  }
  for (auto& [group, committed] : groups_) {
    committed.resize(parts_.size());
    for (uint32_t i = 0; i < committed.size(); ++i) {
      // A checkpoint older than the last one may lie before what was recycled since.
      committed[i] = std::clamp(committed[i], journal_->first_offset(i), parts_[i].next);
    }
  }
}

Task<port::LogPosition> Topic::append(Context ctx, port::LogRecord record,
                                      port::Durability durability) {
  if (ctx.stop.stop_requested()) co_await fail(ErrorCode::Cancelled, "no longer wanted");
  port::LogPosition position;
  std::shared_ptr<Signal> signal = co_await add({&record, 1}, durability, &position);
  if (signal != nullptr) {
    Waiter waiter(std::move(signal), ctx);
    Result<void> visible = co_await waiter.wait();
    co_await std::move(visible);
  }
  co_return position;
}

Task<std::vector<port::LogPosition>> Topic::append_batch(Context ctx,
                                                         std::vector<port::LogRecord> records,
                                                         port::Durability durability) {
  if (ctx.stop.stop_requested()) co_await fail(ErrorCode::Cancelled, "no longer wanted");
  std::vector<port::LogPosition> positions(records.size());
  std::shared_ptr<Signal> signal = co_await add(records, durability, positions.data());
  if (signal != nullptr) {
    Waiter waiter(std::move(signal), ctx);
    Result<void> visible = co_await waiter.wait();
    co_await std::move(visible);
  }
  co_return positions;
}

Result<void> Topic::admit(std::span<const port::LogRecord> records, uint64_t* bytes) {
  for (const port::LogRecord& record : records) {
    if (record.body.size() > body_max_) {
      return fail(ErrorCode::InvalidArgument,
                  "log: a record of " + std::to_string(record.body.size()) +
                      " bytes does not fit into a segment; at most " + std::to_string(body_max_));
    }
    *bytes += record.body.size() + kRecordOverhead;
  }
  return {};
}

// The signal that tells when the records are visible; null if they are already.
Result<std::shared_ptr<Signal>> Topic::add(std::span<port::LogRecord> records,
                                           port::Durability durability,
                                           port::LogPosition* positions) {
  uint64_t bytes = 0;
  if (Result<void> admitted = admit(records, &bytes); !admitted) {
    return fail(std::move(admitted).error());
  }
  std::shared_ptr<Signal> signal;
  std::vector<Firing> firings;
  bool write_now = false;
  {
    std::lock_guard lock(mutex_);
    if (broken_) return fail(*broken_);
    const uint64_t bytes_max = engine_.options().pending_bytes_max;
    if (pending_bytes_ != 0 && pending_bytes_ + bytes > bytes_max) {
      engine_.counters().appends_refused += records.size();
      return fail(ErrorCode::ResourceExhausted,
                  "log: " + name_ + " has too much waiting to be written");
    }
    // Whoever appends derived records faster than the disk takes them waits for it.
    const bool crowded = pending_bytes_ > bytes_max / 2;
    bool seen = false;
    bool waits = false;
    for (port::LogRecord& record : records) {
      const auto index = static_cast<uint32_t>(record.key_hash % parts_.size());
      Part& part = parts_[index];
      Entry entry{.body = std::move(record.body), .offset = part.next++, .partition = index};
      entry.waits =
          durability == port::Durability::Synced || part.visible != entry.offset || crowded;
      if (!entry.waits) ++part.visible;
      (entry.waits ? waits : seen) = true;
      *positions++ = {index, entry.offset};
      part.tail.push_back(entry.body);
      tail_order_.push_back(index);
      pending_.push_back(std::move(entry));
    }
    write_now = pending_bytes_ < kWriteBytes && pending_bytes_ + bytes >= kWriteBytes;
    pending_bytes_ += bytes;
    tail_bytes_ += bytes;
    if (waits) signal = join_commit();
    if (seen) wake_readers(firings);
  }
  engine_.counters().records_appended.fetch_add(records.size(), std::memory_order_relaxed);
  engine_.counters().bytes_appended.fetch_add(bytes, std::memory_order_relaxed);
  if (!firings.empty()) Gate::fire(std::move(firings));
  if (signal != nullptr) {
    engine_.commit_soon(engine_.gate());
  } else if (write_now) {
    engine_.write_now();
  } else {
    engine_.write_soon();
  }
  return signal;
}

const std::shared_ptr<Signal>& Topic::join_commit() {
  const std::shared_ptr<Gate> gate = engine_.gate();
  for (const Waiting& waiting : waiting_) {
    if (waiting.gate == gate.get()) return waiting.signal;
  }
  waiting_.push_back({gate.get(), std::make_shared<Signal>(gate)});
  return waiting_.back().signal;
}

bool Topic::awaits_commit() const {
  std::lock_guard lock(mutex_);
  return !waiting_.empty();
}

bool Topic::has_pending() const {
  std::lock_guard lock(mutex_);
  return !pending_.empty();
}

bool Topic::needs_sync() const {
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(parts_, [](const Part& part) { return part.visible > part.durable; });
}

Result<void> Topic::flush(bool sync) {
  std::lock_guard writing(write_mutex_);
  std::vector<Waiting> told;
  std::vector<uint64_t> taken;
  {
    std::lock_guard lock(mutex_);
    if (broken_) return fail(*broken_);
    batch_.clear();
    batch_.swap(pending_);
    told.swap(waiting_);
    pending_bytes_ = 0;
    for (const Part& part : parts_) taken.push_back(part.next);
  }
  sync = sync || !told.empty();
  Result<void> done = journal_->write(batch_);
  if (done && sync) {
    done = journal_->sync();
    // Whatever the reason: after a failed sync nobody knows what the disk has.
    if (!done) done = fail(ErrorCode::Unavailable, std::move(done).error().message);
    engine_.counters().commits += 1;
  }

  std::vector<Firing> firings;
  std::vector<Bytes> evicted;
  {
    std::lock_guard lock(mutex_);
    if (done) {
      settle(taken, sync);
      if (sync) wake_readers(firings);
      evicted = evict();
    } else {
      std::ranges::move(waiting_, std::back_inserter(told));
      waiting_.clear();
      refuse(batch_, done.error());
      done = fail(broken_ ? *broken_ : done.error());
    }
  }
  for (Waiting& waiting : told) {
    firings.push_back(
        {std::move(waiting.signal), done ? std::nullopt : std::optional<Error>(done.error())});
  }
  if (!firings.empty()) Gate::fire(std::move(firings));
  if (done && sync) engine_.checkpoint_soon();
  batch_.clear();
  return done;
}

void Topic::settle(const std::vector<uint64_t>& taken, bool synced) {
  for (size_t i = 0; i < parts_.size(); ++i) {
    Part& part = parts_[i];
    part.written = taken[i];
    if (!synced) continue;
    part.durable = taken[i];
    part.visible = std::max(part.visible, taken[i]);
  }
}

// Takes back what nobody has seen; what readers have seen stays, and is tried again.
void Topic::refuse(std::vector<Entry>& batch, const Error& error) {
  if (error.code != ErrorCode::ResourceExhausted) {
    broken_ =
        Error{ErrorCode::Unavailable,
              "log: " + name_ + " takes nothing until it is opened again: " + error.message, 0};
    log_error("segment_log_broken", {{"topic", name_}, {"error", error}});
  }
  std::ranges::move(pending_, std::back_inserter(batch));
  pending_.clear();
  pending_bytes_ = 0;
  for (Entry& entry : batch) {
    if (entry.waits) {
      engine_.counters().appends_refused += 1;
      continue;
    }
    pending_bytes_ += entry.body.size() + kRecordOverhead;
    pending_.push_back(std::move(entry));
  }
  std::vector<size_t> kept;
  for (Part& part : parts_) {
    part.next = part.visible;
    while (part.tail_first + part.tail.size() > part.visible) {
      tail_bytes_ -= part.tail.back().size() + kRecordOverhead;
      part.tail.pop_back();
    }
    kept.push_back(part.tail.size());
  }
  std::erase_if(tail_order_, [&](uint32_t index) {
    if (kept[index] == 0) return true;
    --kept[index];
    return false;
  });
}

std::vector<Bytes> Topic::evict() {
  std::vector<Bytes> evicted;  // freed by the caller, without the lock
  while (tail_bytes_ > engine_.options().cache_bytes && !tail_order_.empty()) {
    Part& part = parts_[tail_order_.front()];
    if (part.tail_first >= part.written) break;
    tail_bytes_ -= part.tail.front().size() + kRecordOverhead;
    evicted.push_back(std::move(part.tail.front()));
    part.tail.pop_front();
    ++part.tail_first;
    tail_order_.pop_front();
  }
  return evicted;
}

port::LogStatus Topic::status(uint32_t partition) const {
  assert(partition < parts_.size());
  std::lock_guard lock(mutex_);
  return {partition, journal_->first_offset(partition), parts_[partition].next};
}

void Topic::close() {
  std::vector<Firing> firings;
  std::lock_guard lock(mutex_);
  const Error closed{ErrorCode::Cancelled, "the log is closed", 0};
  if (!broken_) broken_ = closed;
  for (Waiting& waiting : waiting_) firings.push_back({std::move(waiting.signal), closed});
  waiting_.clear();
  for (const auto& reader : readers_) {
    if (reader->waiting) firings.push_back({std::move(reader->waiting), closed});
  }
  readers_waiting_ = 0;
  Gate::fire(std::move(firings));
}

}  // namespace flare::segment_log
