// A segment log on a disk in memory, whose power can be cut.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <random>

#include "contract/event_log_world.h"
#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/fake_files.h"

namespace flare::contract {

class SegmentLogWorld final : public EventLogWorld {
 public:
  explicit SegmentLogWorld(segment_log::Options options = small()) : options_(std::move(options)) {
    options_.data = "/data";
    options_.files = disk_;
    open();
  }

  port::EventLog& log() override { return *log_; }

  segment_log::FakeFiles& disk() { return *disk_; }

  void reopen() override {
    log_ = nullptr;
    open();
  }

  // Of what was not synced, the disk keeps about half.
  void reopen_after_crash() override {
    disk_->power_cut();
    log_ = nullptr;
    disk_->restart([this] { return random_() % 2 == 0; });
    open();
  }

 private:
  static segment_log::Options small() {
    segment_log::Options options;
    options.segment_bytes = 4 << 20;
    options.write_within = std::chrono::milliseconds(10);
    options.checkpoint_every = std::chrono::milliseconds(10);
    return options;
  }

  void open() {
    auto opened = segment_log::EventLog::open(options_);
    ASSERT_TRUE(opened) << opened.error().message;
    log_ = std::move(*opened);
  }

  std::shared_ptr<segment_log::FakeFiles> disk_ = std::make_shared<segment_log::FakeFiles>();
  segment_log::Options options_;
  std::unique_ptr<segment_log::EventLog> log_;
  std::minstd_rand random_{7};
};

}  // namespace flare::contract
