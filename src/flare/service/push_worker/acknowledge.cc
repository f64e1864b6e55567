#include <algorithm>

#include "flare/base/log.h"
#include "flare/base/pending.h"
#include "flare/service/push_worker/push_worker.h"

namespace flare::push_worker {

Task<> PushWorker::acknowledge(Context, std::vector<api::Acknowledgement> acknowledgements) {
  const int64_t now_ms = needs_.clock.wall_ms();
  bool refused = false;
  {
    std::lock_guard lock(mutex_);
    for (api::Acknowledgement& item : acknowledgements) {
      if (item.seq == 0) continue;  // nothing is before the first message
      std::string key = item.tenant.text + '\0' + item.conversation.text + '\0' + item.user.text;
      const bool full = acknowledged_.size() >= config_.acknowledgements_max;
      if (full && !acknowledged_.contains(key)) {
        refused = true;
        continue;
      }
      port::Delivered& entry = acknowledged_[std::move(key)];
      if (item.seq <= entry.seq) continue;
      entry = {{std::move(item.tenant), std::move(item.conversation), std::move(item.user)},
               item.seq,
               now_ms};
    }
  }
  if (refused) co_await fail(ErrorCode::ResourceExhausted, "acknowledgements_max is reached");
}

// Acknowledgements -> store and the other side, the newest of each member.
Task<> PushWorker::note_forever(Context ctx) {
  while (!ctx.stop.stop_requested()) {
    co_await sleep_for(ctx, config_.acknowledgement_pause);
    std::vector<port::Delivered> delivered;
    {
      std::lock_guard lock(mutex_);
      delivered.reserve(acknowledged_.size());
      for (auto& [key, entry] : acknowledged_) delivered.push_back(std::move(entry));
      acknowledged_.clear();
    }
    if (delivered.empty()) continue;
    Result<void> noted = co_await attempt(note(ctx, std::move(delivered)));
    // Soft state: devices acknowledge again with the next message.
    if (!noted && noted.error().code != ErrorCode::Cancelled) {
      log_warning("note_delivered_failed", {{"error", noted.error()}});
    }
  }
}

Task<> PushWorker::note(Context ctx, std::vector<port::Delivered> delivered) {
  delivered = co_await within_heads(ctx, std::move(delivered));
  co_await needs_.store.note_delivered(ctx, delivered);
  needs_.metrics.acknowledged.add(delivered.size());
  co_await tell_peers(ctx, std::move(delivered));
}

// A device cannot have what does not exist yet; believed, it would have every future message.
Task<std::vector<port::Delivered>> PushWorker::within_heads(
    Context ctx, std::vector<port::Delivered> delivered) {
  port::LoadRequest request;
  for (const port::Delivered& item : delivered) {
    request.conversations.push_back({item.member.tenant, item.member.conversation});
  }
  const port::Loaded loaded = co_await needs_.store.load(ctx, std::move(request));
  for (size_t i = 0; i < delivered.size(); ++i) {
    const auto& row = loaded.conversations[i];
    delivered[i].seq = std::min(delivered[i].seq, row ? row->head.last_seq : 0);
  }
  std::erase_if(delivered, [](const port::Delivered& item) { return item.seq == 0; });
  co_return delivered;
}

// Only single chats: a large group is not told whose devices have what.
Task<> PushWorker::tell_peers(Context ctx, std::vector<port::Delivered> delivered) {
  std::unordered_map<std::string, std::vector<api::ReceiptNotice>> by_tenant;
  for (port::Delivered& item : delivered) {
    const auto users = model::users_of_single(item.member.conversation.text);
    if (!users || users->first == users->second) continue;
    const UserId& peer = users->first == item.member.user ? users->second : users->first;
    by_tenant[item.member.tenant.text].push_back({.tenant = item.member.tenant,
                                                  .to = peer,
                                                  .conversation = item.member.conversation,
                                                  .by = item.member.user,
                                                  .delivered_seq = item.seq});
  }
  for (auto& [tenant, notices] : by_tenant) {
    Context whose = ctx;
    whose.tenant.text = tenant;
    std::vector<UserId> peers;
    for (const api::ReceiptNotice& notice : notices) peers.push_back(notice.to);
    const std::vector<std::vector<model::Session>> located =
        co_await needs_.online.locate(whose, std::move(peers));
    std::unordered_map<std::string_view, std::vector<api::ReceiptNotice>> by_gateway;
    for (size_t i = 0; i < notices.size(); ++i) {
      std::string_view last;
      for (const model::Session& session : located[i]) {
        if (session.key.gateway == last) continue;
        last = session.key.gateway;
        by_gateway[last].push_back(notices[i]);
      }
    }
    for (auto& [gateway_id, group] : by_gateway) {
      api::AccessGateway* gateway = needs_.gateways.find(gateway_id);
      if (gateway != nullptr) co_await gateway->notify(whose, std::move(group));
    }
  }
}

}  // namespace flare::push_worker
