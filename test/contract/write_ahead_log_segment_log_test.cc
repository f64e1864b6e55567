#include "contract/segment_log_world.h"
#include "contract/write_ahead_log_contract.h"
#include "flare/adapter/segment_log/write_ahead_log.h"

namespace flare::contract {
namespace {

class World final : public WriteAheadLogWorld {
 public:
  World() { open(); }

  port::WriteAheadLog& wal() override { return *wal_; }
  port::LogTopic& topic() override { return *world_.log().topic("storage-messages", 4).value(); }

  void crash_in(Loop& loop, port::LogRecord record) override {
    world_.disk().power_cut();
    const Result<port::LogPosition> published = run(loop, wal_->publish({}, std::move(record)));
    EXPECT_FALSE(published);
    reopen_after_crash();
  }

  void reopen_after_crash() override {
    wal_ = nullptr;
    world_.reopen_after_crash();
    open();
  }

 private:
  void open() { wal_ = std::make_unique<segment_log::WriteAheadLog>(topic()); }

  SegmentLogWorld world_;
  std::unique_ptr<segment_log::WriteAheadLog> wal_;
};

INSTANTIATE_TEST_SUITE_P(SegmentLog, WriteAheadLogContract,
                         testing::Values(WriteAheadLogBackend{
                             "segment_log", [] { return std::make_unique<World>(); }}),
                         [](const auto& about) { return about.param.name; });

}  // namespace
}  // namespace flare::contract
