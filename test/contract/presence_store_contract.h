// What every PresenceStore promises.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "flare/base/clock.h"
#include "flare/base/run.h"
#include "flare/port/presence_store.h"

namespace flare::contract {

struct PresenceStoreBackend {
  std::string name;
  std::function<std::unique_ptr<port::PresenceStore>(const Clock&)> open;
  // Lets time pass for the store: its clock is the manual one, or real and this sleeps.
  std::function<void(ManualClock&, std::chrono::milliseconds)> pass =
      [](ManualClock& clock, std::chrono::milliseconds time) { clock.advance(time); };
};

class PresenceStoreContract : public testing::TestWithParam<PresenceStoreBackend> {
 protected:
  static constexpr std::chrono::seconds kLease{2};

  static Context tenant(std::string id = "acme") { return {.tenant = {std::move(id)}}; }
  static model::Session session(std::string user, uint64_t number, std::string gateway = "g1") {
    return {.key = {std::move(gateway), number},
            .user = {std::move(user)},
            .device = {"phone-" + std::to_string(number)},
            .platform = "ios",
            .login_ms = 1'700'000'000'000};
  }

  void put(const model::Session& session, const Context& ctx = tenant()) {
    ASSERT_TRUE(run(store->put(ctx, session, kLease)));
  }
  std::vector<uint64_t> numbers(const std::string& user, const Context& ctx = tenant()) {
    std::vector<uint64_t> numbers;
    const auto found = run(store->find(ctx, {{user}}));
    if (!found || found->size() != 1) return {UINT64_MAX};
    for (const model::Session& one : found->front()) numbers.push_back(one.key.session);
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  ManualClock clock;
  std::unique_ptr<port::PresenceStore> store = GetParam().open(clock);
};

using Numbers = std::vector<uint64_t>;

TEST_P(PresenceStoreContract, FindsASessionAsItWasPut) {
  put(session("ann", 1));

  const auto found = run(store->find(tenant(), {{"ann"}}));

  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 1u);
  ASSERT_EQ(found->front().size(), 1u);
  const model::Session& ann = found->front().front();
  EXPECT_EQ(ann.key, (model::SessionKey{"g1", 1}));
  EXPECT_EQ(ann.user.text, "ann");
  EXPECT_EQ(ann.device.text, "phone-1");
  EXPECT_EQ(ann.platform, "ios");
  EXPECT_EQ(ann.login_ms, 1'700'000'000'000);
}

TEST_P(PresenceStoreContract, AnswersInTheOrderAsked) {
  put(session("ann", 1));
  put(session("ben", 2));
  put(session("ben", 3));

  const auto found = run(store->find(tenant(), {{"ben"}, {"nobody"}, {"ann"}, {"ben"}}));

  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 4u);
  EXPECT_EQ((*found)[0].size(), 2u);
  EXPECT_EQ((*found)[1].size(), 0u);
  EXPECT_EQ((*found)[2].size(), 1u);
  EXPECT_EQ((*found)[3].size(), 2u);
}

TEST_P(PresenceStoreContract, PutAgainReplaces) {
  put(session("ann", 1));
  put(session("ben", 1));

  EXPECT_EQ(numbers("ann"), Numbers{});
  EXPECT_EQ(numbers("ben"), Numbers{1});
}

TEST_P(PresenceStoreContract, TheSameNumberOnTwoGatewaysIsTwoSessions) {
  put(session("ann", 1, "g1"));
  put(session("ann", 1, "g2"));

  ASSERT_TRUE(run(store->remove(tenant(), {"g1", 1})));

  const auto found = run(store->find(tenant(), {{"ann"}}));
  ASSERT_EQ(found->front().size(), 1u);
  EXPECT_EQ(found->front().front().key.gateway, "g2");
}

TEST_P(PresenceStoreContract, RemovesExactlyOne) {
  put(session("ann", 1));
  put(session("ann", 2));

  ASSERT_TRUE(run(store->remove(tenant(), {"g1", 1})));

  EXPECT_EQ(numbers("ann"), Numbers{2});
}

TEST_P(PresenceStoreContract, RemovingWhatIsAbsentIsFine) {
  EXPECT_TRUE(run(store->remove(tenant(), {"g1", 1})));
  EXPECT_TRUE(run(store->remove(tenant(), {"never seen", 1})));
}

TEST_P(PresenceStoreContract, ALeaseThatRanOutIsNotFound) {
  put(session("ann", 1));

  GetParam().pass(clock, kLease + std::chrono::milliseconds(100));

  EXPECT_EQ(numbers("ann"), Numbers{});
}

TEST_P(PresenceStoreContract, ARenewedLeaseLivesOn) {
  put(session("ann", 1));
  put(session("ben", 2));
  GetParam().pass(clock, kLease / 2);

  const auto unknown = run(store->renew(tenant(), {{"g1", 1}}, kLease));
  GetParam().pass(clock, kLease / 2 + std::chrono::milliseconds(100));

  ASSERT_TRUE(unknown);
  EXPECT_TRUE(unknown->empty());
  EXPECT_EQ(numbers("ann"), Numbers{1});
  EXPECT_EQ(numbers("ben"), Numbers{});
}

TEST_P(PresenceStoreContract, RenewNamesTheSessionsItDoesNotKnow) {
  put(session("ann", 1));
  put(session("ben", 2));
  GetParam().pass(clock, kLease + std::chrono::milliseconds(100));
  put(session("eve", 3));

  auto unknown = run(store->renew(tenant(), {{"g1", 1}, {"g1", 3}, {"g9", 3}, {"g1", 7}}, kLease));

  ASSERT_TRUE(unknown);
  std::sort(unknown->begin(), unknown->end());
  EXPECT_EQ(*unknown, (std::vector<model::SessionKey>{{"g1", 1}, {"g1", 7}, {"g9", 3}}));
}

TEST_P(PresenceStoreContract, AnUnknownSessionIsKnownAfterItWasPutAgain) {
  put(session("ann", 1));
  GetParam().pass(clock, kLease + std::chrono::milliseconds(100));
  ASSERT_EQ(run(store->renew(tenant(), {{"g1", 1}}, kLease))->size(), 1u);

  put(session("ann", 1));

  EXPECT_EQ(numbers("ann"), Numbers{1});
  EXPECT_TRUE(run(store->renew(tenant(), {{"g1", 1}}, kLease))->empty());
}

TEST_P(PresenceStoreContract, TenantsDoNotSeeEachOther) {
  put(session("ann", 1), tenant("acme"));
  put(session("ann", 2), tenant("apex"));

  EXPECT_EQ(numbers("ann", tenant("acme")), Numbers{1});
  EXPECT_EQ(numbers("ann", tenant("apex")), Numbers{2});
  EXPECT_EQ(numbers("ann", tenant("other")), Numbers{});
}

TEST_P(PresenceStoreContract, AnswersForNobodyAndRenewsNothing) {
  EXPECT_TRUE(run(store->find(tenant(), {}))->empty());
  EXPECT_TRUE(run(store->renew(tenant(), {}, kLease))->empty());
}

}  // namespace flare::contract
