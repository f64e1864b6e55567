// Machine: the message path of one host, whose power can fail: orchestrator, storage writer, event
// log, store. It boots from what its disks have kept.
//
// The log stands on a disk in memory that forgets what was not synced. The store loses what it had
// not flushed; that its own files keep their synced bytes is taken for granted. The services share
// one loop, which belongs to the test's thread; the log and the store have their own threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/fake_files.h"
#include "flare/adapter/segment_log/options.h"
#include "flare/api/orchestrator.h"
#include "flare/base/loop.h"
#include "flare/base/scope.h"
#include "flare/port/event_log.h"
#include "kit/temporary_directory.h"
#include "sim/judge.h"
#include "sim/lying_files.h"

namespace flare::sim {

inline constexpr uint32_t kPartitions = 3;

class Machine {
 public:
  explicit Machine(segment_log::Retention retention);
  ~Machine();

  struct Boot {
    std::chrono::milliseconds flush_interval{10};
    uint64_t segment_bytes = 64 << 10;
  };

  // Nothing runs yet. False when the power failed before everything was up.
  bool boot(Boot with);

  // The power fails when the disk is asked for the nth write or sync from now on; 1 is the next.
  void cut_power_at(uint64_t step);
  void cut_power();
  bool has_power() const;

  // Ends what runs, by a power cut unless there was one. The disk asks `keeps` for each sector that
  // was written and not synced; null keeps none.
  void crash(std::function<bool()> keeps = nullptr);

  // From now on the disk confirms syncs it does not do.
  void let_syncs_lie() { files_->lie(); }

  // Of requests; ends when the power does.
  Context context() const;

  // Until the task has ended. Not while it runs already.
  Result<> run(Task<> task);

  api::Orchestrator& orchestrator();
  Faults& faults();

  Story stored(const std::vector<std::string>& conversations);
  Story announced();
  // All records of storage-messages, each with its partition as its key.
  std::vector<port::LogRecord> logged();
  // Puts the records of another machine into the log, before anything else.
  void append(std::vector<port::LogRecord> records);
  uint64_t first_offset(uint32_t partition);

 private:
  class Alarm;
  struct Power;
  struct Running;

  std::vector<port::LogRecord> read_all(port::LogTopic& topic);

  const kit::TemporaryDirectory directory_;
  const std::shared_ptr<segment_log::FakeFiles> disk_ = std::make_shared<segment_log::FakeFiles>();
  const std::shared_ptr<LyingFiles> files_ = std::make_shared<LyingFiles>(disk_);
  segment_log::Options log_options_;
  std::shared_ptr<Power> power_;
  std::unique_ptr<Alarm> alarm_;
  Loop loop_{"machine"};
  std::unique_ptr<Running> running_;
};

}  // namespace flare::sim
