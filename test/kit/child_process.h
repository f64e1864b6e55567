// ChildProcess: a program under test, ended when the test ends, whatever the reason.
//
// Its output goes to a file. It dies with the thread that started it (PR_SET_PDEATHSIG), so start
// it from the test's main thread. It is only ever signalled by its own pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kit/wait_until.h"

namespace flare::kit {

struct ExitStatus {
  int code = 0;    // when it ended by itself
  int signal = 0;  // when it was ended; otherwise 0
};

struct Command {
  std::filesystem::path program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // added to the test's own, less its FLARE_*
  std::filesystem::path output;                    // stdout and stderr are appended to it
  std::string input;                               // what it reads on stdin
};

class ChildProcess {
 public:
  ChildProcess() = default;
  ~ChildProcess() { kill9(); }

  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void start(const Command& command);  // throws std::runtime_error
  bool running();
  void signal(int number);

  // How it ended; nothing when it still runs after the timeout.
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout = kPatience);

  // SIGKILL, and waits until it is gone. Nothing happens when it does not run.
  void kill9();

 private:
  pid_t pid_ = 0;  // 0: none
  std::optional<ExitStatus> status_;
};

}  // namespace flare::kit
