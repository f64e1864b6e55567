// history: pages of messages that were stored a moment ago, closed loop.
#include <algorithm>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/histogram.h"
#include "cmd/flare_bench/message_key.h"
#include "cmd/flare_bench/process_usage.h"
#include "cmd/flare_bench/scenarios.h"
#include "cmd/flare_bench/token.h"

namespace flare::bench {
namespace {

constexpr uint32_t kPage = 50;
constexpr uint64_t kSpareDescriptors = 64;
constexpr uint32_t kFillInFlight = 8;
constexpr int64_t kFillLimit = 120 * kSecond;
constexpr int64_t kTurn = 5 * kMillisecond;
constexpr uint64_t kAckEvery = 32;

// First fills one conversation a pair of connections, then each connection reads pages of its own
// from random places.
class PageReader final : public FrameHandler {
 public:
  PageReader(const Options& options, const Target& target, uint32_t connections)
      : options_(options), run_(draw_run()), pool_(target.pool, *this), states_(connections) {
    for (uint32_t user = 0; user < connections; ++user) pool_.add(user);
    pool_.login(0, connections, to_login_plan(options));
  }

  void fill() {
    const uint32_t each = options_.stored / 2 + 1;
    const int64_t until = now_ns() + kFillLimit;
    while (std::ranges::any_of(states_, [each](const State& s) { return s.receipts < each; })) {
      if (now_ns() > until) fail("history: the conversations could not be filled in time");
      for (uint32_t i = 0; i < states_.size(); ++i) {
        State& state = states_[i];
        while (state.in_flight < kFillInFlight && state.receipts + state.in_flight < each) send(i);
      }
      pool_.turn(kTurn);
    }
    drive(kSecond);  // until the last is stored too
  }

  void start() {
    reading_ = true;
    for (uint32_t i = 0; i < states_.size(); ++i) {
      for (uint32_t n = 0; n < options_.in_flight; ++n) ask(i);
    }
  }

  void drive(int64_t duration_ns) {
    const int64_t until = now_ns() + duration_ns;
    while (now_ns() < until && pool_.ready() > 0) pool_.turn(kTurn);
  }

  void on_frame(Connection& connection, const FrameView& frame) override {
    State& state = states_[connection.index];
    switch (frame.kind) {
      case Body::Accepted:
      case Body::Persisted: {
        const auto receipt = scan_receipt(frame.body);
        if (receipt) state.conversation = receipt->conversation_id;
        ++state.receipts;
        --state.in_flight;
        break;
      }
      case Body::Error:
        ++refused;
        if (reading_) {
          ask(connection.index);
        } else {
          --state.in_flight;
        }
        break;
      case Body::Deliver:
        acknowledge(connection, frame);
        break;
      case Body::HistoryPage:
        on_page(connection, frame);
        break;
      default:
        break;
    }
  }

  void on_closed(Connection& connection, std::string_view reason) override {
    violations.add(Violation::ConnectionLost, user_name(connection.user), reason);
  }

  uint64_t pages = 0;
  uint64_t refused = 0;
  Histogram latency;
  Violations violations;

 private:
  struct State {
    std::string conversation;
    uint32_t next_number = 1;
    uint32_t receipts = 0;
    uint32_t in_flight = 0;
    int64_t asked_ns = 0;
  };

  void send(uint32_t index) {
    State& state = states_[index];
    encode_text(text_, {.run = run_, .sender = index, .slot = 0, .number = state.next_number++},
                options_.text_bytes);
    const std::string peer = user_name(index ^ 1U);
    encode_send(frame_, {.request_id = state.next_number,
                         .conversation_id = state.conversation,
                         .to_user_id = peer,
                         .client_message_id = std::string_view(text_).substr(0, kClientIdBytes),
                         .text = text_});
    pool_.queue(pool_.at(index), frame_);
    ++state.in_flight;
  }

  // The place is in the request id, so that the answer can be checked without a table.
  void ask(uint32_t index) {
    State& state = states_[index];
    random_ = random_ * 6364136223846793005ULL + 1442695040888963407ULL;
    const uint64_t from = 1 + (random_ >> 33) % (options_.stored - kPage);
    encode_history(frame_, ++requests_ << 32 | from, state.conversation, from, kPage);
    pool_.queue(pool_.at(index), frame_);
    state.asked_ns = now_ns();
  }

  void on_page(Connection& connection, const FrameView& frame) {
    State& state = states_[connection.index];
    if (options_.in_flight == 1) latency.record(pool_.received_at() - state.asked_ns);
    ++pages;
    const uint64_t from = frame.request_id & 0xffffffffU;
    const auto page = scan_history_page(frame.body);
    bool right = page && page->messages.size() == kPage;
    for (size_t i = 0; right && i < kPage; ++i) {
      const MessageView& message = page->messages[i];
      const auto key = decode_client_id(message.client_message_id);
      right = message.seq == from + i &&
              (!key || check_text(message.text, message.client_message_id, *key));
    }
    if (!right) {
      violations.add(Violation::Gap, state.conversation,
                     "the page from seq " + std::to_string(from) + " is not what was stored");
    }
    ask(connection.index);
  }

  void acknowledge(Connection& connection, const FrameView& frame) {
    const auto message = scan_deliver(frame.body);
    if (!message || message->seq % kAckEvery != 0) return;
    encode_deliver_ack(frame_, {message->conversation_id, message->seq});
    pool_.queue(connection, frame_);
  }

  const Options& options_;
  const uint32_t run_;
  ConnectionPool pool_;
  std::vector<State> states_;
  bool reading_ = false;
  uint64_t requests_ = 0;
  uint64_t random_ = 1;
  std::string frame_;
  std::string text_;
};

}  // namespace

Row run_history(const Options& options, const Target& target) {
  const uint32_t connections = options.connections == 0 ? 100 : options.connections;
  if (connections < 2 || connections % 2 != 0) fail("--connections: must be even, at least 2");
  if (options.stored <= kPage) fail("--stored: must be more than a page of 50");
  require_descriptors(connections + kSpareDescriptors);
  PageReader reader(options, target, connections);
  reader.fill();
  reader.start();
  reader.drive(static_cast<int64_t>(options.warmup_s * 1e9));
  reader.latency.clear();
  const uint64_t pages_before = reader.pages;
  const int64_t server_cpu = cpu_time_ns(target.pids);
  const int64_t bench_cpu = own_cpu_time_ns();
  const int64_t started = now_ns();
  reader.drive(static_cast<int64_t>(options.duration_s * 1e9));
  const double seconds = to_seconds(now_ns() - started);
  const auto pages = static_cast<double>(std::max<uint64_t>(1, reader.pages - pages_before));

  Row row;
  row.scenario = "history: " + std::to_string(connections) + " connections, pages of 50 out of " +
                 std::to_string(options.stored);
  row.target = target.name;
  row.durability = "-";
  row.numbers = {{"pages/s", pages / seconds}};
  if (!target.pids.empty()) {
    row.numbers.emplace_back(
        "server_cpu_us/page",
        static_cast<double>(cpu_time_ns(target.pids) - server_cpu) / 1e3 / pages);
  }
  row.numbers.emplace_back("bench_cpu_us/page",
                           static_cast<double>(own_cpu_time_ns() - bench_cpu) / 1e3 / pages);
  if (options.in_flight == 1) {
    row.numbers.emplace_back("p50_ms", to_milliseconds(reader.latency.quantile(0.5)));
    row.numbers.emplace_back("p99_ms", to_milliseconds(reader.latency.quantile(0.99)));
    row.numbers.emplace_back("max_ms", to_milliseconds(reader.latency.max()));
  }
  row.numbers.emplace_back("refused", static_cast<double>(reader.refused));
  row.violations = reader.violations;
  return row;
}

}  // namespace flare::bench
