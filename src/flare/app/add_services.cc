#include "flare/app/gateway_directory.h"
#include "flare/app/plan.h"
#include "flare/service/push_server/push_server.h"
#include "flare/service/push_worker/push_worker.h"
#include "flare/service/signaling_online/signaling_online.h"
#include "flare/service/storage_reader/storage_reader.h"
#include "flare/service/storage_writer/storage_writer.h"

namespace flare::app {

Result<> add_gateway_directory(Plan& plan) {
  plan.gateways = &plan.own<GatewayDirectory>();
  return {};
}

Result<> add_signaling_online(Plan& plan) {
  auto& metrics = plan.own<signaling_online::Metrics>(plan.metrics);
  plan.online = &plan.own<signaling_online::SignalingOnline>(
      plan.settings.signaling_online, signaling_online::SignalingOnline::Needs{
                                          .presence = *plan.presence,
                                          .gateways = *plan.gateways,
                                          .clock = plan.clock,
                                          .metrics = metrics,
                                      });
  return {};
}

Result<> add_storage_reader(Plan& plan) {
  auto& metrics = plan.own<storage_reader::Metrics>(plan.metrics);
  plan.reader = &plan.own<storage_reader::StorageReader>(plan.settings.storage_reader,
                                                         storage_reader::StorageReader::Needs{
                                                             .store = *plan.store,
                                                             .clock = plan.clock,
                                                             .metrics = metrics,
                                                         });
  return {};
}

Result<> add_storage_writer(Plan& plan) {
  auto& metrics = plan.own<storage_writer::Metrics>(plan.metrics);
  auto& writer = plan.own<storage_writer::StorageWriter>(
      plan.settings.storage_writer, storage_writer::StorageWriter::Needs{
                                        .storage_messages = *plan.storage_messages,
                                        .push_messages = *plan.push_messages,
                                        .store = *plan.store,
                                        .outcomes = *plan.outcomes,
                                        .clock = plan.clock,
                                        .faults = plan.faults,
                                        .metrics = metrics,
                                    });
  plan.run("storage-writer", plan.pipeline(), writer);
  return {};
}

Result<> add_push_server(Plan& plan) {
  auto& metrics = plan.own<push_server::Metrics>(plan.metrics);
  auto& server = plan.own<push_server::PushServer>(plan.settings.push_server,
                                                   push_server::PushServer::Needs{
                                                       .push_messages = *plan.push_messages,
                                                       .push_dispatch = *plan.push_dispatch,
                                                       .online = *plan.online,
                                                       .gateways = *plan.gateways,
                                                       .clock = plan.clock,
                                                       .faults = plan.faults,
                                                       .metrics = metrics,
                                                   });
  plan.run("push-server", plan.pipeline(), server);
  return {};
}

Result<> add_push_worker(Plan& plan) {
  auto& metrics = plan.own<push_worker::Metrics>(plan.metrics);
  auto& worker = plan.own<push_worker::PushWorker>(plan.settings.push_worker,
                                                   push_worker::PushWorker::Needs{
                                                       .push_dispatch = *plan.push_dispatch,
                                                       .store = *plan.store,
                                                       .online = *plan.online,
                                                       .gateways = *plan.gateways,
                                                       .clock = plan.clock,
                                                       .faults = plan.faults,
                                                       .metrics = metrics,
                                                   });
  plan.push_worker = &worker;
  plan.run("push-worker", plan.pipeline(), worker);
  return {};
}

}  // namespace flare::app
