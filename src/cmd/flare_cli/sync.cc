#include <charconv>
#include <cstdio>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {
namespace {

// "<conversation>=<seq>" into the request; false when it is not that.
bool add_position(const std::string& text, sdk::wire::Sync& request) {
  const size_t equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  uint64_t seq = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + equals + 1, end, seq);
  if (parsed.ec != std::errc() || parsed.ptr != end) return false;
  sdk::wire::Position& position = *request.add_positions();
  position.set_conversation_id(text.substr(0, equals));
  position.set_seq(seq);
  return true;
}

}  // namespace

ExitCode sync_now(const Settings& settings, const SyncNow& command) {
  sdk::wire::Sync request;
  request.set_digest(command.digest);
  for (const std::string& position : command.positions) {
    if (!add_position(position, request)) {
      return misuse("'" + position + "' is no position", "write CONVERSATION=SEQ");
    }
  }
  auto session = log_in(settings);
  if (!session) return session.error();

  Table table({"CONVERSATION", "LAST", "UNREAD", "NEW", "OLDER", "NEWEST"});
  while (true) {
    const auto page = session->client.sync(request);
    if (!page) return explain(page.error(), settings);
    if (settings.json) print_json(*page);
    for (const auto& changed : page->conversations()) {
      const bool any = !changed.messages().empty();
      table.add({changed.view().conversation_id(), std::to_string(changed.view().last_seq()),
                 std::to_string(changed.view().unread()), std::to_string(changed.messages_size()),
                 changed.more() ? "yes" : "",
                 any ? one_line(content_line(changed.messages().rbegin()->content()), 50) : ""});
    }
    if (!page->next_page_token().empty()) {
      request.set_page_token(page->next_page_token());
      continue;
    }
    if (settings.json) return ExitCode::Ok;
    if (page->unchanged()) {
      std::printf("nothing new\n");
    } else {
      table.print();
    }
    std::printf("digest %llu\n", static_cast<unsigned long long>(page->digest()));
    return ExitCode::Ok;
  }
}

}  // namespace flare::cli
