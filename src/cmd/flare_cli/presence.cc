#include <cstdio>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {

ExitCode show_presence(const Settings& settings, const std::vector<std::string>& user_ids) {
  auto session = log_in(settings);
  if (!session) return session.error();
  const auto result = session->client.presence(user_ids);
  if (!result) return explain(result.error(), settings);
  Table table({"USER", "ONLINE", "PLATFORMS"});
  for (const sdk::wire::UserPresence& user : result->users()) {
    if (settings.json) {
      print_json(user);
      continue;
    }
    std::string platforms;
    for (const std::string& platform : user.platforms()) {
      platforms += (platforms.empty() ? "" : ", ") + platform;
    }
    table.add({user.user_id(), user.online() ? "yes" : "no", platforms});
  }
  if (!settings.json) table.print();
  return ExitCode::Ok;
}

}  // namespace flare::cli
