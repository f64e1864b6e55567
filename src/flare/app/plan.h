// Plan: what a process is made of. Each add_*() of a room makes its objects, says with a Needs what
// they stand on, offers them to the next, and adds what has to be started.
//
// Parts start in the order they were added and stop in reverse; a process is either all up or all
// down. Objects die in reverse of their making, after every loop has stopped.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "flare/api/access_gateway.h"
#include "flare/api/orchestrator.h"
#include "flare/api/push_worker.h"
#include "flare/api/signaling_online.h"
#include "flare/api/storage_reader.h"
#include "flare/app/settings.h"
#include "flare/base/loop.h"
#include "flare/base/metrics.h"
#include "flare/base/scope.h"
#include "flare/port/event_log.h"
#include "flare/port/message_store.h"
#include "flare/port/outcome_feed.h"
#include "flare/port/presence_store.h"
#include "flare/port/token_authority.h"
#include "flare/port/write_ahead_log.h"

namespace flare::app {

class GatewayDirectory;

// A loop and its thread.
class LoopThread {
 public:
  explicit LoopThread(std::string name) : loop_(std::move(name)) {}
  ~LoopThread() { stop(); }

  void start();
  void stop();  // waits for the thread
  Loop& loop() { return loop_; }

 private:
  Loop loop_;
  std::thread thread_;
};

class Plan {
 public:
  Plan(const Settings& process_settings, Clock& process_clock, Faults& process_faults);
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  // Told by the process, for everybody.
  const Settings& settings;
  Clock& clock;
  Faults& faults;
  MetricRegistry metrics;

  // What rooms offer to each other; set by the add_*() that makes it.
  port::LogTopic* storage_messages = nullptr;
  port::LogTopic* push_messages = nullptr;
  port::LogTopic* push_dispatch = nullptr;
  port::WriteAheadLog* wal = nullptr;
  port::MessageStore* store = nullptr;
  port::PresenceStore* presence = nullptr;
  port::OutcomeFeed* outcomes = nullptr;
  port::TokenAuthority* tokens = nullptr;
  bool demo_tokens = false;  // the secret is our own, and everything listens on loopback
  GatewayDirectory* gateways = nullptr;
  api::StorageReader* reader = nullptr;
  api::SignalingOnline* online = nullptr;
  api::PushWorker* push_worker = nullptr;

  // A token for the demo page and the start-up message; only with demo_tokens.
  Result<std::string> demo_token(std::string_view user, std::string_view device) const;

  // The addresses that were bound, by what they are for; known once everything has started.
  std::vector<std::pair<std::string, std::string>> addresses;
  std::string address(std::string_view purpose) const;  // empty: nobody listens for that

  // The loop of everything that is not served to clients: applying, scheduling, handing over.
  Loop& pipeline() { return loops_.front()->loop(); }
  std::vector<Loop*> client_loops();

  // The plan owns what it makes.
  template <class T, class... A>
  T& own(A&&... arguments) {
    auto made = std::make_shared<T>(std::forward<A>(arguments)...);
    T& object = *made;
    owned_.push_back(std::move(made));
    return object;
  }
  template <class T>
  T& adopt(std::unique_ptr<T> object) {
    T& reference = *object;
    owned_.push_back(std::shared_ptr<T>(std::move(object)));
    return reference;
  }

  // Starts and stops on its loop.
  void run(std::string name, Loop& loop, std::function<Task<>(Context)> start,
           std::function<Task<>(Context)> stop);
  template <class T>
  void run(std::string name, Loop& loop, T& part) {
    run(
        std::move(name), loop, [&part](Context ctx) { return part.start(std::move(ctx)); },
        [&part](Context ctx) { return part.stop(std::move(ctx)); });
  }

  // From the main thread. After a failure everything that ran has been stopped.
  Result<> start();
  void stop();

 private:
  struct Part {
    std::string name;
    Loop* loop;
    std::function<Task<>(Context)> start;
    std::function<Task<>(Context)> stop;
  };

  std::vector<std::unique_ptr<LoopThread>> loops_;  // dies last: objects belong to loops
  std::vector<std::shared_ptr<void>> owned_;
  std::vector<Part> parts_;
  size_t running_ = 0;
};

// The rooms. Order matters: each finds what it needs in the plan.
Result<> add_engines(Plan& plan);  // event log, store, presence, outcomes
Result<> add_tokens(Plan& plan);
Result<> add_gateway_directory(Plan& plan);
Result<> add_signaling_online(Plan& plan);
Result<> add_storage_reader(Plan& plan);
Result<> add_storage_writer(Plan& plan);
Result<> add_push_server(Plan& plan);
Result<> add_push_worker(Plan& plan);
Result<> add_client_loops(Plan& plan);  // an orchestrator, a gateway and a listener for each
Result<> add_admin(Plan& plan);         // health, metrics, the demo page

}  // namespace flare::app
