// FakeGateway and FakeGatewayDirectory: gateways that write down what they are told.
//
// Belong to one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flare/api/access_gateway.h"

namespace flare {

class FakeGateway final : public api::AccessGateway {
 public:
  explicit FakeGateway(std::string id) : id_(std::move(id)) {}

  struct Kick {
    uint64_t session = 0;
    std::string reason;
    std::string by;
  };

  const std::string& gateway_id() const override { return id_; }

  Task<api::DeliverReport> deliver(Context, std::vector<Bytes> events) override {
    co_await ready();
    for (Bytes& event : events) delivered.push_back(std::move(event));
    co_return api::DeliverReport{.frames = events.size(), .resyncs = 0};
  }

  Task<> notify(Context, std::vector<api::ReceiptNotice> notices) override {
    co_await ready();
    for (api::ReceiptNotice& notice : notices) notified.push_back(std::move(notice));
  }

  Task<> kick(Context, uint64_t session, std::string reason, std::string by) override {
    co_await ready();
    kicks.push_back({session, std::move(reason), std::move(by)});
    if (journal != nullptr) journal->push_back("kick " + id_ + "/" + std::to_string(session));
  }

  std::vector<Bytes> delivered;
  std::vector<api::ReceiptNotice> notified;
  std::vector<Kick> kicks;
  std::vector<std::string>* journal = nullptr;  // shared with another fake, to see the order
  std::optional<Error> failure;

 private:
  Result<> ready() const {
    if (failure) return fail(*failure);
    return {};
  }

  const std::string id_;
};

class FakeGatewayDirectory final : public api::GatewayDirectory {
 public:
  api::AccessGateway* find(std::string_view gateway_id) override {
    for (api::AccessGateway* gateway : gateways) {
      if (gateway->gateway_id() == gateway_id) return gateway;
    }
    return nullptr;
  }
  std::vector<api::AccessGateway*> all() override { return gateways; }

  std::vector<api::AccessGateway*> gateways;
};

}  // namespace flare
