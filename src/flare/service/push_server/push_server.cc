#include "flare/service/push_server/push_server.h"

#include <algorithm>

namespace flare::push_server {
namespace {

// Who an event is for: named users, or everybody in the conversation.
struct Receivers {
  model::EventView event;
  std::string conversation;
  std::vector<UserId> users;
  bool members = false;
};

Result<Receivers> receivers_of(const Bytes& record) {
  Receivers to;
  Result<model::EventView> event = model::scan_event(record.view());
  if (!event) return fail(std::move(event).error());
  to.event = std::move(*event);
  if (!to.event.read.empty()) {
    Result<model::ReadMark> mark = model::decode_read_mark(to.event.read);
    if (!mark) return fail(std::move(mark).error());
    to.conversation = mark->conversation.text;
    if (auto users = model::users_of_single(to.conversation)) {
      to.users = {std::move(users->first), std::move(users->second)};
    } else {
      to.users = {mark->user};  // his other devices; a large group is not told who read what
    }
  } else {
    Result<model::MessageView> message = model::scan_message(to.event.message);
    if (!message) return fail(std::move(message).error());
    to.conversation = message->conversation;
    if (!to.event.receivers.empty()) {
      for (const std::string_view user : to.event.receivers)
        to.users.push_back({std::string(user)});
    } else if (auto users = model::users_of_single(message->conversation)) {
      to.users = {std::move(users->first), std::move(users->second)};
    } else {
      to.members = true;
    }
  }
  std::ranges::sort(to.users);
  to.users.erase(std::ranges::unique(to.users).begin(), to.users.end());
  return to;
}

}  // namespace

Task<> PushServer::start(Context ctx) {
  subscription_ = co_await needs_.push_messages.subscribe(kGroup, 0, 1);
  ctx.deadline = TimePoint::max();
  ctx.stop = background_.stop_token();
  background_.spawn(schedule_forever(ctx));
}

Task<> PushServer::stop(Context) { co_await background_.close(); }

// push-messages -> push-dispatch, in the conversation's order, at least once.
Task<> PushServer::schedule_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    port::LogBatch batch = co_await subscription_->next(ctx, config_.batch_max);
    const uint32_t partition = batch.partition;
    const uint64_t next = batch.next();
    co_await schedule(ctx, std::move(batch));
    subscription_->commit(partition, next);
    needs_.metrics.last_success.set(needs_.clock.wall_ms() / 1000);
  }
}

Task<> PushServer::schedule(Context ctx, port::LogBatch batch) {
  std::vector<Receivers> receivers;
  receivers.reserve(batch.records.size());
  for (const Bytes& record : batch.records) receivers.push_back(co_await receivers_of(record));

  // One look into presence for the whole batch, tenant by tenant.
  std::vector<std::string> everywhere;
  for (api::AccessGateway* gateway : needs_.gateways.all()) {
    everywhere.push_back(gateway->gateway_id());
  }
  std::vector<port::LogRecord> dispatches;
  size_t begin = 0;
  while (begin < receivers.size()) {
    size_t end = begin;
    std::vector<UserId> users;
    while (end < receivers.size() && receivers[end].event.tenant == receivers[begin].event.tenant) {
      users.insert(users.end(), receivers[end].users.begin(), receivers[end].users.end());
      ++end;
    }
    Context tenant = ctx;
    tenant.tenant.text = receivers[begin].event.tenant;
    const std::vector<std::vector<model::Session>> located =
        co_await needs_.online.locate(tenant, std::move(users));

    size_t user = 0;
    for (size_t i = begin; i < end; ++i) {
      const Receivers& to = receivers[i];
      std::vector<std::string> gateways = to.members ? everywhere : std::vector<std::string>();
      std::vector<std::string_view> online;
      for (const UserId& receiver : to.users) {
        const std::vector<model::Session>& sessions = located[user++];
        if (!sessions.empty()) online.push_back(receiver.text);
        for (const model::Session& session : sessions) gateways.push_back(session.key.gateway);
      }
      std::ranges::sort(gateways);
      gateways.erase(std::ranges::unique(gateways).begin(), gateways.end());
      needs_.metrics.events.add();
      if (gateways.empty()) {
        needs_.metrics.nobody_online.add();
        continue;
      }
      std::string dispatch(batch.records[i].view());
      model::append_dispatch(dispatch, gateways, online);
      dispatches.push_back({model::partition_hash(to.event.tenant, to.conversation),
                            Bytes::take(std::move(dispatch))});
    }
    begin = end;
  }
  if (dispatches.empty()) co_return;
  needs_.metrics.dispatches.add(dispatches.size());
  co_await port::append_until_done(ctx, &needs_.push_dispatch, std::move(dispatches),
                                   port::Durability::Derived);
}

}  // namespace flare::push_server
