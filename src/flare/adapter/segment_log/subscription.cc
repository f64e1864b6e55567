#include "flare/adapter/segment_log/subscription.h"

#include <algorithm>

namespace flare::segment_log {
namespace {

// A consumer with a backlog would otherwise never let its loop do anything else.
constexpr int kBatchesWithoutWaitMax = 8;

}  // namespace

Subscription::Subscription(std::shared_ptr<Topic> topic, std::shared_ptr<Topic::Reader> reader)
    : topic_(std::move(topic)), reader_(std::move(reader)) {}

Subscription::~Subscription() { topic_->leave(*reader_); }

Task<port::LogBatch> Subscription::next(Context ctx, size_t records_max) {
  records_max = std::max<size_t>(records_max, 1);
  if (ctx.stop.stop_requested()) co_await fail(ErrorCode::Cancelled, "no longer wanted");
  if (++without_wait_ > kBatchesWithoutWaitMax) co_await let_others_run(ctx);
  for (;;) {
    Topic::Taken taken = topic_->take(*reader_, records_max);
    if (!taken.batch.records.empty()) {
      chunk_ = nullptr;
      co_return std::move(taken.batch);
    }
    if (taken.in_files) {
      port::LogBatch batch = co_await from_files(ctx, taken, records_max);
      if (!batch.records.empty()) co_return batch;
      continue;
    }
    without_wait_ = 0;
    Waiter waiter(taken.wait, ctx);
    Result<void> woken = co_await waiter.wait();
    if (!woken) topic_->stop_waiting(*reader_);
    co_await std::move(woken);
  }
}

// Nothing when the records are no longer kept: everybody has committed them meanwhile.
Task<port::LogBatch> Subscription::from_files(Context ctx, Topic::Taken at, size_t records_max) {
  if (!holds(at)) {
    auto request = std::make_shared<ReadRequest>();
    request->topic = topic_;
    request->partition = at.partition;
    request->offset = at.offset;
    request->done = std::make_shared<Signal>(topic_->engine().gate());
    topic_->engine().read(request);
    without_wait_ = 0;
    Waiter waiter(request->done, ctx);
    Result<void> done = co_await waiter.wait();
    co_await std::move(done);
    if (!request->chunk && request->chunk.error().code == ErrorCode::NotFound) {
      topic_->moved(*reader_, at.partition, topic_->journal().first_offset(at.partition));
      co_return port::LogBatch{};
    }
    chunk_ = co_await std::move(request->chunk);
    if (!holds(at)) co_await fail(ErrorCode::Internal, "log: a chunk lacks the record it has");
  }
  const Chunk::Records& records = chunk_->partitions[at.partition];
  port::LogBatch batch{.partition = at.partition, .first_offset = at.offset, .records = {}};
  const uint64_t end =
      std::min({records.first + records.bodies.size(), at.visible, at.offset + records_max});
  for (uint64_t offset = at.offset; offset < end; ++offset) {
    batch.records.push_back(Bytes::share(chunk_->bytes, records.bodies[offset - records.first]));
  }
  topic_->moved(*reader_, at.partition, end);
  co_return batch;
}

bool Subscription::holds(const Topic::Taken& at) const {
  if (chunk_ == nullptr) return false;
  const Chunk::Records& records = chunk_->partitions[at.partition];
  return at.offset >= records.first && at.offset - records.first < records.bodies.size();
}

Task<> Subscription::let_others_run(Context ctx) {
  without_wait_ = 0;
  const std::shared_ptr<Gate> gate = topic_->engine().gate();
  auto signal = std::make_shared<Signal>(gate);
  gate->loop().post([signal] {
    std::vector<Firing> firings;
    firings.push_back({signal, std::nullopt});
    Gate::fire(std::move(firings));
  });
  Waiter waiter(signal, ctx);
  Result<void> woken = co_await waiter.wait();
  co_await std::move(woken);
}

void Subscription::commit(uint32_t partition, uint64_t next) {
  topic_->commit(*reader_, partition, next);
}

}  // namespace flare::segment_log
