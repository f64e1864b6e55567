// idle: what a connection costs that only waits, and how fast they all come back.
#include <algorithm>
#include <array>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/process_usage.h"
#include "cmd/flare_bench/scenarios.h"

namespace flare::bench {
namespace {

// The slope is taken between the first step and the last, so that what a server allocates once,
// for the first connections, is not counted against each.
constexpr uint32_t kSteps = 5;

// A server works off what a wave of logins left before its memory is read.
constexpr int64_t kSettle = kSecond;

// Sooner than the 30 s in which a server expects a sign of life.
constexpr int64_t kHeartbeat = 20 * kSecond;

constexpr uint64_t kSpareDescriptors = 64;

// No server keeps less than this for a session; a smaller slope was not measured but hidden.
constexpr double kBelievableBytes = 100;

class IdleListener final : public FrameHandler {
 public:
  void on_frame(Connection&, const FrameView&) override {}
  void on_closed(Connection& connection, std::string_view reason) override {
    violations.add(Violation::ConnectionLost, std::to_string(connection.index), reason);
  }

  Violations violations;
};

struct Heartbeats {
  explicit Heartbeats(ConnectionPool& all) : pool(all) { encode_frame(ping, 2, Body::Ping, {}); }

  // Waits, pinging so many connections that each has its turn once in kHeartbeat.
  void wait(int64_t duration_ns) {
    const int64_t until = now_ns() + duration_ns;
    int64_t last = now_ns();
    for (int64_t now = last; now < until; now = now_ns()) {
      owed += static_cast<double>(pool.size()) * static_cast<double>(now - last) / kHeartbeat;
      last = now;
      for (; owed >= 1; owed -= 1) {
        next = (next + 1) % pool.size();
        if (pool.at(next).state == ConnectionState::Ready) pool.queue(pool.at(next), ping);
      }
      pool.turn(std::min<int64_t>(20 * kMillisecond, until - now));
    }
  }

  ConnectionPool& pool;
  std::string ping;
  double owed = 0;
  size_t next = 0;
};

struct MemoryPoint {
  double connections = 0;
  MemoryUse use;
};

// Least squares through the points, in bytes a connection.
double to_slope(const std::vector<MemoryPoint>& points, uint64_t MemoryUse::* field) {
  const auto count = static_cast<double>(points.size());
  double x_mean = 0;
  double y_mean = 0;
  for (const MemoryPoint& point : points) {
    x_mean += point.connections / count;
    y_mean += static_cast<double>(point.use.*field) / count;
  }
  double above = 0;
  double below = 0;
  for (const MemoryPoint& point : points) {
    const double x = point.connections - x_mean;
    above += x * (static_cast<double>(point.use.*field) - y_mean);
    below += x * x;
  }
  return below == 0 ? 0 : above / below;
}

double logins_per_second(const LoginResult& result) {
  return static_cast<double>(result.logins) / to_seconds(std::max<int64_t>(1, result.duration_ns));
}

// What one run of the scenario has seen.
struct IdleFacts {
  uint32_t connections = 0;
  MemoryUse empty;
  std::vector<MemoryPoint> points;
  MemoryUse after_storm;
  LoginResult first;
  LoginResult storm;
  int64_t idle_cpu_ns = 0;
  int64_t storm_cpu_ns = 0;
  double hold_s = 0;
};

// Logs all in, in steps, and looks at the server's memory after each.
void log_in_by_steps(ConnectionPool& pool, Heartbeats& heartbeats, const LoginPlan& plan,
                     const Target& target, IdleFacts& facts) {
  facts.empty = memory_use(target.pids);
  const uint32_t share = facts.connections / kSteps;
  for (uint32_t step = 1; step <= kSteps; ++step) {
    const uint32_t count = step == kSteps ? facts.connections : share * step;
    const LoginResult part = pool.login(share * (step - 1), count, plan);
    facts.first.logins += part.logins;
    facts.first.refused += part.refused;
    facts.first.duration_ns += part.duration_ns;
    facts.first.last_refusal = part.last_refusal;
    heartbeats.wait(kSettle);
    facts.points.push_back({static_cast<double>(count), memory_use(target.pids)});
  }
}

void add_server_numbers(const IdleFacts& facts, Row& row) {
  constexpr double kMegabyte = 1024.0 * 1024.0;
  const auto megabytes = [](const MemoryUse& use) {
    return static_cast<double>(use.rss_bytes) / kMegabyte;
  };
  row.numbers.insert(
      row.numbers.end(),
      {{"anonymous_B/connection", to_slope(facts.points, &MemoryUse::anonymous_bytes)},
       {"pss_B/connection", to_slope(facts.points, &MemoryUse::pss_bytes)},
       {"rss_B/connection", to_slope(facts.points, &MemoryUse::rss_bytes)},
       {"rss_empty_MB", megabytes(facts.empty)},
       {"rss_full_MB", megabytes(facts.points.back().use)},
       {"rss_storm_MB", megabytes(facts.after_storm)},
       {"storm_cpu_us/login",
        static_cast<double>(facts.storm_cpu_ns) / 1e3 / static_cast<double>(facts.connections)},
       {"idle_cores", to_seconds(facts.idle_cpu_ns) / std::max(facts.hold_s, 0.001)}});
  if (to_slope(facts.points, &MemoryUse::anonymous_bytes) < kBelievableBytes) {
    row.notes.emplace_back(
        "the server filled memory it had left over from earlier work; start it afresh for a slope");
  }
}

Row to_row(const IdleFacts& facts, const Target& target) {
  Row row;
  row.scenario = "idle: " + std::to_string(facts.connections) + " authenticated connections";
  row.target = target.name;
  row.durability = "-";
  row.numbers = {{"logins/s", logins_per_second(facts.first)},
                 {"storm_logins/s", logins_per_second(facts.storm)}};
  if (!target.pids.empty()) add_server_numbers(facts, row);
  const auto refused = facts.first.refused + facts.storm.refused;
  row.numbers.emplace_back("login_retries", static_cast<double>(refused));
  if (refused > 0) {
    const std::string& why =
        facts.storm.last_refusal.empty() ? facts.first.last_refusal : facts.storm.last_refusal;
    row.notes.push_back("logins were refused and repeated, the last time because: " + why);
  }
  return row;
}

}  // namespace

Row run_idle(const Options& options, const Target& target) {
  IdleFacts facts;
  facts.connections = options.connections == 0 ? 15'000 : options.connections;
  facts.hold_s = options.hold_s;
  require_descriptors(facts.connections + kSpareDescriptors);
  IdleListener listener;
  ConnectionPool pool(target.pool, listener);
  for (uint32_t i = 0; i < facts.connections; ++i) pool.add(options.first_user + i);
  pool.mint_tokens();
  Heartbeats heartbeats(pool);
  const LoginPlan plan = to_login_plan(options);
  log_in_by_steps(pool, heartbeats, plan, target, facts);

  const int64_t cpu_before = cpu_time_ns(target.pids);
  heartbeats.wait(static_cast<int64_t>(options.hold_s * 1e9));
  facts.idle_cpu_ns = cpu_time_ns(target.pids) - cpu_before;

  for (uint32_t i = 0; i < facts.connections; ++i) pool.drop(pool.at(i));
  const int64_t storm_cpu_before = cpu_time_ns(target.pids);
  facts.storm = pool.login(0, facts.connections, plan);
  facts.storm_cpu_ns = cpu_time_ns(target.pids) - storm_cpu_before;
  heartbeats.wait(kSettle);
  facts.after_storm = memory_use(target.pids);

  Row row = to_row(facts, target);
  row.violations = listener.violations;
  return row;
}

}  // namespace flare::bench
