#include <unistd.h>

#include "flare/app/gateway_directory.h"
#include "flare/app/plan.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/message_orchestrator/message_orchestrator.h"
#include "flare/transport/websocket/listener.h"

namespace flare::app {
namespace {

// Unique for every start: the clock goes on between two starts, and processes of one moment differ
// in their pid.
std::string new_gateway_id(const Clock& clock, size_t loop) {
  return "gateway-" + std::to_string(clock.wall_ms()) + "-" + std::to_string(::getpid()) + "-" +
         std::to_string(loop);
}

// The WebSocket door of one loop. The first one decides the port when any free one will do.
class Door {
 public:
  Door(Plan& plan, Loop& loop, api::ClientDoor& gateway, bool first)
      : plan_(plan), loop_(loop), gateway_(gateway), first_(first) {}

  Task<> start(Context) {
    const AccessGatewaySettings& settings = plan_.settings.access_gateway;
    websocket::Options options{
        .address = first_ ? settings.listen : plan_.address("websocket"),
        .path = settings.path,
        .origins = settings.origins,
        .reuse_port = true,
        .first_of_port = first_,
        .frame_bytes_max = settings.service.frame_bytes_max.bytes,
        .handshakes_in_flight_max = settings.handshakes_in_flight_max,
        .connections_max = settings.connections_max,
        .connections_per_address_max = settings.connections_per_address_max,
        .queue_bytes_max = settings.queue_bytes_max.bytes,
        .slow_bytes = settings.service.slow_bytes.bytes,
        .handshake_timeout = settings.service.handshake_timeout,
    };
    listener_ = co_await websocket::Listener::open(loop_, std::move(options), gateway_);
    if (first_) plan_.addresses.emplace_back("websocket", listener_->local_address());
  }

  Task<> stop(Context) {
    co_await listener_->stop();
    listener_.reset();
  }

 private:
  Plan& plan_;
  Loop& loop_;
  api::ClientDoor& gateway_;
  const bool first_;
  std::unique_ptr<websocket::Listener> listener_;
};

}  // namespace

// Each loop has an orchestrator, a gateway and a door of its own: what one client's request touches
// stays on its loop until the event log.
Result<> add_client_loops(Plan& plan) {
  auto& orchestrator_metrics = plan.own<message_orchestrator::Metrics>(plan.metrics);
  auto& gateway_metrics = plan.own<access_gateway::Metrics>(plan.metrics);
  access_gateway::Config gateway_config = plan.settings.access_gateway.service;
  gateway_config.presence_lease = plan.settings.signaling_online.lease;
  size_t number = 0;
  for (Loop* loop : plan.client_loops()) {
    auto& orchestrator = plan.own<message_orchestrator::Orchestrator>(
        plan.settings.message_orchestrator, message_orchestrator::Orchestrator::Needs{
                                                .wal = *plan.wal,
                                                .store = *plan.store,
                                                .outcomes = *plan.outcomes,
                                                .clock = plan.clock,
                                                .faults = plan.faults,
                                                .metrics = orchestrator_metrics,
                                            });
    auto& gateway =
        plan.own<access_gateway::AccessGateway>(gateway_config, new_gateway_id(plan.clock, number),
                                                access_gateway::AccessGateway::Needs{
                                                    .loop = *loop,
                                                    .orchestrator = orchestrator,
                                                    .reader = *plan.reader,
                                                    .online = *plan.online,
                                                    .push_worker = *plan.push_worker,
                                                    .tokens = *plan.tokens,
                                                    .clock = plan.clock,
                                                    .faults = plan.faults,
                                                    .metrics = gateway_metrics,
                                                });
    plan.gateways->add(gateway);
    auto& door = plan.own<Door>(plan, *loop, gateway, number == 0);
    const std::string suffix = "-" + std::to_string(number++);
    plan.run("message-orchestrator" + suffix, *loop, orchestrator);
    plan.run("access-gateway" + suffix, *loop, gateway);
    plan.run("door" + suffix, *loop, door);
  }
  return {};
}

}  // namespace flare::app
