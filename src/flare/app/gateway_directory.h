// The gateways of this process, for who pushes to them.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "flare/api/access_gateway.h"

namespace flare::app {

// Filled before the first loop runs, constant afterwards.
class GatewayDirectory final : public api::GatewayDirectory {
 public:
  void add(api::AccessGateway& gateway) {
    by_id_.emplace(gateway.gateway_id(), &gateway);
    all_.push_back(&gateway);
  }

  api::AccessGateway* find(std::string_view gateway_id) override {
    const auto found = by_id_.find(std::string(gateway_id));
    return found == by_id_.end() ? nullptr : found->second;
  }
  std::vector<api::AccessGateway*> all() override { return all_; }

 private:
  std::unordered_map<std::string, api::AccessGateway*> by_id_;
  std::vector<api::AccessGateway*> all_;
};

}  // namespace flare::app
