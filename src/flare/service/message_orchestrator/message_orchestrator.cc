#include "flare/service/message_orchestrator/message_orchestrator.h"

#include "flare/base/log.h"

namespace flare::message_orchestrator {

using namespace std::chrono_literals;

namespace {

// How often waits for a seq are looked over; one look for all costs less than a timer each.
constexpr auto kExpiryInterval = 250ms;

}  // namespace

Orchestrator::Orchestrator(Config config, Needs needs)
    : config_(config),
      needs_(needs),
      membership_(needs.store, needs.clock,
                  {config.membership_age_max, config.membership_cache_max}) {}

Task<> Orchestrator::start(Context ctx) {
  number_ = needs_.outcomes.subscribe({
      .outcomes = [this](const std::vector<port::Outcome>& outcomes) { on_outcomes(outcomes); },
      .changed =
          [this](const std::vector<port::ConversationKey>& changed) {
            for (const port::ConversationKey& key : changed) membership_.forget(key);
          },
  });
  ctx.deadline = TimePoint::max();
  ctx.stop = background_.stop_token();
  background_.spawn(sweep_forever(ctx));
  background_.spawn(expire_forever(ctx));
  co_return;
}

Task<> Orchestrator::stop(Context) {
  needs_.outcomes.unsubscribe(number_);
  for (const auto& [id, waiter] : waiting_) {
    waiter.outcome.resolve(fail(ErrorCode::Cancelled, "the server is stopping"));
  }
  waiting_.clear();
  co_await background_.close();
}

void Orchestrator::on_outcomes(const std::vector<port::Outcome>& outcomes) {
  for (const port::Outcome& outcome : outcomes) {
    for (auto waiter = waiting_.find(outcome.id); waiter != waiting_.end();
         waiter = waiting_.find(outcome.id)) {
      const Pending<port::Outcome> told = waiter->second.outcome;
      waiting_.erase(waiter);
      told.resolve_now(outcome);
    }
  }
}

// Write-ahead log -> event log: what an outage or a crash left behind, at least once.
Task<> Orchestrator::sweep_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    Result<size_t> swept = co_await attempt(needs_.wal.sweep(ctx));
    if (swept) {
      needs_.metrics.swept.add(*swept);
    } else if (worth_retrying(swept.error())) {
      log_warning("sweep_failed", {{"error", swept.error()}});
    } else {
      co_await fail(std::move(swept).error().during("sweep"));
    }
    co_await sleep_for(ctx, config_.sweep_interval);
  }
}

Task<> Orchestrator::expire_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    co_await sleep_for(ctx, kExpiryInterval);
    const TimePoint oldest = needs_.clock.now() - config_.seq_wait_max;
    needs_.metrics.seq_timeouts.add(std::erase_if(waiting_, [&](const auto& entry) {
      if (entry.second.since > oldest) return false;
      entry.second.outcome.resolve(fail(ErrorCode::DeadlineExceeded, "not applied yet"));
      return true;
    }));
  }
}

Task<Standing> Orchestrator::standing(Context ctx, ConversationId conversation, UserId user) {
  std::optional<Standing> known = membership_.remembered(ctx.tenant, conversation, user);
  if (!known) known = co_await membership_.look_up(std::move(ctx), conversation, std::move(user));
  if (!known->exists) {
    needs_.metrics.refused.add();
    co_await fail(ErrorCode::NotFound, "there is no conversation " + conversation.text);
  }
  co_return *known;
}

Task<> Orchestrator::read(Context ctx, api::ReadRequest request) {
  if (request.seq == 0) co_await fail(ErrorCode::InvalidArgument, "seq must be at least 1");
  const Standing known = co_await standing(ctx, request.conversation, request.user);
  if (known.role == model::MemberRole::None) {
    needs_.metrics.refused.add();
    co_await fail(ErrorCode::PermissionDenied, "user is not a member of the conversation");
  }
  const model::ReadMark mark{request.conversation, request.user, request.seq,
                             needs_.clock.wall_ms()};
  co_await publish(ctx, request.conversation,
                   model::encode_read_event(ctx.tenant, mark, request.origin, ctx.trace));
}

}  // namespace flare::message_orchestrator
