#include <unistd.h>

#include <cstdio>
#include <set>

#include "commands.h"
#include "connection.h"
#include "line_input.h"
#include "output.h"

namespace flare::cli {
namespace {

using namespace std::chrono_literals;
using sdk::model::Message;
using Clock = std::chrono::steady_clock;

// One conversation on the terminal: shows every message once, in order of seq, and says so to the
// server.
class Talk {
 public:
  Talk(const Settings& settings, Session& session, std::string conversation_id)
      : settings_(settings), session_(session), conversation_id_(std::move(conversation_id)) {}

  sdk::Result<> show_earlier(uint32_t limit);
  sdk::Result<> say(const sdk::Target& target, const std::string& text);
  sdk::Result<> take(const sdk::wire::Frame& push);
  bool kicked() const { return kicked_; }

 private:
  sdk::Result<> take_message(const sdk::wire::Deliver& deliver);
  sdk::Result<> show_range(uint64_t from_seq, uint64_t to_seq);
  void show(const Message& message);
  void line(const std::string& text) const;

  const Settings& settings_;
  Session& session_;
  const std::string conversation_id_;
  const bool terminal_ = ::isatty(STDIN_FILENO) && ::isatty(STDOUT_FILENO);
  std::set<std::string> said_;  // client_message_ids of what was typed here and shown already
  uint64_t shown_seq_ = 0;      // 0: nothing yet
  bool kicked_ = false;
};

void Talk::line(const std::string& text) const {
  // Back to the start of the prompt's line, and over it.
  std::printf("%s%s\n%s", terminal_ ? "\r\033[K" : "", text.c_str(), terminal_ ? "> " : "");
  std::fflush(stdout);
}

void Talk::show(const Message& message) {
  shown_seq_ = std::max(shown_seq_, message.seq());
  if (said_.erase(message.client_message_id()) > 0) return;
  if (settings_.json) return print_json(message);
  const bool own = message.sender_id() == session_.user_id;
  line(time_of_day(message.server_time_ms()) + "  " +
       (own ? "you" : one_line(message.sender_id(), 40)) + ": " + content_line(message.content()));
}

sdk::Result<> Talk::show_earlier(uint32_t limit) {
  if (limit == 0) return {};
  const auto page = session_.client.history(
      conversation_id_, {.from_seq = 0, .to_seq = 0, .limit = limit, .backwards = true});
  if (!page) {
    // A single chat begins with its first message: nothing to show is no failure.
    const bool not_yet = page.error().code == sdk::ErrorCode::NotFound;
    return not_yet ? sdk::Result<>{} : std::unexpected(page.error());
  }
  for (int i = page->messages_size() - 1; i >= 0; --i) show(page->messages(i));
  if (shown_seq_ == 0) return {};
  return session_.client.read(conversation_id_, shown_seq_);
}

sdk::Result<> Talk::show_range(uint64_t from_seq, uint64_t to_seq) {
  while (from_seq <= to_seq) {
    const auto page = session_.client.history(
        conversation_id_, {.from_seq = from_seq, .to_seq = to_seq, .limit = 0, .backwards = false});
    if (!page) return std::unexpected(page.error());
    for (const Message& message : page->messages()) show(message);
    if (!page->more() || page->messages().empty()) return {};
    from_seq = page->messages().rbegin()->seq() + 1;
  }
  return {};
}

sdk::Result<> Talk::say(const sdk::Target& target, const std::string& text) {
  const std::string client_message_id = sdk::random_id();
  said_.insert(client_message_id);
  auto receipt = session_.client.send_text(
      target, text,
      {.client_message_id = client_message_id, .ack_level = sdk::wire::ACK_LEVEL_ACCEPTED});
  if (!receipt) return std::unexpected(receipt.error());
  if (settings_.json) return {};
  if (terminal_) std::fputs("\033[1A", stdout);  // over the line that was typed
  line(time_of_day(receipt->server_time_ms) + "  you: " + one_line(text, SIZE_MAX));
  return {};
}

sdk::Result<> Talk::take(const sdk::wire::Frame& push) {
  if (push.has_deliver()) return take_message(push.deliver());
  if (push.has_resync() && push.resync().conversation_id() == conversation_id_) {
    return show_range(push.resync().from_seq(), UINT64_MAX);
  }
  if (push.has_receipt() && push.receipt().conversation_id() == conversation_id_) {
    if (settings_.json) {
      print_json(push.receipt());
    } else if (push.receipt().read_seq() != 0 && push.receipt().read_seq() == shown_seq_) {
      line("          " + one_line(push.receipt().user_id(), 40) + " has read everything");
    }
  }
  if (push.has_kicked()) {
    kicked_ = true;
    line("kicked: " + push.kicked().reason() + " (" + push.kicked().by() + ")");
  }
  return {};
}

sdk::Result<> Talk::take_message(const sdk::wire::Deliver& deliver) {
  const Message& message = deliver.message();
  if (message.conversation_id() != conversation_id_) {
    if (!settings_.json) {
      line("          (" + one_line(message.sender_id(), 40) + " wrote in " +
           message.conversation_id() + ")");
    }
    return session_.client.ack(message.conversation_id(), message.seq());
  }
  if (message.seq() <= shown_seq_) return {};  // a delivery may be repeated
  if (shown_seq_ != 0 && deliver.prev_seq() > shown_seq_) {
    if (auto gap = show_range(shown_seq_ + 1, message.seq() - 1); !gap) return gap;
  }
  show(message);
  if (auto acked = session_.client.ack(conversation_id_, message.seq()); !acked) return acked;
  if (message.sender_id() == session_.user_id) return {};
  return session_.client.read(conversation_id_, message.seq());
}

}  // namespace

ExitCode chat(const Settings& settings, const Chat& command) {
  auto session = log_in(settings);
  if (!session) return session.error();
  sdk::Client& client = session->client;
  Talk talk(settings, *session, conversation_of(command.target, session->user_id));
  if (auto shown = talk.show_earlier(command.history); !shown)
    return explain(shown.error(), settings);

  LineInput input([&client] { client.wake(); });
  if (!settings.json && ::isatty(STDIN_FILENO)) {
    std::fprintf(stderr, "write a line to send it, end with Ctrl-D\n");
  }
  ExitCode code = ExitCode::Ok;
  Clock::time_point end = Clock::time_point::max();  // set once stdin has ended
  while (Clock::now() < end) {
    while (const auto text = input.next_line()) {
      if (text->empty()) continue;
      if (auto said = talk.say(command.target, *text); !said) {
        code = explain(said.error(), settings);
        if (said.error().failure != sdk::Failure::Refused) return code;
      }
    }
    if (input.ended()) end = std::min(end, Clock::now() + command.linger);
    const auto push = client.next_push(input.ended() ? 100ms : 10'000ms);
    if (!push) return explain(push.error(), settings);
    if (!*push) continue;
    const auto taken = talk.take(**push);
    if (!taken) return explain(taken.error(), settings);
    if (talk.kicked()) return ExitCode::Refused;
  }
  client.close();
  return code;
}

}  // namespace flare::cli
