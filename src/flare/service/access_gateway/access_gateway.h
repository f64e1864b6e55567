// The door for clients: checks tokens, keeps sessions, takes their requests to the services behind
// it and pushes to their connections. Knows nothing of WebSocket or QUIC: a transport hands it
// whole frames.
//
// An instance belongs to one loop; a process has one for each loop that takes clients, each with an
// id of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "flare/api/access_gateway.h"
#include "flare/api/client_door.h"
#include "flare/api/orchestrator.h"
#include "flare/api/push_worker.h"
#include "flare/api/signaling_online.h"
#include "flare/api/storage_reader.h"
#include "flare/base/loop.h"
#include "flare/base/scope.h"
#include "flare/base/timer_wheel.h"
#include "flare/model/event.h"
#include "flare/port/token_authority.h"
#include "flare/service/access_gateway/config.h"
#include "flare/service/access_gateway/metrics.h"
#include "flare/service/access_gateway/session_table.h"

namespace flare::client::v1 {
class Frame;
class DeliverAck;
}  // namespace flare::client::v1

namespace flare::access_gateway {

class AccessGateway final : public api::AccessGateway, public api::ClientDoor {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    Loop& loop;
    api::Orchestrator& orchestrator;
    api::StorageReader& reader;
    api::SignalingOnline& online;
    api::PushWorker& push_worker;
    port::TokenAuthority& tokens;
    Clock& clock;
    Faults& faults;
    Metrics& metrics;
  };

  // `gateway_id` must be unique for every start.
  AccessGateway(Config config, std::string gateway_id, Needs needs);
  ~AccessGateway() override;

  Task<> start(Context ctx);
  // Connections must have been closed by their transports.
  Task<> stop(Context ctx);

  // api::AccessGateway
  const std::string& gateway_id() const override { return gateway_id_; }
  Task<api::DeliverReport> deliver(Context ctx, std::vector<Bytes> events) override;
  Task<> notify(Context ctx, std::vector<api::ReceiptNotice> notices) override;
  Task<> kick(Context ctx, uint64_t session, std::string reason, std::string by) override;

  // api::ClientDoor
  api::ClientHandle opened(api::ClientConnection& connection) override;
  void frame(api::ClientHandle client, std::string_view frame) override;
  void drained(api::ClientHandle client) override;
  void closed(api::ClientHandle client) override;

 private:
  using Frame = client::v1::Frame;

  // Who asks, copied so that an answer does not depend on the connection still being there.
  struct Caller {
    api::ClientHandle handle = 0;
    uint64_t request_id = 0;
    model::Session session;
  };

  // handshake.cc
  void first_frame(api::ClientHandle client, Session& session, Frame& frame);
  Task<> log_in(Context ctx, api::ClientHandle client, uint64_t request_id,
                model::TokenClaims claims);
  Task<> try_log_in(Context ctx, api::ClientHandle client, uint64_t request_id,
                    model::TokenClaims claims);
  Task<> log_out(Context ctx, model::Session session);
  void refuse(api::ClientHandle client, uint64_t request_id, const Error& error);

  // requests.cc
  void request(api::ClientHandle client, Session& session, Frame& frame);
  Result<> admit(Session& session, bool counts_as_send);
  Task<> serve(Context ctx, Caller caller, std::unique_ptr<Frame> frame);
  Task<> serve_send(Context ctx, Caller caller, api::SendRequest request);
  Task<std::string> answer(Context ctx, Caller caller, std::unique_ptr<Frame> frame);
  void finish(const Caller& caller, TimePoint began, Result<std::string> answer);
  void acknowledge(api::ClientHandle client, Session& session, const client::v1::DeliverAck& ack);
  void flush_acknowledgements();
  Task<> pass_on(std::vector<api::Acknowledgement> acknowledgements);

  // deliver.cc
  api::DeliverReport deliver_here(const std::vector<Bytes>& events);
  void deliver_one(const Bytes& record, api::DeliverReport& report);
  void deliver_read(const model::EventView& event, api::DeliverReport& report);
  void change_groups(const model::EventView& event, const model::MessageView& message,
                     const model::Operation& operation, bool joins);
  void notify_here(const std::vector<api::ReceiptNotice>& notices);
  class Push;
  bool write_receipt(api::ClientHandle client, Push& push);
  void kick_here(uint64_t session, const std::string& reason, const std::string& by);

  // heartbeat.cc
  Task<> tick_forever(Context ctx);
  Task<> renew_forever(Context ctx);
  void due(api::ClientHandle client);

  Context context_for(const TenantId& tenant);
  void write(Session& session, std::string_view frame);

  // Constant after construction.
  const Config config_;
  const std::string gateway_id_;
  const Needs needs_;

  // Belongs to the loop.
  SessionTable sessions_;
  TimerWheel wheel_;
  uint64_t traces_ = 0;
  std::vector<api::Acknowledgement> acknowledgements_;  // of this turn
  std::unique_ptr<Frame> scratch_;  // parsed into again and again; keeps its memory
  Scope background_{"access-gateway", needs_.faults};
};

}  // namespace flare::access_gateway
