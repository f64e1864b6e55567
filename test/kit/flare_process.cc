#include "kit/flare_process.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <stdexcept>

#include "kit/http.h"

namespace flare::kit {
namespace {

constexpr size_t kLinesOnFailure = 50;

// The value of `key = "value"`, empty when there is none.
std::string value_of(const std::string& text, const std::string& key) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(key)) continue;
    const size_t open = line.find('"');
    const size_t close = line.rfind('"');
    if (open != std::string::npos && close > open) return line.substr(open + 1, close - open - 1);
  }
  return {};
}

}  // namespace

std::filesystem::path built_program(const std::string& name) {
  if (const char* directory = std::getenv("FLARE_BINARY_DIR")) {
    return std::filesystem::path(directory) / name;
  }
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / name;
}

FlareProcess::FlareProcess(FlareOptions options) : options_(std::move(options)) {
  if (options_.data_dir.empty()) options_.data_dir = directory_.path() / "data";
  options_.environment.try_emplace("FLARE_DATA_DIR", options_.data_dir.string());
  options_.environment.try_emplace("FLARE_ACCESS_GATEWAY__LISTEN", "127.0.0.1:0");
  options_.environment.try_emplace("FLARE_ADMIN__LISTEN", "127.0.0.1:0");
}

FlareProcess::~FlareProcess() {
  process_.kill9();
  if (testing::Test::HasFailure()) {
    std::fprintf(stderr, "---- the server's last lines\n%s----\n",
                 log_tail(kLinesOnFailure).c_str());
  }
}

void FlareProcess::launch() {
  process_.start({.program = built_program("flare"),
                  .arguments = options_.arguments,
                  .environment = options_.environment,
                  .output = directory_.path() / "flare.log",
                  .input = {}});
}

void FlareProcess::start() {
  // The addresses of an earlier life must not be taken for this one's.
  std::error_code ignored;
  std::filesystem::remove(options_.data_dir / "flare.addresses", ignored);
  launch();
  const bool looked = wait_until(
      [this] {
        return !process_.running() ||
               (read_addresses() && http_get(http_, "/readyz").status == 200);
      },
      3 * kPatience);  // a restart may have a log to replay
  if (!looked || !process_.running()) {
    throw std::runtime_error("the server did not become ready:\n" + log_tail(kLinesOnFailure));
  }
}

bool FlareProcess::read_addresses() {
  const std::filesystem::path file = options_.data_dir / "flare.addresses";
  if (!std::filesystem::exists(file)) return false;
  const std::string text = read_file(file);
  websocket_ = value_of(text, "websocket");
  http_ = value_of(text, "http");
  return !websocket_.empty() && !http_.empty();
}

ExitStatus FlareProcess::stop() {
  process_.signal(SIGTERM);
  const std::optional<ExitStatus> status = process_.wait(2 * kPatience);
  if (!status) throw std::runtime_error("the server does not stop:\n" + log_tail(kLinesOnFailure));
  return *status;
}

std::optional<ExitStatus> FlareProcess::wait(std::chrono::milliseconds timeout) {
  return process_.wait(timeout);
}

void FlareProcess::restart() {
  kill9();
  start();
}

std::string FlareProcess::url() const { return "ws://" + websocket_ + "/ws"; }

sdk::SigningKey FlareProcess::token_key() const {
  std::string secret = read_file(options_.data_dir / "token.key");
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  return {.id = "demo", .secret = secret};
}

std::string FlareProcess::log() const {
  const std::filesystem::path file = directory_.path() / "flare.log";
  return std::filesystem::exists(file) ? read_file(file) : std::string();
}

std::string FlareProcess::log_tail(size_t lines) const {
  const std::string text = log();
  size_t start = text.size();
  for (size_t found = 0; start > 0 && found <= lines; --start) {
    if (text[start - 1] == '\n' && ++found > lines) break;
  }
  return text.substr(start);
}

}  // namespace flare::kit
