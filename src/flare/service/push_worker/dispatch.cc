#include "flare/base/log.h"
#include "flare/base/pending.h"
#include "flare/model/event.h"
#include "flare/service/push_worker/push_worker.h"

namespace flare::push_worker {

using namespace std::chrono_literals;

Task<> PushWorker::start(Context ctx) {
  subscription_ = co_await needs_.push_dispatch.subscribe(kGroup, 0, 1);
  ctx.deadline = TimePoint::max();
  ctx.stop = background_.stop_token();
  background_.spawn(dispatch_forever(ctx));
  background_.spawn(note_forever(ctx));
}

Task<> PushWorker::stop(Context) { co_await background_.close(); }

// push-dispatch -> gateways, in the conversation's order, at least once.
Task<> PushWorker::dispatch_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    port::LogBatch batch = co_await subscription_->next(ctx, config_.batch_max);
    const uint32_t partition = batch.partition;
    const uint64_t next = batch.next();
    co_await dispatch(ctx, std::move(batch));
    subscription_->commit(partition, next);
    needs_.metrics.last_success.set(needs_.clock.wall_ms() / 1000);
  }
}

Task<> PushWorker::dispatch(Context ctx, port::LogBatch batch) {
  std::unordered_map<std::string_view, std::vector<Bytes>> by_gateway;
  for (const Bytes& record : batch.records) {
    const model::EventView event = co_await model::scan_event(record.view());
    for (const std::string_view gateway : event.gateways) by_gateway[gateway].push_back(record);
  }
  // All gateways at once; the step ends with the slowest.
  Scope scope("push-worker-step", needs_.faults);
  for (auto& [gateway_id, events] : by_gateway) {
    needs_.metrics.dispatches.add(events.size());
    api::AccessGateway* gateway = needs_.gateways.find(gateway_id);
    if (gateway == nullptr) {
      // Its sessions are gone with it; they sync when they come back.
      needs_.metrics.gateway_failures.add();
      continue;
    }
    scope.spawn(hand_over(ctx, gateway, std::move(events)));
  }
  co_await scope.join();
}

Task<> PushWorker::hand_over(Context ctx, api::AccessGateway* gateway, std::vector<Bytes> events) {
  ctx.deadline = needs_.clock.now() + config_.deliver_timeout;
  Result<api::DeliverReport> report = co_await attempt(gateway->deliver(ctx, std::move(events)));
  if (report) {
    needs_.metrics.frames.add(report->frames);
    needs_.metrics.resyncs.add(report->resyncs);
    co_return;
  }
  needs_.metrics.gateway_failures.add();
  log_warning("deliver_failed", {{"gateway", gateway->gateway_id()}, {"error", report.error()}});
}

}  // namespace flare::push_worker
