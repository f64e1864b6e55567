#include "flare/app/main.h"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>

#include "flare/app/command_line.h"
#include "flare/base/log.h"

namespace flare::app {
namespace {

// The main thread waits for signals; a fault is one more.
constexpr int kFaultSignal = SIGUSR1;

class StopOnFault final : public Faults {
 public:
  void report(std::string_view scope, const Error& error) override {
    log_error("fault", {{"scope", scope}, {"error", error}});
    happened_ = true;
    ::kill(::getpid(), kFaultSignal);
  }
  bool happened() const { return happened_; }

 private:
  std::atomic<bool> happened_ = false;
};

sigset_t awaited_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, kFaultSignal);
  return set;
}

uint64_t descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  // The soft limit is a default for programs that use select(); we do not.
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::string addresses_path(const Settings& settings) {
  return settings.top.data_dir + "/flare.addresses";
}

// For scripts and tests, which let the system choose the ports. Complete or absent.
Result<> write_addresses(const Plan& plan) {
  const std::string path = addresses_path(plan.settings);
  {
    std::ofstream out(path + ".new", std::ios::trunc);
    for (const auto& [purpose, address] : plan.addresses) {
      out << purpose << " = \"" << address << "\"\n";
    }
    if (!out.flush()) return fail(ErrorCode::Unavailable, path + " cannot be written");
  }
  std::error_code error;
  std::filesystem::rename(path + ".new", path, error);
  if (error) return fail(ErrorCode::Unavailable, path + ": " + error.message());
  return {};
}

void greet(const std::string& name, const Plan& plan, uint64_t descriptors) {
  const std::string page = "http://" + plan.address("http") + "/";
  std::cout << name << " is ready\n"
            << "  demo page    " << page << "\n"
            << "  websocket    ws://" << plan.address("websocket")
            << plan.settings.access_gateway.path << "\n"
            << "  metrics      " << page << "metrics\n"
            << "  data         " << std::filesystem::absolute(plan.settings.top.data_dir).string()
            << "\n"
            << "  limits       " << descriptors << " file descriptors, "
            << config::to_text(plan.settings.access_gateway.service.frame_bytes_max) << " a frame, "
            << plan.settings.access_gateway.service.sends_per_second
            << " sends a second and session\n";
  if (plan.demo_tokens) {
    for (const std::string user : {"alice", "bob"}) {
      if (const auto token = plan.demo_token(user, user + "-demo"); token) {
        std::cout << "  " << user << std::string(13 - user.size(), ' ') << page
                  << "#token=" << *token << "\n";
      }
    }
  }
  std::cout << std::flush;
}

int run(const std::string& name, const Settings& settings, const std::vector<AddRoom>& rooms) {
  const uint64_t descriptors = descriptor_limit();
  const sigset_t signals = awaited_signals();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // inherited by every thread
  std::signal(SIGPIPE, SIG_IGN);

  // Left behind by a process that was killed; its ports are not ours. Absent is what we want.
  std::error_code ignored;
  std::filesystem::remove(addresses_path(settings), ignored);

  SystemClock clock;
  StopOnFault faults;
  Plan plan(settings, clock, faults);
  Result<> up;
  for (const AddRoom add : rooms) {
    if (up) up = add(plan);
  }
  if (up) up = plan.start();
  if (up) up = write_addresses(plan);
  if (!up) {
    std::cerr << name << ": " << up.error().message << "\n";
    return up.error().code == ErrorCode::InvalidArgument ? 2 : 1;
  }
  greet(name, plan, descriptors);

  int signal = 0;
  ::sigwait(&signals, &signal);
  if (signal != kFaultSignal) log_info("stopping", {{"signal", signal}});
  std::filesystem::remove(addresses_path(settings), ignored);
  plan.stop();
  return faults.happened() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv, std::string name, std::vector<AddRoom> rooms) {
  CommandLine line;
  if (const std::optional<int> done = read_command_line(argc, argv, name, line)) return *done;

  Settings settings;
  ConfigRegistry registry;
  settings.add_to(registry);
  if (line.write_reference || line.write_example) {
    if (line.write_reference) registry.write_reference_markdown(std::cout);
    if (line.write_example) registry.write_example_toml(std::cout);
    return 0;
  }
  ConfigSource source;
  for (const std::string& file : line.config_files) source.add_file(file);
  source.set_environment(process_environment());
  if (Result<> loaded = registry.load(source); !loaded) {
    std::cerr << name << ": config:\n" << loaded.error().message << "\n";
    return 2;
  }
  for (const std::string& warning : registry.warnings()) log_warning("config", {{"why", warning}});
  if (line.print_config) registry.print(std::cout);
  if (line.print_config || line.check_config) return 0;
  set_log_level(*log_level_from(settings.top.log_level));
  return run(name, settings, rooms);
}

}  // namespace flare::app
