#include "flare/service/storage_writer/storage_writer.h"

#include <algorithm>

#include "flare/base/backoff.h"
#include "flare/base/log.h"

namespace flare::storage_writer {

using namespace std::chrono_literals;

namespace {

// How often a start looks whether the log is applied; short against the time a start takes.
constexpr auto kCatchUpPause = 2ms;

}  // namespace

Task<> StorageWriter::start(Context ctx) {
  subscription_ = co_await needs_.storage_messages.subscribe(kGroup, 0, 1);
  for (uint32_t p = 0; p < needs_.storage_messages.partitions(); ++p) {
    Partition& partition = partitions_[p];
    partition.applied = co_await needs_.store.applied(ctx, p);
    partition.committed = needs_.storage_messages.committed(kGroup, p);
    partition.announced = partition.committed;
    // Only what the store had durably was committed. Going on would give seqs a second time.
    if (partition.applied < partition.committed) {
      co_await fail(ErrorCode::DataLoss,
                    "the store has partition " + std::to_string(p) + " up to offset " +
                        std::to_string(partition.applied) + ", less than the " +
                        std::to_string(partition.committed) + " it had: it was lost or replaced");
    }
  }
  Context forever = ctx;
  forever.deadline = TimePoint::max();
  forever.stop = background_.stop_token();
  background_.spawn(consume_forever(std::move(forever)));
  co_await catch_up(ctx);
}

// What the log had accepted before this start is applied before anybody asks for it: a reader who
// came earlier would see heads that go back.
Task<> StorageWriter::catch_up(Context ctx) {
  std::vector<uint64_t> ends;
  uint64_t behind = 0;
  for (uint32_t p = 0; p < needs_.storage_messages.partitions(); ++p) {
    ends.push_back(needs_.storage_messages.status(p).next_offset);
    behind += ends[p] - std::min(ends[p], partitions_[p].applied);
  }
  if (behind > 0) log_info("replaying", {{"events", behind}});
  for (uint32_t p = 0; p < ends.size(); ++p) {
    while (partitions_[p].applied < ends[p]) co_await sleep_for(ctx, kCatchUpPause);
  }
  if (behind > 0) log_info("replayed", {{"events", behind}});
}

Task<> StorageWriter::stop(Context) {
  co_await background_.close();
  commit_durable();
}

// storage-messages -> store and push-messages, in log order, at least once up to the store's
// compare-and-set, which makes it exactly once.
Task<> StorageWriter::consume_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    // Wakes up without records too: the store may have become durable meanwhile.
    Context patience = ctx.within(1s, needs_.clock.now());
    Result<port::LogBatch> batch =
        co_await attempt(subscription_->next(patience, config_.batch_max));
    if (batch) {
      co_await apply_until_done(ctx, std::move(*batch));
    } else if (batch.error().code != ErrorCode::DeadlineExceeded) {
      co_await fail(std::move(batch).error());
    }
    commit_durable();
  }
}

// What the log has accepted will be applied, however long the store is away.
Task<> StorageWriter::apply_until_done(Context ctx, port::LogBatch batch) {
  const TimePoint began = needs_.clock.now();
  Backoff backoff(10ms, config_.retry_max);
  while (true) {
    Result<Plan> plan = co_await attempt(apply_once(ctx, batch));
    if (plan) {
      needs_.metrics.applied.add(plan->applied);
      needs_.metrics.duplicates.add(plan->duplicates);
      needs_.metrics.refused.add(plan->refused);
      needs_.metrics.batch_seconds.observe(needs_.clock.now() - began);
      needs_.metrics.last_success.set(needs_.clock.wall_ms() / 1000);
      co_await announce(ctx, std::move(*plan));
      partitions_[batch.partition].announced = batch.next();
      co_return;
    }
    needs_.metrics.failures.add();
    if (!worth_retrying(plan.error()) || plan.error().code == ErrorCode::Cancelled) {
      co_await fail(std::move(plan).error().during("apply"));
    }
    log_warning("apply_failed", {{"partition", batch.partition}, {"error", plan.error()}});
    co_await backoff.wait(ctx);
  }
}

Task<Plan> StorageWriter::apply_once(Context ctx, port::LogBatch batch) {
  Partition& partition = partitions_[batch.partition];
  const std::vector<Scanned> events = co_await read_events(batch);
  Wanted wanted = wanted_by(events, partition.state);
  port::Loaded loaded = co_await needs_.store.load(ctx, wanted.request);
  const Found found = remember(events, wanted, std::move(loaded), partition.state);
  Plan plan = make_plan(events, batch.partition, partition.applied, needs_.clock.wall_ms(), found,
                        partition.state);

  Result<void> applied = co_await attempt(needs_.store.apply(ctx, plan.batch));
  if (!applied) {
    partition.state.clear();
    Result<uint64_t> at = co_await attempt(needs_.store.applied(ctx, batch.partition));
    if (at) partition.applied = *at;
    co_await fail(std::move(applied).error());
  }
  partition.applied = plan.batch.next_offset;
  if (partition.state.size() > config_.cache_max) partition.state.clear();
  co_return plan;
}

Task<> StorageWriter::announce(Context ctx, Plan plan) {
  // Before the outcomes: who is told "persisted" can be sure the push is on its way.
  if (!plan.announcements.empty()) {
    co_await port::append_until_done(ctx, &needs_.push_messages, std::move(plan.announcements),
                                     port::Durability::Derived);
  }
  if (!plan.changed.empty()) needs_.outcomes.publish_changed(std::move(plan.changed));
  for (auto& [orchestrator, outcomes] : plan.outcomes) {
    needs_.outcomes.publish(orchestrator, std::move(outcomes));
  }
}

// The log may forget what is announced and cannot be lost by the store any more.
void StorageWriter::commit_durable() {
  for (auto& [number, partition] : partitions_) {
    const uint64_t done = std::min(partition.announced, needs_.store.durable(number));
    if (done <= partition.committed) continue;
    subscription_->commit(number, done);
    partition.committed = done;
  }
}

}  // namespace flare::storage_writer
