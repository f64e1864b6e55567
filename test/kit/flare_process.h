// FlareProcess: the real all-in-one server on free ports and a data directory of its own.
//
// Ready means ready: start() returns when GET /readyz says so. When the test has failed by the time
// this object dies, the last 50 lines of the server's log are printed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "flare/sdk/token.h"
#include "kit/child_process.h"
#include "kit/temporary_directory.h"

namespace flare::kit {

struct FlareOptions {
  std::map<std::string, std::string> environment;  // FLARE_<ROOM>__<KEY>
  std::vector<std::string> arguments;
  std::filesystem::path data_dir;  // empty: a temporary one
};

class FlareProcess {
 public:
  // Starts nothing yet.
  explicit FlareProcess(FlareOptions options = {});
  ~FlareProcess();

  // Until it serves. Throws std::runtime_error with the log when it ends or hesitates instead.
  void start();

  // Only starts it, for tests of how it refuses to.
  void launch();

  // SIGTERM, and waits. Throws std::runtime_error when it does not go.
  ExitStatus stop();
  std::optional<ExitStatus> wait(std::chrono::milliseconds timeout = kPatience);
  void kill9() { process_.kill9(); }
  bool running() { return process_.running(); }

  // kill9() and start() again on the same data. The ports are new.
  void restart();

  std::string url() const;                                     // ws://127.0.0.1:<port>/ws
  const std::string& websocket() const { return websocket_; }  // host:port
  const std::string& http() const { return http_; }
  sdk::SigningKey token_key() const;  // the demo key this server accepts
  const std::filesystem::path& data_dir() const { return options_.data_dir; }
  std::string log() const;  // all it ever printed
  std::string log_tail(size_t lines) const;

 private:
  bool read_addresses();

  TemporaryDirectory directory_;
  FlareOptions options_;
  ChildProcess process_;
  std::string websocket_;
  std::string http_;
};

// A program that was built beside this test: FLARE_BINARY_DIR when set, else where the test is.
std::filesystem::path built_program(const std::string& name);

}  // namespace flare::kit
