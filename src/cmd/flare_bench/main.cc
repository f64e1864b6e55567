// The command line: which scenario, against what, how much.
//
// Exit codes: 0 all was right, 1 a promise was violated, 2 the bench could not do its work.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "cmd/flare_bench/options.h"
#include "cmd/flare_bench/rounds.h"

namespace flare::bench {
namespace {

void add_server_flags(CLI::App& app, Options& options) {
  app.add_option("--url", options.urls, "ws://127.0.0.1:PORT/PATH; repeat to spread connections")
      ->capture_default_str();
  app.add_option("--token-key-file", options.token_key_file, "Secret of the HS256 login tokens");
  app.add_option("--token-kid", options.token_key_id, "Key id written into the tokens");
  app.add_option("--server-pid", options.server_pids,
                 "Process whose CPU and memory are counted; repeat for several");
  app.add_option("--durability-class", options.durability_class,
                 "What the server's receipt promises, printed beside its rates")
      ->check(CLI::IsMember({"D0", "D1", "D2"}))
      ->capture_default_str();
  app.add_option("--login-window", options.login_window, "Handshakes in flight")
      ->check(CLI::Range(1U, 10'000U))
      ->capture_default_str();
}

void add_result_flags(CLI::App& app, Options& options) {
  app.add_option("--json", options.json_file, "Append the results to this file, one line a row");
  app.add_option("--work-folder", options.work_folder,
                 "Where the floor's log and the noise probe write; default: the temporary folder");
}

void add_round_flags(CLI::App& app, Options& options) {
  app.add_option("--rounds", options.rounds, "Repeat, and report medians")
      ->check(CLI::Range(1U, 100U))
      ->capture_default_str();
  app.add_flag("--floor-unsynced", options.floor_unsynced, "A floor of class D0: nothing written");
}

void add_time_flags(CLI::App& app, Options& options) {
  app.add_option("--duration", options.duration_s, "Measured seconds")
      ->check(CLI::Range(0.1, 86'400.0))
      ->capture_default_str();
  app.add_option("--warmup", options.warmup_s, "Seconds before that")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
}

void add_message_flags(CLI::App& app, Options& options) {
  app.add_option("--text-bytes,--body-bytes", options.text_bytes, "Size of each text")
      ->check(CLI::Range(24U, 1U << 20))
      ->capture_default_str();
  app.add_option("--in-flight", options.in_flight, "Unfinished messages of a sender")
      ->check(CLI::Range(1U, 256U))
      ->capture_default_str();
  app.add_flag("--persisted", options.ack_persisted, "Ask for PERSISTED instead of ACCEPTED");
  app.add_option("--ack-ms", options.ack_ms, "Delivery acks are bundled for so long")
      ->check(CLI::Range(1U, 60'000U))
      ->capture_default_str();
  app.add_option("--ack-deliveries", options.ack_deliveries, "... or for so many deliveries")
      ->check(CLI::Range(1U, 100'000U))
      ->capture_default_str();
}

void add_pair_flags(CLI::App& app, Options& options) {
  app.add_option("--connections", options.connections, "Even; 0: the scenario's default")
      ->capture_default_str();
}

void add_group_flags(CLI::App& app, Options& options) {
  app.add_option("--members", options.members, "Members online")->capture_default_str();
  app.add_option("--offline-members", options.offline_members, "Members that never log in")
      ->check(CLI::Range(0U, 1'000'000U))
      ->capture_default_str();
}

CLI::App* add_scenario(CLI::App& app, Options& options, const std::string& name,
                       const std::string& description, Scenario scenario) {
  CLI::App* command = app.add_subcommand(name, description);
  command->callback([&options, scenario] { options.scenario = scenario; });
  add_server_flags(*command, options);
  add_result_flags(*command, options);
  return command;
}

void add_scenarios(CLI::App& app, Options& options) {
  CLI::App* chat =
      add_scenario(app, options, "chat",
                   "Pairs talk, closed loop: messages acknowledged and delivered", Scenario::Chat);
  CLI::App* latency =
      add_scenario(app, options, "latency", "Pairs talk on a schedule: time from due to delivered",
                   Scenario::Latency);
  CLI::App* fanout =
      add_scenario(app, options, "fanout", "One group, few senders: deliveries", Scenario::Fanout);
  CLI::App* idle =
      add_scenario(app, options, "idle",
                   "Connections that only wait: logins, memory, reconnect storm", Scenario::Idle);
  CLI::App* history =
      add_scenario(app, options, "history", "Pages of stored messages", Scenario::History);
  history->add_option("--stored", options.stored, "Messages in each conversation")
      ->check(CLI::Range(51U, 1'000'000U))
      ->capture_default_str();
  for (CLI::App* command : {chat, latency, fanout, history}) {
    add_round_flags(*command, options);
    add_time_flags(*command, options);
    add_message_flags(*command, options);
  }
  for (CLI::App* command : {chat, latency, idle, history}) add_pair_flags(*command, options);
  for (CLI::App* command : {chat, latency, fanout, idle}) {
    command->add_flag("--with-floor", options.with_floor, "Measure the floor in the same rounds");
  }
  latency->add_option("--rate", options.rate, "Messages per second")
      ->check(CLI::Range(1.0, 10'000'000.0))
      ->capture_default_str();
  add_group_flags(*fanout, options);
  idle->add_option("--first-user", options.first_user,
                   "Number of the first user, so that several processes can share the work")
      ->check(CLI::Range(0U, 800'000U))
      ->capture_default_str();
  idle->add_option("--hold", options.hold_s, "Seconds of idling whose CPU is counted")
      ->check(CLI::Range(0.0, 86'400.0))
      ->capture_default_str();
}

void add_floor(CLI::App& app, Options& options) {
  CLI::App* floor =
      app.add_subcommand("floor", "The speed of light: a scenario against a bare server");
  const std::map<std::string, Scenario> workloads = {{"chat", Scenario::Chat},
                                                     {"latency", Scenario::Latency},
                                                     {"fanout", Scenario::Fanout},
                                                     {"idle", Scenario::Idle}};
  floor->add_option("--workload", options.scenario, "chat, latency, fanout or idle")
      ->transform(CLI::CheckedTransformer(workloads));
  floor->callback([&options] { options.floor_only = true; });
  add_result_flags(*floor, options);
  add_round_flags(*floor, options);
  add_time_flags(*floor, options);
  add_message_flags(*floor, options);
  add_pair_flags(*floor, options);
  add_group_flags(*floor, options);
  floor->add_option("--rate", options.rate, "latency: messages per second")->capture_default_str();
  floor->add_option("--hold", options.hold_s, "idle: seconds of idling")->capture_default_str();
}

void add_durability(CLI::App& app, Options& options) {
  CLI::App* durability =
      app.add_subcommand("durability", "Journals receipts, and holds them against the histories");
  durability->require_subcommand(1);
  CLI::App* run =
      add_scenario(*durability, options, "run", "Send until the server dies or the time is over",
                   Scenario::DurabilityRun);
  add_time_flags(*run, options);
  add_message_flags(*run, options);
  add_pair_flags(*run, options);
  run->add_option("--group-size", options.group_size, "Half of the connections sit in such groups")
      ->check(CLI::Range(2U, 500U))
      ->capture_default_str();
  run->add_option("--retry-every", options.retry_every, "Send each n-th message twice; 0: none")
      ->capture_default_str();
  CLI::App* verify =
      add_scenario(*durability, options, "verify",
                   "Read all histories of the journal's conversations", Scenario::DurabilityVerify);
  for (CLI::App* command : {run, verify}) {
    command->add_option("--journal", options.journal, "The file of receipts")->required();
  }
}

}  // namespace
}  // namespace flare::bench

int main(int argc, char** argv) {
  flare::bench::Options options;
  CLI::App app{"flare-bench: load and truth for flare.client.v1, over loopback", "flare-bench"};
  app.require_subcommand(1);
  flare::bench::add_floor(app, options);
  flare::bench::add_scenarios(app, options);
  flare::bench::add_durability(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    return flare::bench::run_rounds(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flare-bench: %s\n", error.what());
    return 2;
  }
}
