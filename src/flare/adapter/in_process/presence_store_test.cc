#include "flare/adapter/in_process/presence_store.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "flare/base/run.h"

namespace flare::in_process {
namespace {

using namespace std::chrono_literals;

constexpr Duration kLease = 10s;

struct PresenceStoreTest : testing::Test {
  void put(uint64_t number, const std::string& user) {
    ASSERT_TRUE(run(store.put({}, {.key = {"g1", number}, .user = {user}}, kLease)));
  }

  ManualClock clock;
  PresenceStore store{clock};
};

TEST_F(PresenceStoreTest, DeadSessionsAreFreedByTheWorkOfTheLiving) {
  for (uint64_t i = 0; i < 1000; ++i) put(i, "user-" + std::to_string(i));
  clock.advance(11'000ms);
  for (uint64_t i = 1000; i < 1400; ++i) put(i, "user-" + std::to_string(i));

  std::vector<model::SessionKey> living;
  for (uint64_t i = 1000; i < 1400; ++i) living.push_back({"g1", i});
  ASSERT_TRUE(run(store.renew({}, living, kLease))->empty());

  EXPECT_EQ(store.size(), 400u);
}

TEST_F(PresenceStoreTest, AllGoneIsAllFreed) {
  for (uint64_t i = 0; i < 100; ++i) put(i, "ann");

  for (uint64_t i = 0; i < 100; ++i) ASSERT_TRUE(run(store.remove({}, {"g1", i})));

  EXPECT_EQ(store.size(), 0u);
  EXPECT_TRUE(run(store.find({}, {{"ann"}}))->front().empty());
}

TEST_F(PresenceStoreTest, AnyLoopMayCall) {
  std::atomic<uint64_t> failures = 0;
  std::vector<std::thread> gateways;
  for (int g = 0; g < 3; ++g) {
    gateways.emplace_back([&, gateway = "g" + std::to_string(g)] {
      for (uint64_t i = 0; i < 300; ++i) {
        const model::SessionKey key{gateway, i};
        if (!run(store.put({}, {.key = key, .user = {"ann"}}, kLease))) ++failures;
        if (run(store.find({}, {{"ann"}}))->front().empty()) ++failures;
        if (!run(store.renew({}, {key}, kLease))->empty()) ++failures;
        if (!run(store.remove({}, key))) ++failures;
      }
    });
  }
  for (std::thread& gateway : gateways) gateway.join();

  EXPECT_EQ(failures, 0u);
  EXPECT_EQ(store.size(), 0u);
}

}  // namespace
}  // namespace flare::in_process
