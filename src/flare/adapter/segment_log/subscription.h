// Subscription: one consumer of a group, at its place in each partition it holds.
#pragma once

#include <memory>

#include "flare/adapter/segment_log/topic.h"
#include "flare/port/event_log.h"

namespace flare::segment_log {

class Subscription final : public port::LogSubscription {
 public:
  Subscription(std::shared_ptr<Topic> topic, std::shared_ptr<Topic::Reader> reader);
  ~Subscription() override;

  // Partitions with records take turns. One call at a time.
  Task<port::LogBatch> next(Context ctx, size_t records_max) override;
  void commit(uint32_t partition, uint64_t next) override;

 private:
  Task<port::LogBatch> from_files(Context ctx, Topic::Taken at, size_t records_max);
  bool holds(const Topic::Taken& at) const;
  Task<> let_others_run(Context ctx);

  const std::shared_ptr<Topic> topic_;
  const std::shared_ptr<Topic::Reader> reader_;
  std::shared_ptr<const Chunk> chunk_;  // the last one read; the next batch is likely in it
  int without_wait_ = 0;
};

}  // namespace flare::segment_log
