#include <algorithm>

#include "flare/service/signaling_online/signaling_online.h"

namespace flare::signaling_online {

Task<std::vector<api::UserPresence>> SignalingOnline::query(Context ctx,
                                                            std::vector<UserId> users) {
  const std::vector<std::vector<model::Session>> sessions = co_await locate(ctx, users);
  std::vector<api::UserPresence> answer(users.size());
  for (size_t i = 0; i < users.size(); ++i) {
    answer[i].user = std::move(users[i]);
    answer[i].online = !sessions[i].empty();
    std::vector<std::string>& platforms = answer[i].platforms;
    for (const model::Session& session : sessions[i]) platforms.push_back(session.platform);
    std::ranges::sort(platforms);
    platforms.erase(std::ranges::unique(platforms).begin(), platforms.end());
  }
  co_return answer;
}

Task<std::vector<std::vector<model::Session>>> SignalingOnline::locate(Context ctx,
                                                                       std::vector<UserId> users) {
  const size_t asked = users.size();
  auto sessions = co_await needs_.presence.find(std::move(ctx), std::move(users));
  if (sessions.size() != asked) co_await fail(ErrorCode::Internal, "presence: answers are missing");
  co_return sessions;
}

}  // namespace flare::signaling_online
