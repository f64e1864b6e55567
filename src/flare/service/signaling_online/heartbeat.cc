#include <algorithm>

#include "flare/service/signaling_online/signaling_online.h"

namespace flare::signaling_online {

// One round trip while nothing is lost. What is lost goes through settle(), because it may have
// been removed by a newer login of its device and not only by a store that came back empty.
Task<> SignalingOnline::heartbeat(Context ctx, std::vector<model::Session> sessions) {
  if (sessions.empty()) co_return;
  std::vector<model::SessionKey> keys;
  keys.reserve(sessions.size());
  for (const model::Session& session : sessions) keys.push_back(session.key);
  needs_.metrics.renewed.add(keys.size());
  std::vector<model::SessionKey> lost =
      co_await needs_.presence.renew(ctx, std::move(keys), config_.lease);
  if (lost.empty()) co_return;

  needs_.metrics.lost.add(lost.size());
  std::ranges::sort(lost);
  std::erase_if(sessions, [&lost](const model::Session& session) {
    return !std::ranges::binary_search(lost, session.key);
  });
  for (Replaced& replaced : co_await settle(ctx, std::move(sessions))) {
    co_await kick(ctx, std::move(replaced));
  }
}

}  // namespace flare::signaling_online
