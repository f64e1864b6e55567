// durability verify: every promise in the journal against the histories of the restarted server.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <utility>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/history_check.h"
#include "cmd/flare_bench/journal.h"
#include "cmd/flare_bench/scenarios.h"
#include "cmd/flare_bench/token.h"

namespace flare::bench {
namespace {

constexpr uint32_t kPage = 200;
constexpr size_t kRetriesPerConversation = 4;
constexpr int64_t kSilenceMax = 60 * kSecond;
constexpr int64_t kTurn = 50 * kMillisecond;
constexpr uint64_t kSpareDescriptors = 64;

// One reader a connection, one request in flight each: first the retries of the conversation, then
// its pages, then the next conversation.
class Reader final : public FrameHandler {
 public:
  Reader(const Options& options, const Target& target, Journal journal)
      : journal_(std::move(journal)), pool_(target.pool, *this) {
    for (auto& [conversation, promises] : journal_.conversations) {
      tasks_[promises.front().key.sender].push_back(conversation);
    }
    require_descriptors(tasks_.size() + kSpareDescriptors);
    for (const auto& [user, conversations] : tasks_) pool_.add(user);
    states_.resize(pool_.size());
    pool_.login(0, pool_.size(), to_login_plan(options));
  }

  void read_everything() {
    for (size_t i = 0; i < pool_.size(); ++i) next_conversation(pool_.at(i));
    last_progress_ = now_ns();
    while (done_ < pool_.size()) {
      pool_.turn(kTurn);
      if (now_ns() - last_progress_ > kSilenceMax) {
        fail("verify: the server has not answered for a minute");
      }
    }
  }

  void on_frame(Connection& connection, const FrameView& frame) override {
    State& state = states_[connection.index];
    if (frame.request_id == 0 || frame.request_id != state.request_id) return;
    last_progress_ = now_ns();
    switch (frame.kind) {
      case Body::Accepted:
      case Body::Persisted:
        on_retried(connection, frame);
        break;
      case Body::HistoryPage:
        on_page(connection, frame);
        break;
      case Body::Error: {
        const auto error = scan_error(frame.body);
        violations.add(Violation::Lost, conversation(connection),
                       error ? std::string(error->name) + ": " + std::string(error->message)
                             : "cannot be read");
        next_conversation(connection);
        break;
      }
      default:
        break;
    }
  }

  void on_closed(Connection& connection, std::string_view reason) override {
    violations.add(Violation::ConnectionLost, user_name(connection.user), reason);
    if (!states_[connection.index].done) ++done_;
  }

  uint64_t promises() const { return journal_.promises; }
  size_t conversations() const { return journal_.conversations.size(); }

  Violations violations;
  uint64_t messages = 0;
  uint64_t retries = 0;

 private:
  struct State {
    std::unique_ptr<HistoryCheck> check;
    std::deque<Promise> retries;
    uint64_t request_id = 0;
    bool done = false;
  };

  const std::string& conversation(const Connection& connection) {
    return tasks_[connection.user].front();
  }

  void next_conversation(Connection& connection) {
    State& state = states_[connection.index];
    auto& left = tasks_[connection.user];
    if (state.check || state.request_id != 0) left.pop_front();
    state.check.reset();
    if (left.empty()) {
      state.done = true;
      state.request_id = 0;
      ++done_;
      return;
    }
    const std::vector<Promise>& promises = journal_.conversations.find(left.front())->second;
    state.retries.clear();
    for (auto at = promises.rbegin();
         at != promises.rend() && state.retries.size() < kRetriesPerConversation; ++at) {
      if (at->key.sender == connection.user) state.retries.push_back(*at);
    }
    state.check = std::make_unique<HistoryCheck>(left.front(), promises, violations);
    go_on(connection);
  }

  void go_on(Connection& connection) {
    State& state = states_[connection.index];
    ++state.request_id;
    if (!state.retries.empty()) {
      encode_text(text_, state.retries.front().key, journal_.text_bytes);
      encode_send(frame_, {.request_id = state.request_id,
                           .conversation_id = conversation(connection),
                           .to_user_id = {},
                           .client_message_id = std::string_view(text_).substr(0, kClientIdBytes),
                           .text = text_});
      ++retries;
    } else {
      encode_history(frame_, state.request_id, conversation(connection), state.check->next_seq(),
                     kPage);
    }
    pool_.queue(connection, frame_);
  }

  void on_retried(Connection& connection, const FrameView& frame) {
    State& state = states_[connection.index];
    if (state.retries.empty()) return;
    const Promise& promise = state.retries.front();
    const auto receipt = scan_receipt(frame.body);
    if (!receipt || to_message_id(receipt->message_id) != promise.message_id) {
      violations.add(Violation::MessageId, conversation(connection),
                     "a retry after the restart got another message_id");
    }
    state.retries.pop_front();
    go_on(connection);
  }

  void on_page(Connection& connection, const FrameView& frame) {
    State& state = states_[connection.index];
    const auto page = scan_history_page(frame.body);
    if (!page) {
      violations.add(Violation::Undecodable, conversation(connection), "HistoryPage");
      next_conversation(connection);
      return;
    }
    for (const MessageView& message : page->messages) state.check->add(message);
    messages += page->messages.size();
    if (page->more && !page->messages.empty()) {
      go_on(connection);
      return;
    }
    state.check->finish();
    next_conversation(connection);
  }

  Journal journal_;
  std::map<uint32_t, std::deque<std::string>> tasks_;  // by the user who reads
  ConnectionPool pool_;
  std::vector<State> states_;
  size_t done_ = 0;
  int64_t last_progress_ = 0;
  std::string frame_;
  std::string text_;
};

}  // namespace

Row verify_durability(const Options& options, const Target& target) {
  if (options.journal.empty()) fail("--journal: is needed");
  Journal journal = read_journal(options.journal);
  if (journal.promises == 0) fail("journal: holds no receipt, so there is nothing to verify");
  Reader reader(options, target, std::move(journal));
  const int64_t started = now_ns();
  reader.read_everything();
  const double seconds = to_seconds(now_ns() - started);

  Row row;
  row.scenario = "durability verify";
  row.target = target.name;
  row.durability = target.durability;
  row.numbers = {{"receipts", static_cast<double>(reader.promises())},
                 {"conversations", static_cast<double>(reader.conversations())},
                 {"messages_read", static_cast<double>(reader.messages)},
                 {"messages_read/s", static_cast<double>(reader.messages) / seconds},
                 {"retries", static_cast<double>(reader.retries)},
                 {"lost", static_cast<double>(reader.violations.count(Violation::Lost))}};
  row.violations = reader.violations;
  return row;
}

}  // namespace flare::bench
