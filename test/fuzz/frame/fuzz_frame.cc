// Frames of nobody in particular, as the first ones of a connection and after its login. Whatever
// arrives, the gateway answers or closes, and its books balance when the client has gone.
//
// Input: a byte of choices (1: JSON, 2: logged in), then frames, each after its length in two
// bytes, low byte first.
#include "flare/base/run.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"
#include "fuzz/require.h"
#include "kit/fakes/drive.h"
#include "kit/fakes/fake_connection.h"
#include "kit/fakes/fake_online.h"
#include "kit/fakes/fake_orchestrator.h"
#include "kit/fakes/fake_push_worker.h"
#include "kit/fakes/fake_reader.h"
#include "kit/fakes/fake_tokens.h"

namespace {

using namespace flare;

// Frame{request_id: 1, hello{token: "acme/ann/phone"}}.
constexpr std::string_view kHello =
    "\x08\x01\x12\x10\x0a\x0e"
    "acme/ann/phone";

std::vector<std::string> frames_in(std::string_view input) {
  std::vector<std::string> frames;
  while (input.size() >= 2) {
    const size_t size =
        static_cast<uint8_t>(input[0]) + size_t{256} * static_cast<uint8_t>(input[1]);
    frames.emplace_back(input.substr(2, size));
    input.remove_prefix(std::min(input.size(), 2 + size));
  }
  return frames;
}

// One gateway for all inputs, with fakes all round; each input is a client of its own.
class World {
 public:
  World() { require(run(loop_, gateway_.start({})).has_value()); }

  void serve(api::FrameFormat format, bool logged_in, const std::vector<std::string>& frames) {
    FakeConnection connection(format);
    api::ClientHandle client = 0;
    on_loop([&] { client = gateway_.opened(connection); });
    if (logged_in) {
      const bool json = format == api::FrameFormat::Json;
      const std::string hello = json ? access_gateway::to_json(kHello) : std::string(kHello);
      on_loop([&] { gateway_.frame(client, hello); });
      require(metrics_.sessions.value() == 1);
    }
    on_loop([&] {
      for (const std::string& frame : frames) gateway_.frame(client, frame);
    });
    on_loop([&] { gateway_.closed(client); });

    require(metrics_.connections.value() == 0);
    require(metrics_.sessions.value() == 0);
    require(metrics_.in_flight.value() == 0);
    require(faults_.reports.empty());
    forget();
  }

 private:
  void on_loop(Loop::Function function) {
    loop_.post(std::move(function));
    settle(loop_);
  }

  // What the fakes write down would fill the memory.
  void forget() {
    orchestrator_.sends.clear();
    orchestrator_.operations.clear();
    orchestrator_.reads.clear();
    orchestrator_.heads.clear();
    reader_.syncs.clear();
    reader_.histories.clear();
    online_.logins.clear();
    online_.logouts.clear();
    push_worker_.acknowledgements.clear();
  }

  Loop loop_{"fuzz"};
  FakeOrchestrator orchestrator_;
  FakeReader reader_;
  FakeOnline online_;
  FakePushWorker push_worker_;
  FakeTokens tokens_;
  ManualClock clock_;
  FakeFaults faults_;
  MetricRegistry registry_;
  access_gateway::Metrics metrics_{registry_};
  access_gateway::AccessGateway gateway_{{},
                                         "g1",
                                         {.loop = loop_,
                                          .orchestrator = orchestrator_,
                                          .reader = reader_,
                                          .online = online_,
                                          .push_worker = push_worker_,
                                          .tokens = tokens_,
                                          .clock = clock_,
                                          .faults = faults_,
                                          .metrics = metrics_}};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Lives as long as the process: its background tasks never end.
  static World& world = *new World;
  if (size == 0) return 0;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto format = (data[0] & 1) != 0 ? api::FrameFormat::Json : api::FrameFormat::Protobuf;
  world.serve(format, (data[0] & 2) != 0, frames_in(input.substr(1)));
  return 0;
}
