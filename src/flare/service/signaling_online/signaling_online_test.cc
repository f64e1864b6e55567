#include "flare/service/signaling_online/signaling_online.h"

#include <gtest/gtest.h>

#include "flare/base/run.h"
#include "kit/fakes/fake_gateway.h"
#include "kit/fakes/fake_presence_store.h"

namespace flare::signaling_online {
namespace {

using namespace std::chrono_literals;
using Journal = std::vector<std::string>;

// Presence in a fake store, two gateways that write down whom they kick.
struct SignalingOnlineTest : testing::Test {
  SignalingOnlineTest() {
    directory.gateways = {&g1, &g2};
    g1.journal = &presence.journal;
    g2.journal = &presence.journal;
  }

  ManualClock clock;
  FakePresenceStore presence{clock};
  FakeGateway g1{"g1"};
  FakeGateway g2{"g2"};
  FakeGatewayDirectory directory;
  MetricRegistry registry;
  Metrics metrics{registry};
  SignalingOnline online{Config{}, {presence, directory, clock, metrics}};
  const Context ctx{.tenant = {"acme"}, .trace = {}, .deadline = TimePoint::max(), .stop = {}};

  static model::Session session(const std::string& gateway, uint64_t id, const std::string& device,
                                int64_t login_ms) {
    return {.key = {gateway, id},
            .user = {"ann"},
            .device = {device},
            .platform = "ios",
            .login_ms = login_ms};
  }
  Result<> login(const model::Session& session) { return run(online.login(ctx, session)); }
  std::vector<model::Session> located() {
    auto found = run(online.locate(ctx, {{"ann"}}));
    return found ? found->at(0) : std::vector<model::Session>();
  }
};

TEST_F(SignalingOnlineTest, LoginMakesTheUserOnlineUntilLogout) {
  const model::Session phone = session("g1", 7, "phone", 100);

  ASSERT_TRUE(login(phone));
  EXPECT_EQ(located().size(), 1u);
  ASSERT_TRUE(run(online.logout(ctx, phone)));

  EXPECT_TRUE(located().empty());
}

TEST_F(SignalingOnlineTest, DevicesOfAUserLiveSideBySide) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));
  ASSERT_TRUE(login(session("g2", 1, "tablet", 200)));

  EXPECT_EQ(located().size(), 2u);
  EXPECT_TRUE(g1.kicks.empty());
}

TEST_F(SignalingOnlineTest, AnotherLoginOfTheDeviceKicksTheOlder) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));

  ASSERT_TRUE(login(session("g2", 9, "phone", 200)));

  ASSERT_EQ(g1.kicks.size(), 1u);
  EXPECT_EQ(g1.kicks[0].session, 1u);
  EXPECT_EQ(g1.kicks[0].reason, "another login of this device");
  EXPECT_EQ(g1.kicks[0].by, "phone/ios");
  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].key.gateway, "g2");
}

// Whoever looks for the user in between finds one of the two, never nobody.
TEST_F(SignalingOnlineTest, TheNewSessionIsThereBeforeTheOldOneIsKicked) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));
  presence.journal.clear();

  ASSERT_TRUE(login(session("g2", 9, "phone", 200)));

  EXPECT_EQ(presence.journal, (Journal{"put g2/9", "remove g1/1", "kick g1/1"}));
}

TEST_F(SignalingOnlineTest, ALateOldLoginIsRefusedAndLeavesNoTrace) {
  ASSERT_TRUE(login(session("g2", 9, "phone", 60'000)));

  const Result<> late = login(session("g1", 1, "phone", 100));

  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::Conflict);
  EXPECT_TRUE(g2.kicks.empty());
  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].key.gateway, "g2");
}

// Gateways of one machine read the same millisecond, and clocks of two machines differ a little.
TEST_F(SignalingOnlineTest, LoginsOfOneMomentCountInTheOrderTheyArrive) {
  ASSERT_TRUE(login(session("g1", 6, "phone", 100)));
  ASSERT_TRUE(login(session("g1", 4, "phone", 100)));
  ASSERT_TRUE(login(session("g2", 1, "phone", 40)));

  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].key, (model::SessionKey{"g2", 1}));
  EXPECT_EQ(g1.kicks.size(), 2u);
}

TEST_F(SignalingOnlineTest, LoginRepeatedIsTheSameSession) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));

  EXPECT_TRUE(g1.kicks.empty());
  EXPECT_EQ(located().size(), 1u);
}

TEST_F(SignalingOnlineTest, AGatewayThatIsGoneDoesNotStopALogin) {
  ASSERT_TRUE(login(session("gone", 1, "phone", 100)));

  ASSERT_TRUE(login(session("g1", 1, "phone", 200)));

  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].key.gateway, "g1");
}

TEST_F(SignalingOnlineTest, AKickThatFailedIsRepeatedAtTheNextHeartbeat) {
  const model::Session old = session("g1", 1, "phone", 100);
  ASSERT_TRUE(login(old));
  g1.failure = Error{ErrorCode::Unavailable, "g1: away"};
  ASSERT_TRUE(login(session("g2", 9, "phone", 200)));
  g1.failure.reset();

  ASSERT_TRUE(run(online.heartbeat(ctx, {old})));

  ASSERT_EQ(g1.kicks.size(), 1u);
  EXPECT_TRUE(g2.kicks.empty());
  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].key.gateway, "g2");
}

TEST_F(SignalingOnlineTest, SessionsEndWithTheirLeaseAndLiveWithTheirHeartbeat) {
  const model::Session phone = session("g1", 1, "phone", 100);
  ASSERT_TRUE(login(phone));
  ASSERT_TRUE(login(session("g1", 2, "tablet", 100)));

  clock.advance(60s);
  ASSERT_TRUE(run(online.heartbeat(ctx, {phone})));
  clock.advance(60s);

  ASSERT_EQ(located().size(), 1u);
  EXPECT_EQ(located()[0].device, DeviceId{"phone"});
}

TEST_F(SignalingOnlineTest, HeartbeatOfManyIsOneRoundTrip) {
  std::vector<model::Session> sessions;
  for (uint64_t i = 0; i < 50; ++i) {
    sessions.push_back(session("g1", i, "device" + std::to_string(i), 100));
    ASSERT_TRUE(login(sessions.back()));
  }
  presence.journal.clear();
  presence.finds = 0;

  ASSERT_TRUE(run(online.heartbeat(ctx, sessions)));

  EXPECT_EQ(presence.renews, 1u);
  EXPECT_EQ(presence.finds, 0u);
  EXPECT_TRUE(presence.journal.empty());
}

TEST_F(SignalingOnlineTest, HeartbeatPutsBackWhatTheStoreHasLost) {
  const model::Session phone = session("g1", 1, "phone", 100);
  const model::Session tablet = session("g1", 2, "tablet", 100);
  ASSERT_TRUE(login(phone));
  ASSERT_TRUE(login(tablet));
  presence.sessions.clear();

  ASSERT_TRUE(run(online.heartbeat(ctx, {phone, tablet})));

  EXPECT_EQ(located().size(), 2u);
  EXPECT_TRUE(g1.kicks.empty());
  EXPECT_EQ(presence.finds, 4u + 1u + 1u);  // two logins, one for both lost, one by this test
}

TEST_F(SignalingOnlineTest, QueryAnswersInTheOrderAskedWithEachPlatformOnce) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));
  ASSERT_TRUE(login(session("g1", 2, "old-phone", 100)));
  model::Session desktop = session("g1", 3, "desk", 100);
  desktop.platform = "android";
  ASSERT_TRUE(login(desktop));

  const auto answer = run(online.query(ctx, {{"bob"}, {"ann"}}));

  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->at(0).user, UserId{"bob"});
  EXPECT_FALSE(answer->at(0).online);
  EXPECT_TRUE(answer->at(1).online);
  EXPECT_EQ(answer->at(1).platforms, (std::vector<std::string>{"android", "ios"}));
}

TEST_F(SignalingOnlineTest, TenantsDoNotSeeEachOther) {
  ASSERT_TRUE(login(session("g1", 1, "phone", 100)));
  Context other = ctx;
  other.tenant = {"globex"};

  const auto answer = run(online.query(other, {{"ann"}}));

  EXPECT_FALSE(answer->at(0).online);
}

TEST_F(SignalingOnlineTest, AStoreThatIsAwayRefusesTheLogin) {
  presence.failure = Error{ErrorCode::Unavailable, "presence: away"};

  EXPECT_EQ(login(session("g1", 1, "phone", 100)).error().code, ErrorCode::Unavailable);
}

}  // namespace
}  // namespace flare::signaling_online
