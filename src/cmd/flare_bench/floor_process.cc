#include "cmd/flare_bench/floor_process.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <exception>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr int kBacklog = 4096;

int listen_on_free_port(uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || bind(fd, raw, size) != 0 || listen(fd, kBacklog) != 0 ||
      getsockname(fd, raw, &size) != 0) {
    fail_errno("floor server: listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

[[noreturn]] void serve(int listener, const FloorSettings& settings, int ready_pipe) {
  try {
    serve_floor(listener, settings, [&] {
      if (write(ready_pipe, "r", 1) != 1) fail_errno("floor server: pipe");
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "flare-bench: floor server: %s\n", error.what());
    _exit(2);
  }
}

}  // namespace

FloorProcess::FloorProcess(const FloorSettings& settings) {
  uint16_t port = 0;
  const int listener = listen_on_free_port(port);
  std::array<int, 2> ready{};
  if (pipe(ready.data()) != 0) fail_errno("pipe");
  pid_ = fork();
  if (pid_ < 0) fail_errno("fork");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(ready[0]);
    serve(listener, settings, ready[1]);
  }
  close(listener);
  close(ready[1]);
  char byte = 0;
  const ssize_t got = read(ready[0], &byte, 1);
  close(ready[0]);
  url_ = "ws://127.0.0.1:" + std::to_string(port) + "/ws";
  if (got != 1) fail("floor server: did not start");
}

FloorProcess::~FloorProcess() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace flare::bench
