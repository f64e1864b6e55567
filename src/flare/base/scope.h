// Scope: the owner of background tasks. Nothing in the system runs detached.
//
// A task that ends with an error other than Cancelled is a fault, and a fault stops the process:
// a service without one of its loops only looks alive.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "flare/base/result.h"
#include "flare/base/task.h"

namespace flare {

// Told about faults. The one of a real process logs and stops it.
class Faults {
 public:
  virtual ~Faults() = default;
  virtual void report(std::string_view scope, const Error& error) = 0;  // any thread
};

class Scope {
 public:
  Scope(std::string name, Faults& faults);
  // Everything spawned must have ended: close() first.
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  // Loop thread. Starts `task` at once, up to its first wait.
  void spawn(Task<> task);

  // Stops when close() begins.
  std::stop_token stop_token() const;

  // Loop thread. Requests the stop and waits until everything spawned has ended. Safe to repeat.
  Task<> close();

  // Loop thread. Waits until everything spawned has ended, without asking it to.
  Task<> join();

  size_t running() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace flare
