#include "flare/app/plan.h"

#include <future>

#include "flare/base/log.h"

namespace flare::app {

using namespace std::chrono_literals;

namespace {

// Longest time a part may take to start: a log of some gigabytes to replay.
constexpr auto kStartPatience = 10min;
constexpr auto kStopPatience = 30s;

Task<> tell(Task<> task, std::shared_ptr<std::promise<Result<void>>> done) {
  Result<void> result = co_await attempt(std::move(task));
  done->set_value(std::move(result));
}

class NoFaults final : public Faults {
 public:
  void report(std::string_view, const Error&) override {}
};

// Runs a task on a loop and blocks the calling thread until it has ended.
Result<> run_on(Loop& loop, std::function<Task<>(Context)> make, Duration patience) {
  static NoFaults no_faults;  // tell() hands the result over and cannot fail
  auto done = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> result = done->get_future();
  auto scope = std::make_shared<Scope>("plan", no_faults);
  loop.post([scope, done, &make, patience] {
    Context ctx;
    ctx.deadline = std::chrono::steady_clock::now() + patience;
    scope->spawn(tell(make(std::move(ctx)), done));
  });
  Result<void> answer = result.get();
  // The scope belongs to the loop; it goes there to die.
  loop.post([scope = std::move(scope)] {});
  return answer;
}

}  // namespace

void LoopThread::start() {
  thread_ = std::thread([this] { loop_.run(); });
}

void LoopThread::stop() {
  if (!thread_.joinable()) return;
  loop_.stop();
  thread_.join();
}

Plan::Plan(const Settings& process_settings, Clock& process_clock, Faults& process_faults)
    : settings(process_settings), clock(process_clock), faults(process_faults) {
  loops_.push_back(std::make_unique<LoopThread>("pipeline"));
  uint32_t count = settings.top.client_loops;
  if (count == 0) count = std::max(1u, std::thread::hardware_concurrency());
  for (uint32_t i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<LoopThread>("clients-" + std::to_string(i)));
  }
}

Plan::~Plan() {
  stop();
  while (!owned_.empty()) owned_.pop_back();
}

std::vector<Loop*> Plan::client_loops() {
  std::vector<Loop*> loops;
  for (size_t i = 1; i < loops_.size(); ++i) loops.push_back(&loops_[i]->loop());
  return loops;
}

std::string Plan::address(std::string_view purpose) const {
  for (const auto& [what, where] : addresses) {
    if (what == purpose) return where;
  }
  return "";
}

void Plan::run(std::string name, Loop& loop, std::function<Task<>(Context)> start_part,
               std::function<Task<>(Context)> stop_part) {
  parts_.push_back({std::move(name), &loop, std::move(start_part), std::move(stop_part)});
}

Result<> Plan::start() {
  for (const auto& thread : loops_) thread->start();
  for (running_ = 0; running_ < parts_.size(); ++running_) {
    Part& part = parts_[running_];
    Result<> started = run_on(*part.loop, part.start, kStartPatience);
    if (!started) {
      Error error = std::move(started).error().during("start " + part.name);
      stop();
      return fail(std::move(error));
    }
  }
  return {};
}

void Plan::stop() {
  while (running_ > 0) {
    Part& part = parts_[--running_];
    Result<> stopped = run_on(*part.loop, part.stop, kStopPatience);
    if (!stopped) log_warning("stop_failed", {{"part", part.name}, {"error", stopped.error()}});
  }
  for (const auto& thread : loops_) thread->stop();
}

}  // namespace flare::app
