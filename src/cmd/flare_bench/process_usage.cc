#include "cmd/flare_bench/process_usage.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include "cmd/flare_bench/clock.h"
#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

std::string read_proc(pid_t pid, const char* name) {
  const std::string path = "/proc/" + std::to_string(pid) + '/' + name;
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.empty()) fail("server process " + std::to_string(pid) + ": cannot read " + path);
  return text;
}

int64_t to_ns(const timeval& time) { return time.tv_sec * kSecond + time.tv_usec * kMicrosecond; }

}  // namespace

int64_t cpu_time_ns(const std::vector<pid_t>& pids) {
  int64_t ticks = 0;
  for (const pid_t pid : pids) {
    const std::string stat = read_proc(pid, "stat");
    // The second field is the command in parentheses and may hold anything; utime and stime are
    // the 12th and 13th after it.
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;
    int64_t user = 0;
    int64_t system = 0;
    fields >> user >> system;
    ticks += user + system;
  }
  return ticks * (kSecond / sysconf(_SC_CLK_TCK));
}

MemoryUse memory_use(const std::vector<pid_t>& pids) {
  MemoryUse use;
  for (const pid_t pid : pids) {
    std::istringstream lines(read_proc(pid, "smaps_rollup"));
    std::string line;
    while (std::getline(lines, line)) {
      std::istringstream row(line);
      std::string name;
      uint64_t kilobytes = 0;
      row >> name >> kilobytes;
      if (name == "Rss:") use.rss_bytes += kilobytes * 1024;
      if (name == "Pss:") use.pss_bytes += kilobytes * 1024;
      if (name == "Anonymous:") use.anonymous_bytes += kilobytes * 1024;
    }
  }
  return use;
}

int64_t own_cpu_time_ns() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return to_ns(usage.ru_utime) + to_ns(usage.ru_stime);
}

}  // namespace flare::bench
