#include "flare/transport/websocket/listener.h"

#include "flare/transport/websocket/hub.h"

namespace flare::websocket {
namespace {

Result<void> check(const Options& options) {
  const auto refuse = [](const char* problem) {
    return fail(ErrorCode::InvalidArgument, std::string("websocket: ") + problem);
  };
  if (!options.path.starts_with('/')) return refuse("path must start with /");
  if (options.frame_bytes_max == 0) return refuse("frame_bytes_max must be above 0");
  if (options.handshakes_in_flight_max == 0 || options.connections_max == 0 ||
      options.connections_per_address_max == 0) {
    return refuse("limits of connections must be above 0");
  }
  if (options.slow_bytes >= options.queue_bytes_max) {
    return refuse("slow_bytes must be below queue_bytes_max");
  }
  if (options.handshake_timeout.count() <= 0 || options.close_timeout.count() <= 0) {
    return refuse("timeouts must be above 0");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Listener>> Listener::open(Loop& loop, Options options,
                                                 api::ClientDoor& door) {
  if (Result<void> good = check(options); !good) return fail(std::move(good).error());
  auto hub = std::make_shared<Hub>(loop, std::move(options), door);
  if (Result<void> opened = hub->open(); !opened) {
    return fail(std::move(opened).error().during("websocket"));
  }
  return std::unique_ptr<Listener>(new Listener(std::move(hub)));
}

Listener::Listener(std::shared_ptr<Hub> hub) : hub_(std::move(hub)) {}
Listener::~Listener() { hub_->abandon(); }

std::string Listener::local_address() const { return hub_->local_address(); }
Counts Listener::counts() const { return hub_->counts(); }
Task<> Listener::stop() { return hub_->stop(); }

}  // namespace flare::websocket
