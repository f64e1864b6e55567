#include "kit/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <stdexcept>

#include "kit/temporary_directory.h"

namespace flare::kit {
namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::vector<std::string> environment_with(const std::map<std::string, std::string>& added) {
  std::vector<std::string> out;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    // What the shell of whoever runs the tests has set for flare must not change what they test.
    if (text.starts_with("FLARE_")) continue;
    if (!added.contains(text.substr(0, text.find('=')))) out.push_back(text);
  }
  for (const auto& [key, value] : added) out.push_back(key + "=" + value);
  return out;
}

int open_or_throw(const std::string& path, int flags) {
  const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
  if (descriptor < 0) throw std::runtime_error("cannot open " + path + ": " + std::strerror(errno));
  return descriptor;
}

}  // namespace

void ChildProcess::start(const Command& command) {
  kill9();
  status_.reset();
  if (!std::filesystem::exists(command.program)) {
    throw std::runtime_error("there is no " + command.program.string() + "; build it first");
  }
  // Everything that allocates comes before the fork: the test has threads, and one of them may hold
  // the allocator's lock at that instant.
  const std::string program = command.program.string();
  std::vector<std::string> arguments{program};
  arguments.insert(arguments.end(), command.arguments.begin(), command.arguments.end());
  std::vector<std::string> environment = environment_with(command.environment);
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  std::string input = "/dev/null";
  if (!command.input.empty()) {
    input = command.output.string() + ".in";
    write_file(input, command.input);
  }
  const int in = open_or_throw(input, O_RDONLY);
  const int out = open_or_throw(command.output.string(), O_WRONLY | O_CREAT | O_APPEND);
  const pid_t parent = ::getpid();

  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);  // the test died before the line above
    ::dup2(in, STDIN_FILENO);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    ::execve(program.c_str(), argv.data(), envp.data());
    ::_exit(127);
  }
  ::close(in);
  ::close(out);
  if (pid_ < 0) {
    pid_ = 0;
    throw std::runtime_error("cannot fork");
  }
}

bool ChildProcess::running() {
  if (pid_ == 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == 0) return true;
  status_ = WIFSIGNALED(status) ? ExitStatus{.code = 0, .signal = WTERMSIG(status)}
                                : ExitStatus{.code = WEXITSTATUS(status), .signal = 0};
  pid_ = 0;
  return false;
}

void ChildProcess::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<ExitStatus> ChildProcess::wait(std::chrono::milliseconds timeout) {
  if (!wait_until([this] { return !running(); }, timeout)) return std::nullopt;
  return status_;
}

void ChildProcess::kill9() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  status_ = ExitStatus{.code = 0, .signal = SIGKILL};
  pid_ = 0;
}

}  // namespace flare::kit
