// Segment: one file of a topic's journal, and the sparse index that finds records in it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/files.h"
#include "flare/adapter/segment_log/format.h"

namespace flare::segment_log {

// Which offsets are where in a segment, every kChunkBytes or so.
class Index {
 public:
  // A reader takes one chunk at a time: large enough that a seek does not matter, small enough
  // that a slice of it does not hold much memory.
  static constexpr uint32_t kChunkBytes = 256 << 10;

  explicit Index(size_t partitions = 0) : partitions_(partitions) {}

  // Whether a chunk is to begin with the record at `position`; then add() it, with the offset due
  // in each partition.
  bool due(uint64_t position) const {
    return rows_.empty() || position - last_position() >= kChunkBytes;
  }
  void add(uint64_t position, const std::vector<uint64_t>& next);

  struct Chunk {
    uint32_t begin = 0;
    uint32_t end = 0;                     // 0: to the end of the segment
    std::vector<uint64_t> first_offsets;  // of each partition
  };
  // The chunk that has this record, if the segment does.
  Chunk find(uint32_t partition, uint64_t offset) const;

  bool empty() const { return rows_.empty(); }
  void cut(uint32_t position);  // forgets the chunks that begin at or after it

 private:
  size_t row_size() const { return partitions_ + 1; }
  uint32_t last_position() const { return static_cast<uint32_t>(rows_[rows_.size() - row_size()]); }

  size_t partitions_;
  std::vector<uint64_t> rows_;  // position, then an offset for each partition
};

struct Segment {
  uint64_t number = 0;
  std::string path;
  std::shared_ptr<File> file;
  uint32_t previous_end = 0;
  std::vector<uint64_t> base_offsets;

  // Guarded by the journal's mutex.
  uint32_t end = kSegmentHeaderBytes;  // of the records
  bool indexed = false;
  Index index;
};

std::string segment_name(uint64_t number);
std::string spare_name(uint64_t number);
// The number in segment_name() or spare_name(); 0 if it is not such a name.
uint64_t segment_number(const std::string& name);
uint64_t spare_number(const std::string& name);

// Reads a file piece by piece; a view is good until the next one.
class Window {
 public:
  explicit Window(File& file) : file_(file) {}

  // Up to `bytes` at `position`; fewer only at the end of the file or after a failure.
  std::string_view view(uint64_t position, size_t bytes);

  // The sound record of `segment` at `position`, wholly before `limit`.
  std::optional<Record> record(uint64_t position, uint64_t limit, uint64_t segment);

  const Result<void>& status() const { return status_; }

 private:
  static constexpr size_t kReadBytes = 1 << 20;

  File& file_;
  std::string buffer_;
  uint64_t begin_ = 0;
  Result<void> status_;
};

// Follows the chain of records from `position` as long as they are sound and fit together.
struct Walk {
  uint64_t segment = 0;
  uint64_t position = kSegmentHeaderBytes;
  uint64_t limit = 0;          // no record reaches beyond
  std::vector<uint64_t> next;  // the offset due in each partition
  uint32_t epoch = 0;

  // Calls `seen` with each record's place before moving past it.
  void run(Window& window, const std::function<void(uint64_t, const Record&)>& seen);
  bool fits(uint64_t at, const Record& record) const;
  void pass(const Record& record);
};

}  // namespace flare::segment_log
