// Journal: the files of one topic, as one sequence of records.
//
// All partitions share it, so that a commit is one write and one sync however many of them it
// touches. write() and sync() belong to one thread at a time; the rest may be called from any
// thread that may block.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/options.h"
#include "flare/adapter/segment_log/segment.h"
#include "flare/base/bytes.h"

namespace flare::segment_log {

struct Entry {
  Bytes body;
  uint64_t offset = 0;
  uint32_t partition = 0;
  bool waits = false;  // nobody sees it before it is durable
};

// A place in the journal.
struct Place {
  uint64_t segment = 0;
  uint32_t position = 0;
};

// A stretch of a segment in memory. Its records of a partition have offsets first, first + 1, ...
struct Chunk {
  struct Records {
    uint64_t first = 0;
    std::vector<std::string_view> bodies;
  };

  uint64_t segment = 0;
  uint32_t begin = 0;
  uint32_t end = 0;
  std::shared_ptr<const std::string> bytes;  // what the bodies are views of
  std::vector<Records> partitions;
};

class Journal {
 public:
  struct Setup {
    std::string folder;
    uint64_t segment_bytes = 0;
    TopicOptions options;
    Files* files = nullptr;
    Counters* counters = nullptr;
  };

  // A new journal in an empty folder.
  static Result<std::unique_ptr<Journal>> create(Setup setup, uint32_t partitions);

  // An existing one; null if the folder has no segment. Cuts off what a crash left half written
  // behind the last synced record, with a warning. DataLoss, naming file and position, when
  // records that were durable do not check out or files are missing; `durable` is a place up to
  // which they are known to have been. Everything found is durable when this returns.
  static Result<std::unique_ptr<Journal>> open(Setup setup, Place durable);

  uint32_t partitions() const { return static_cast<uint32_t>(next_.size()); }
  uint64_t record_body_max() const;

  // Writer. Fails with ResourceExhausted when there is no room: then nothing was written and
  // writing may be tried again. After any other failure the journal must not be written any more:
  // what is on the disk is unknown until it is opened again.
  Result<void> write(std::span<const Entry> entries);
  // Writer. Everything written is on the disk.
  Result<void> sync();

  // The offset due in each partition, counting what is written.
  std::vector<uint64_t> next() const;
  Place durable() const;
  uint64_t first_offset(uint32_t partition) const;

  // The chunk with this record, which must be written. DataLoss if it does not check out,
  // NotFound if it is no longer kept.
  Result<std::shared_ptr<const Chunk>> read(uint32_t partition, uint64_t offset);

  // Below these offsets nobody needs a record; empty: everything is needed.
  void set_floor(std::vector<uint64_t> floor);
  // Lets go of segments below the floor and beyond what is to be retained; has a spare one ready
  // when the current one is half full.
  void tidy();

 private:
  struct Spare {
    std::string path;
    std::shared_ptr<File> file;
  };

  explicit Journal(Setup setup) : setup_(std::move(setup)) {}

  // journal.cc
  Result<void> add_segment(SegmentHeader header);
  Result<void> make_room(std::span<const Entry> entries);
  Result<void> roll();
  Result<void> write_buffer(const std::vector<uint64_t>& next);
  Result<void> take_back(uint32_t position, const std::vector<uint64_t>& next, Error cause);
  Result<void> make_spare();
  bool recycle_oldest(bool needed);
  Result<void> create_spare();
  std::unexpected<Error> at_limit() const;
  bool reserve();
  void give_back();
  std::unexpected<Error> no_room(const Error& cause) const;

  // journal_open.cc
  Result<void> open_files(Place durable);
  Result<void> open_spare(const std::string& name);
  Result<void> open_segment(uint64_t number);
  Result<void> recover_last(Place durable);
  Result<void> check_tail(const Walk& walk, Window& window, uint64_t durable, uint32_t* epoch);
  Result<void> make_durable(uint64_t from, uint64_t to);

  // journal_read.cc
  Result<void> build_index(const std::shared_ptr<Segment>& segment);
  Result<std::shared_ptr<const Chunk>> load(const Segment& segment, Index::Chunk where,
                                            uint32_t end) const;
  bool keeps(const Segment& segment) const;

  const Setup setup_;

  // Writer's.
  std::shared_ptr<Segment> current_;  // the last one
  std::string buffer_;
  uint32_t buffer_at_ = 0;
  uint32_t epoch_ = 1;
  bool rolled_ = false;  // in the write going on

  std::mutex preparing_mutex_;  // while tidy() fills a new file; taken first
  std::mutex spares_mutex_;     // held over file operations, never by a loop
  std::vector<Spare> spares_;
  uint64_t next_spare_ = 1;

  mutable std::mutex mutex_;  // held briefly; taken last
  std::deque<std::shared_ptr<Segment>> segments_;
  std::vector<uint64_t> next_;
  std::vector<uint64_t> floor_;
  Place durable_;
  std::deque<std::shared_ptr<const Chunk>> recent_;
  uint64_t taken_back_ = 0;  // writes
  uint64_t spare_bytes_ = 0;
};

}  // namespace flare::segment_log
