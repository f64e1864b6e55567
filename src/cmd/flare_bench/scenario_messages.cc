// chat, latency and fanout: the scenarios in which messages flow.
#include <algorithm>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/process_usage.h"
#include "cmd/flare_bench/scenarios.h"
#include "cmd/flare_bench/traffic.h"

namespace flare::bench {
namespace {

constexpr int64_t kDrainLimit = 15 * kSecond;
constexpr uint64_t kSpareDescriptors = 64;

int64_t to_ns(double seconds) { return static_cast<int64_t>(seconds * 1e9); }

// What happened between the end of the warm-up and the end of the measured time.
struct Window {
  TrafficCounters counters;
  double seconds = 0;
  double server_cpu_us = 0;
  double bench_cpu_us = 0;
};

Window measure(Traffic& traffic, const Options& options, const Target& target) {
  traffic.run_for(to_ns(options.warmup_s));
  traffic.start_measuring();
  const TrafficCounters before = traffic.counters();
  const int64_t server_cpu = cpu_time_ns(target.pids);
  const int64_t bench_cpu = own_cpu_time_ns();
  const int64_t started = now_ns();
  traffic.run_for(to_ns(options.duration_s));

  Window window;
  window.seconds = to_seconds(now_ns() - started);
  if (traffic.pool().ready() > 0) {
    window.server_cpu_us = static_cast<double>(cpu_time_ns(target.pids) - server_cpu) / 1e3;
  }
  window.bench_cpu_us = static_cast<double>(own_cpu_time_ns() - bench_cpu) / 1e3;
  window.counters = traffic.counters();
  window.counters.completed -= before.completed;
  window.counters.deliveries -= before.deliveries;
  window.counters.refused -= before.refused;
  traffic.drain(kDrainLimit);
  traffic.check_end();
  return window;
}

Row start_row(std::string scenario, const Target& target) {
  Row row;
  row.scenario = std::move(scenario);
  row.target = target.name;
  row.durability = target.durability;
  return row;
}

void add_cost(Row& row, const Window& window, const Target& target, uint64_t units,
              const std::string& unit) {
  const double count = std::max<double>(1, static_cast<double>(units));
  if (!target.pids.empty()) {
    row.numbers.emplace_back("server_cpu_us/" + unit, window.server_cpu_us / count);
    row.numbers.emplace_back("server_cores", window.server_cpu_us / 1e6 / window.seconds);
  }
  row.numbers.emplace_back("bench_cpu_us/" + unit, window.bench_cpu_us / count);
}

void add_latency(Row& row, const Histogram& latency) {
  row.numbers.emplace_back("p50_ms", to_milliseconds(latency.quantile(0.5)));
  row.numbers.emplace_back("p90_ms", to_milliseconds(latency.quantile(0.9)));
  row.numbers.emplace_back("p99_ms", to_milliseconds(latency.quantile(0.99)));
  row.numbers.emplace_back("p99.9_ms", to_milliseconds(latency.quantile(0.999)));
  row.numbers.emplace_back("max_ms", to_milliseconds(latency.max()));
}

void add_end(Row& row, Traffic& traffic, const Window& window, const LoginResult& login) {
  row.numbers.emplace_back("refused", static_cast<double>(window.counters.refused));
  row.numbers.emplace_back("resyncs", static_cast<double>(traffic.counters().resyncs));
  for (const auto& [code, refusal] : traffic.refusals()) {
    row.notes.push_back("refused " + std::to_string(refusal.count) + " times: " +
                        std::to_string(code) + ' ' + refusal.name + ": " + refusal.example);
  }
  if (!traffic.refusals().empty() && login.sends_per_second > 0) {
    row.notes.push_back("the server allows " + std::to_string(login.sends_per_second) +
                        " sends per second and connection");
  }
  row.violations = traffic.violations();
}

TrafficSettings to_traffic(const Options& options) {
  return {.run = draw_run(),
          .text_bytes = options.text_bytes,
          .ack_level = options.ack_persisted ? AckLevel::Persisted : AckLevel::Accepted,
          .in_flight = options.in_flight,
          .ack_interval_ns = options.ack_ms * kMillisecond,
          .ack_deliveries = options.ack_deliveries};
}

double per_second(uint64_t count, const Window& window) {
  return static_cast<double>(count) / window.seconds;
}

std::string describe_load(const Options& options, uint32_t connections) {
  return std::to_string(connections) + " connections, " + std::to_string(options.text_bytes) +
         " byte texts";
}

uint32_t pair_connections(const Options& options) {
  const uint32_t connections = options.connections == 0 ? 1000 : options.connections;
  if (connections < 2 || connections % 2 != 0) fail("--connections: must be even, at least 2");
  require_descriptors(connections + kSpareDescriptors);
  return connections;
}

}  // namespace

Row run_chat(const Options& options, const Target& target) {
  const uint32_t connections = pair_connections(options);
  Traffic traffic(to_traffic(options), target.pool, connections);
  const LoginResult login = traffic.pool().login(0, connections, to_login_plan(options));
  traffic.seat_pairs(0, connections);
  traffic.start_closed_loop();
  const Window window = measure(traffic, options, target);

  Row row = start_row("chat: " + describe_load(options, connections) + ", " +
                          std::to_string(options.in_flight) + " in flight each",
                      target);
  row.numbers.emplace_back("messages/s", per_second(window.counters.completed, window));
  add_cost(row, window, target, window.counters.completed, "message");
  add_latency(row, traffic.delivery_latency());
  add_end(row, traffic, window, login);
  return row;
}

Row run_latency(const Options& options, const Target& target) {
  const uint32_t connections = pair_connections(options);
  Traffic traffic(to_traffic(options), target.pool, connections);
  const LoginResult login = traffic.pool().login(0, connections, to_login_plan(options));
  traffic.seat_pairs(0, connections);
  traffic.start_open_loop(options.rate);
  const Window window = measure(traffic, options, target);

  Row row = start_row("latency: " + describe_load(options, connections) + ", open loop at " +
                          std::to_string(static_cast<uint64_t>(options.rate)) + "/s",
                      target);
  add_latency(row, traffic.delivery_latency());
  row.numbers.emplace_back("messages/s", per_second(window.counters.completed, window));
  add_cost(row, window, target, window.counters.completed, "message");
  add_end(row, traffic, window, login);
  return row;
}

Row run_fanout(const Options& options, const Target& target) {
  const uint32_t members = options.members;
  if (members < 2 || options.in_flight > members) {
    fail("--members: must be at least 2, and not fewer than --in-flight");
  }
  require_descriptors(members + kSpareDescriptors);
  TrafficSettings settings = to_traffic(options);
  settings.in_flight = 1;  // one each, of as many senders
  Traffic traffic(settings, target.pool, members);
  const LoginResult login = traffic.pool().login(0, members, to_login_plan(options));
  traffic.seat_group(0, members, options.offline_members, options.in_flight);
  traffic.start_closed_loop();
  const Window window = measure(traffic, options, target);

  Row row = start_row("fanout: " + std::to_string(members) + " members online, " +
                          std::to_string(options.offline_members) + " offline, " +
                          std::to_string(options.in_flight) + " messages in flight",
                      target);
  row.numbers.emplace_back("deliveries/s", per_second(window.counters.deliveries, window));
  row.numbers.emplace_back("messages/s", per_second(window.counters.completed, window));
  add_cost(row, window, target, window.counters.deliveries, "delivery");
  if (!target.pids.empty()) {
    row.numbers.emplace_back(
        "server_cpu_us/message",
        window.server_cpu_us / std::max<double>(1, static_cast<double>(window.counters.completed)));
  }
  add_latency(row, traffic.delivery_latency());
  add_end(row, traffic, window, login);
  return row;
}

}  // namespace flare::bench
