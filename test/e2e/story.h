// Story: a test with a server of its own and people who use it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kit/config_keys.h"
#include "kit/flare_process.h"
#include "kit/users.h"
#include "kit/wait_until.h"

namespace flare::e2e {

using namespace std::chrono_literals;
using namespace kit;
namespace model = sdk::model;
namespace wire = sdk::wire;
using sdk::Client;
using sdk::ErrorCode;
using sdk::Failure;
using sdk::Target;

class Story : public testing::Test {
 protected:
  using Environment = std::map<std::string, std::string>;

  // Sends are not limited, unless the story says so: it is told as fast as the machine goes.
  explicit Story(Environment environment = {})
      : flare({.environment = with_defaults(std::move(environment)),
               .arguments = {},
               .data_dir = {}}) {}

  void SetUp() override { flare.start(); }

  FlareProcess flare;
  const Users users{flare};

 private:
  static Environment with_defaults(Environment environment) {
    environment.try_emplace(config::kSendsPerSecond, "100000");
    environment.try_emplace(config::kSendsBurst, "100000");
    return environment;
  }
};

// "message 1", "message 2", ... sent one after the other; the receipts.
inline std::vector<sdk::SendReceipt> send_many(Client& sender, const Target& target, int count) {
  std::vector<sdk::SendReceipt> receipts;
  for (int i = 1; i <= count; ++i) {
    receipts.push_back(
        must(sender.send_text(target, "message " + std::to_string(i),
                              {.client_message_id = {}, .ack_level = wire::ACK_LEVEL_PERSISTED})));
  }
  return receipts;
}

inline std::vector<uint64_t> one_to(uint64_t last) {
  std::vector<uint64_t> out;
  for (uint64_t i = 1; i <= last; ++i) out.push_back(i);
  return out;
}

template <class T>
testing::AssertionResult refused(const sdk::Result<T>& result, ErrorCode code) {
  if (result) return testing::AssertionFailure() << "it was allowed";
  if (result.error().failure == Failure::Refused && result.error().code == code) {
    return testing::AssertionSuccess();
  }
  return testing::AssertionFailure() << sdk::describe(result.error());
}

template <class T>
testing::AssertionResult allowed(const sdk::Result<T>& result) {
  if (result) return testing::AssertionSuccess();
  return testing::AssertionFailure() << sdk::describe(result.error());
}

}  // namespace flare::e2e
