#include "flare/adapter/segment_log/engine.h"

#include <pthread.h>

#include <cassert>

#include "flare/adapter/segment_log/topic.h"
#include "flare/base/log.h"

namespace flare::segment_log {
namespace {

std::atomic<uint64_t> next_engine = 1;

// The gate a thread used last: nearly always the one it needs next.
struct LastGate {
  uint64_t engine = 0;
  Loop* loop = nullptr;
  std::shared_ptr<Gate> gate;
};
thread_local LastGate last_gate;

}  // namespace

Engine::Engine(Options options, std::shared_ptr<Files> files, std::unique_ptr<Files::Lock> lock,
               std::unique_ptr<Checkpoint> checkpoint)
    : options_(std::move(options)),
      files_(std::move(files)),
      lock_(std::move(lock)),
      id_(next_engine.fetch_add(1)),
      checkpoint_(std::move(checkpoint)) {}

void Engine::start() {
  const auto run = [this](const char* name, void (Engine::*body)()) {
    threads_.emplace_back([this, name, body] {
      pthread_setname_np(pthread_self(), name);
      (this->*body)();
    });
  };
  run("log-commit", &Engine::run_commit);
  run("log-house", &Engine::run_house);
  run("log-reader", &Engine::run_reader);
}

Engine::~Engine() {
  // Not all topics are known before start(): there is nothing to say about the log.
  if (threads_.empty()) return;
  stop_ = true;
  wake_commit();
  {
    std::lock_guard house(house_mutex_);
    house_.notify_all();
  }
  {
    std::lock_guard reader(reader_mutex_);
    reader_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  for (const auto& topic : *topics()) report("close " + topic->name(), topic->flush(true));
  unsaved_ = true;
  save_checkpoint();
  for (const auto& topic : *topics()) topic->close();
}

void Engine::add(std::shared_ptr<Topic> topic) {
  std::lock_guard lock(mutex_);
  auto grown = std::make_shared<Topics>(*topics_);
  grown->push_back(std::move(topic));
  topics_ = std::move(grown);
}

std::shared_ptr<const Engine::Topics> Engine::topics() const {
  std::lock_guard lock(mutex_);
  return topics_;
}

std::shared_ptr<Gate> Engine::gate() {
  Loop* const loop = Loop::current();
  assert(loop != nullptr && "the log is used from loops");
  if (last_gate.engine == id_ && last_gate.loop == loop) return last_gate.gate;
  std::lock_guard lock(mutex_);
  std::shared_ptr<Gate> found;
  for (const auto& gate : gates_) {
    if (&gate->loop() == loop) found = gate;
  }
  if (found == nullptr) {
    found = std::make_shared<Gate>(loop);
    gates_.push_back(found);
  }
  last_gate = {id_, loop, found};
  return found;
}

void Engine::commit_soon(const std::shared_ptr<Gate>& gate) {
  Commit seen = Commit::Busy;
  if (commit_.compare_exchange_strong(seen, Commit::Wanted) || seen == Commit::Wanted) return;
  if (gate->turn_end_asked) return;
  // Forgotten even if the loop ends before its turn does.
  struct Asked {
    explicit Asked(std::shared_ptr<Gate> of) : gate(std::move(of)) { gate->turn_end_asked = true; }
    Asked(Asked&&) = default;
    ~Asked() {
      if (gate) gate->turn_end_asked = false;
    }
    std::shared_ptr<Gate> gate;
  };
  gate->loop().at_turn_end([this, asked = Asked(gate)] { wake_commit(); });
}

void Engine::wake_commit() {
  if (commit_.exchange(Commit::Wanted) == Commit::Idle) commit_.notify_one();
}

void Engine::run_commit() {
  for (;;) {
    commit_ = Commit::Busy;
    // Looked at only now: this may have overwritten the wake-up that the stop came with.
    if (stop_) return;
    for (const auto& topic : *topics()) {
      if (topic->awaits_commit()) (void)topic->flush(true);
    }
    Commit expected = Commit::Busy;
    if (commit_.compare_exchange_strong(expected, Commit::Idle)) commit_.wait(Commit::Idle);
  }
}

void Engine::write_soon() {
  if (dirty_.load(std::memory_order_relaxed) || dirty_.exchange(true)) return;
  std::lock_guard lock(house_mutex_);
  house_.notify_one();
}

void Engine::write_now() {
  dirty_ = true;
  std::lock_guard lock(house_mutex_);
  if (std::exchange(urgent_, true)) return;
  house_.notify_one();
}

void Engine::checkpoint_soon() {
  if (!unsaved_.load(std::memory_order_relaxed)) unsaved_ = true;
  write_soon();
}

void Engine::run_house() {
  TimePoint saved = std::chrono::steady_clock::now();
  std::unique_lock lock(house_mutex_);
  while (!stop_) {
    house_.wait(lock, [this] { return stop_ || dirty_; });
    house_.wait_for(lock, options_.write_within, [this] { return stop_ || urgent_; });
    if (stop_) return;
    urgent_ = false;
    dirty_ = false;
    lock.unlock();

    bool done = write_derived();
    const TimePoint now = std::chrono::steady_clock::now();
    if (now - saved >= options_.checkpoint_every) {
      done = save_checkpoint() && done;
      saved = now;
    } else if (unsaved_) {
      done = false;
    }
    for (const auto& topic : *topics()) topic->journal().tidy();

    if (!done) dirty_ = true;
    lock.lock();
  }
}

bool Engine::write_derived() {
  bool done = true;
  for (const auto& topic : *topics()) {
    // Records somebody waits for are the commit thread's.
    if (!topic->has_pending() || topic->awaits_commit()) continue;
    const Result<void> written = topic->flush(false);
    if (!written) done = false;
    report("write " + topic->name(), written);
  }
  return done;
}

// A commit may follow from records of other topics that are not durable yet, so those go first:
// after a crash nothing is committed whose consequences are gone.
bool Engine::save_checkpoint() {
  if (!unsaved_.exchange(false)) return true;
  const std::shared_ptr<const Topics> all = topics();
  LogState state;
  for (const auto& topic : *all) state[topic->name()].groups = topic->groups();
  Result<void> done;
  for (const auto& topic : *all) {
    if (done && topic->needs_sync()) done = topic->flush(true);
  }
  for (const auto& topic : *all) state[topic->name()].durable = topic->journal().durable();
  if (done) done = checkpoint_->save(state);
  report("save the checkpoint", done);
  if (!done) {
    unsaved_ = true;
    return false;
  }
  counters_.checkpoints += 1;
  for (const auto& topic : *all) topic->committed_durably(state[topic->name()].groups);
  return true;
}

// Once for each time things go wrong, not every time they are tried.
void Engine::report(std::string_view what, const Result<void>& result) {
  if (!result && !failing_) {
    log_error("segment_log_failing", {{"what", what}, {"error", result.error()}});
  }
  failing_ = !result;
}

void Engine::read(std::shared_ptr<ReadRequest> request) {
  std::lock_guard lock(reader_mutex_);
  requests_.push_back(std::move(request));
  reader_.notify_one();
}

void Engine::run_reader() {
  std::unique_lock lock(reader_mutex_);
  for (;;) {
    reader_.wait(lock, [this] { return stop_ || !requests_.empty(); });
    if (stop_) return;
    const std::shared_ptr<ReadRequest> request = std::move(requests_.front());
    requests_.pop_front();
    lock.unlock();
    request->chunk = request->topic->journal().read(request->partition, request->offset);
    std::vector<Firing> firing;
    firing.push_back({request->done, std::nullopt});
    Gate::fire(std::move(firing));
    lock.lock();
  }
}

}  // namespace flare::segment_log
