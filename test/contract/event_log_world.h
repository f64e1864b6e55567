// The medium an event log lives on, for contract tests.
#pragma once

#include "flare/port/event_log.h"

namespace flare::contract {

class EventLogWorld {
 public:
  virtual ~EventLogWorld() = default;

  // The log; opened by the constructor.
  virtual port::EventLog& log() = 0;
  // Closes the log in order and opens it again.
  virtual void reopen() = 0;
  // As if the power had failed: only what was durable is left.
  virtual void reopen_after_crash() = 0;
};

}  // namespace flare::contract
