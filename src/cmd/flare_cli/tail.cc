#include <cstdio>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {
namespace {

using namespace std::chrono_literals;

void print_message(const Settings& settings, const sdk::model::Message& message) {
  if (settings.json) return print_json(message);
  std::printf("%s  %s #%llu  %s: %s\n", time_of_day(message.server_time_ms()).c_str(),
              message.conversation_id().c_str(), static_cast<unsigned long long>(message.seq()),
              one_line(message.sender_id(), 40).c_str(), content_line(message.content()).c_str());
  std::fflush(stdout);
}

void print_receipt(const Settings& settings, const sdk::wire::Receipt& receipt) {
  if (settings.json) return print_json(receipt);
  const bool read = receipt.read_seq() != 0;
  std::printf("          %s %s %s up to #%llu\n", receipt.conversation_id().c_str(),
              receipt.user_id().c_str(), read ? "has read" : "has received",
              static_cast<unsigned long long>(read ? receipt.read_seq() : receipt.delivered_seq()));
  std::fflush(stdout);
}

}  // namespace

ExitCode tail(const Settings& settings, const Tail& command) {
  auto session = log_in(settings);
  if (!session) return session.error();
  const bool all = command.target.conversation_id.empty() && command.target.user_id.empty();
  const std::string only = all ? "" : conversation_of(command.target, session->user_id);
  if (!settings.json) {
    std::fprintf(stderr, "listening to %s, end with Ctrl-C\n", all ? "everything" : only.c_str());
  }

  for (uint32_t shown = 0; command.count == 0 || shown < command.count;) {
    const auto push = session->client.next_push(60s);
    if (!push) return explain(push.error(), settings);
    if (!*push) continue;
    const sdk::wire::Frame& frame = **push;
    if (frame.has_deliver()) {
      const sdk::model::Message& message = frame.deliver().message();
      if (!all && message.conversation_id() != only) continue;
      print_message(settings, message);
      ++shown;
      (void)session->client.ack(message.conversation_id(), message.seq());
    } else if (frame.has_receipt() && command.receipts) {
      print_receipt(settings, frame.receipt());
    } else if (frame.has_resync()) {
      std::fprintf(stderr, "too slow: messages of %s from #%llu on were left out\n",
                   frame.resync().conversation_id().c_str(),
                   static_cast<unsigned long long>(frame.resync().from_seq()));
    } else if (frame.has_kicked()) {
      std::fprintf(stderr, "flare-cli: kicked: %s (%s)\n", frame.kicked().reason().c_str(),
                   frame.kicked().by().c_str());
      return ExitCode::Refused;
    }
  }
  return ExitCode::Ok;
}

}  // namespace flare::cli
