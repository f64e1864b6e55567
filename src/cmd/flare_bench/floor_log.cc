#include "cmd/flare_bench/floor_log.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <iterator>
#include <utility>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr size_t kSegments = 2;
constexpr int64_t kSegmentBytes = int64_t{64} << 20;

void write_all(int fd, std::string_view bytes, int64_t position) {
  while (!bytes.empty()) {
    const ssize_t wrote = pwrite(fd, bytes.data(), bytes.size(), position);
    if (wrote <= 0) fail_errno("floor log: pwrite");
    bytes.remove_prefix(static_cast<size_t>(wrote));
    position += wrote;
  }
}

}  // namespace

FloorLog::FloorLog(const std::string& folder, bool synced)
    : synced_(synced), event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (event_ < 0) fail_errno("eventfd");
  if (synced_) open_segments(folder);
  thread_ = std::thread([this] { run(); });
}

FloorLog::~FloorLog() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  for (const int fd : segments_) close(fd);
  close(event_);
}

void FloorLog::open_segments(const std::string& folder) {
  const std::string zeros(size_t{1} << 20, '\0');
  for (size_t i = 0; i < kSegments; ++i) {
    const std::string path = folder + "/segment-" + std::to_string(i);
    const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) fail_errno("floor log: " + path);
    for (int64_t at = 0; at < kSegmentBytes; at += static_cast<int64_t>(zeros.size())) {
      write_all(fd, zeros, at);
    }
    if (fsync(fd) != 0) fail_errno("floor log: fsync");
    segments_.push_back(fd);
  }
}

void FloorLog::append(FloorBatch batch) {
  bool was_empty = false;
  {
    const std::lock_guard lock(mutex_);
    was_empty = waiting_.empty();
    waiting_.push_back(std::move(batch));
  }
  if (was_empty) wake_.notify_one();
}

std::vector<FloorBatch> FloorLog::take_committed() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = read(event_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return std::exchange(committed_, {});
}

void FloorLog::run() {
  while (true) {
    std::vector<FloorBatch> batches;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      batches.swap(waiting_);
    }
    if (synced_) write(batches);
    {
      const std::lock_guard lock(mutex_);
      committed_.insert(committed_.end(), std::make_move_iterator(batches.begin()),
                        std::make_move_iterator(batches.end()));
    }
    const uint64_t one = 1;
    if (::write(event_, &one, sizeof one) != sizeof one) fail_errno("floor log: eventfd");
  }
}

void FloorLog::write(const std::vector<FloorBatch>& batches) {
  joined_.clear();
  for (const FloorBatch& batch : batches) joined_ += batch.bytes;
  const auto size = static_cast<int64_t>(joined_.size());
  if (size > kSegmentBytes) fail("floor log: a batch larger than a segment");
  if (position_ + size > kSegmentBytes) {
    segment_ = (segment_ + 1) % kSegments;
    position_ = 0;
  }
  write_all(segments_[segment_], joined_, position_);
  if (fdatasync(segments_[segment_]) != 0) fail_errno("floor log: fdatasync");
  position_ += size;
}

}  // namespace flare::bench
