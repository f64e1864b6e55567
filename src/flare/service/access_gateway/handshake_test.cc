#include "flare/service/access_gateway/gateway_fixture.h"

namespace flare::access_gateway {
namespace {

using namespace std::chrono_literals;

struct HandshakeTest : GatewayFixture {
  // Lets the gateway look at its deadlines.
  bool closes(const Client& client) {
    return run_until(loop, [&] { return client.connection.close_code.has_value(); });
  }
};

TEST_F(HandshakeTest, WelcomeSaysWhoOneIsAndWhatTheLimitsAre) {
  const Client& ann = log_in("ann", "phone");

  const Frame welcome = ann.last();
  EXPECT_EQ(welcome.request_id(), 1u);
  EXPECT_EQ(welcome.welcome().user_id(), "ann");
  EXPECT_EQ(welcome.welcome().device_id(), "phone");
  EXPECT_EQ(welcome.welcome().session_id(), ann.handle);
  EXPECT_EQ(welcome.welcome().server_time_ms(), clock.wall_ms());
  EXPECT_EQ(welcome.welcome().heartbeat_ms(), 30'000u);
  EXPECT_EQ(welcome.welcome().frame_bytes_max(), config.frame_bytes_max.bytes);
  EXPECT_EQ(welcome.welcome().content_bytes_max(), config.content_bytes_max.bytes);
  EXPECT_EQ(welcome.welcome().sends_per_second(), config.sends_per_second);
}

TEST_F(HandshakeTest, NothingIsLookedAtBeforeHello) {
  for (const Frame& frame : {ping(7), send_to("bob", 7), Frame()}) {
    Client& client = connect();

    say(client, frame);

    EXPECT_EQ(client.last().error().name(), "UNAUTHENTICATED");
    EXPECT_EQ(client.last().request_id(), frame.request_id());
    EXPECT_EQ(client.connection.close_code, api::CloseCode::Unauthenticated);
  }
  EXPECT_TRUE(orchestrator.sends.empty());
}

TEST_F(HandshakeTest, ARefusedTokenCloses) {
  Client& client = connect();

  say(client, hello("rubbish"));

  EXPECT_EQ(client.last().request_id(), 1u);
  EXPECT_EQ(client.last().error().name(), "UNAUTHENTICATED");
  EXPECT_FALSE(client.last().error().retry());
  EXPECT_EQ(client.connection.close_code, api::CloseCode::Unauthenticated);
  EXPECT_TRUE(online.logins.empty());
}

TEST_F(HandshakeTest, NothingIsTakenFromAConnectionThatWasRefused) {
  Client& client = connect();
  say(client, hello("rubbish"));

  say(client, hello("acme/ann/phone"));

  EXPECT_EQ(client.frames().size(), 1u);
  EXPECT_TRUE(online.logins.empty());
}

TEST_F(HandshakeTest, WelcomeComesOnlyAfterTheSessionIsRegistered) {
  online.login_gate.shut();
  Client& client = connect();
  say(client, hello("acme/ann/phone"));
  EXPECT_TRUE(client.connection.written.empty());

  online.login_gate.open();
  settle(loop);

  EXPECT_TRUE(client.last().has_welcome());
  ASSERT_EQ(online.logins.size(), 1u);
  EXPECT_EQ(online.logins[0].key, (model::SessionKey{"g1", client.handle}));
  EXPECT_EQ(online.logins[0].user.text, "ann");
  EXPECT_EQ(online.logins[0].platform, "web");
  EXPECT_EQ(metrics.sessions.value(), 1);
}

TEST_F(HandshakeTest, AFrameWhileLoggingInCloses) {
  online.login_gate.shut();
  Client& client = connect();
  say(client, hello("acme/ann/phone"));

  say(client, ping());

  EXPECT_EQ(client.last().error().name(), "UNAUTHENTICATED");
  EXPECT_EQ(client.connection.close_code, api::CloseCode::Unauthenticated);
}

TEST_F(HandshakeTest, AFailureOfTheServerAsksTheClientToComeAgain) {
  online.failure = Error{ErrorCode::Unavailable, "presence is away"};
  Client& client = connect();

  say(client, hello("acme/ann/phone"));

  EXPECT_EQ(client.last().error().name(), "UNAVAILABLE");
  EXPECT_TRUE(client.last().error().retry());
  EXPECT_EQ(client.connection.close_code, api::CloseCode::TryAgainLater);
}

TEST_F(HandshakeTest, SilenceBeforeHelloCloses) {
  const Client& client = connect();

  clock.advance(config.handshake_timeout + 100ms);

  ASSERT_TRUE(closes(client));
  EXPECT_EQ(client.connection.close_code, api::CloseCode::HandshakeTimeout);
}

TEST_F(HandshakeTest, ALoginThatTakesTooLongClosesAndLeavesNoSession) {
  online.login_gate.shut();
  Client& client = connect();
  say(client, hello("acme/ann/phone"));
  clock.advance(config.handshake_timeout + 100ms);
  ASSERT_TRUE(closes(client));

  leave(client);
  online.login_gate.open();
  settle(loop);

  EXPECT_EQ(client.connection.close_code, api::CloseCode::HandshakeTimeout);
  EXPECT_EQ(online.logouts.size(), 1u);
  EXPECT_TRUE((online.sessions[{{"acme"}, {"ann"}}].empty()));
}

TEST_F(HandshakeTest, AConnectionClosedWhileLoggingInLeavesNoSession) {
  online.login_gate.shut();
  Client& client = connect();
  say(client, hello("acme/ann/phone"));

  leave(client);
  online.login_gate.open();
  settle(loop);

  EXPECT_EQ(online.logins.size(), 1u);
  EXPECT_EQ(online.logouts.size(), 1u);
}

// Registering kicks the device's other session, which must not happen for nobody.
TEST_F(HandshakeTest, AConnectionClosedBeforeRegistrationIsNotRegistered) {
  reader.groups_gate.shut();
  Client& gone = connect();
  say(gone, hello("acme/ann/phone"));
  leave(gone);
  Client& late = connect();
  say(late, hello("acme/ann/phone"));
  clock.advance(config.handshake_timeout + 100ms);
  ASSERT_TRUE(closes(late));

  reader.groups_gate.open();
  settle(loop);

  EXPECT_TRUE(online.logins.empty());
}

TEST_F(HandshakeTest, AClosedSessionIsLoggedOutOnce) {
  Client& client = log_in("ann");

  leave(client);

  ASSERT_EQ(online.logouts.size(), 1u);
  EXPECT_EQ(online.logouts[0].user.text, "ann");
  EXPECT_EQ(metrics.sessions.value(), 0);
}

TEST_F(HandshakeTest, MalformedBytesClose) {
  Client& stranger = connect();
  Client& ann = log_in("ann");

  say(stranger, std::string("\xff\xff"));
  say(ann, std::string("\xff\xff"));

  EXPECT_EQ(stranger.connection.close_code, api::CloseCode::Malformed);
  EXPECT_EQ(ann.connection.close_code, api::CloseCode::Malformed);
}

TEST_F(HandshakeTest, AHeartbeatIsAnyFrameAndItsAbsenceCloses) {
  Client& ann = log_in("ann");
  Client& bob = log_in("bob");
  for (int i = 0; i < 3; ++i) {
    clock.advance(config.heartbeat_timeout / 2);
    say(ann, ping());
  }

  ASSERT_TRUE(closes(bob));

  EXPECT_EQ(bob.connection.close_code, api::CloseCode::HeartbeatMissed);
  EXPECT_FALSE(ann.connection.close_code);
  EXPECT_EQ(metrics.heartbeats_missed.value(), 1u);
}

TEST_F(HandshakeTest, AKickedSessionIsToldWhyAndClosed) {
  Client& ann = log_in("ann");

  ASSERT_TRUE(run(loop, gateway.kick({}, ann.handle, "another login", "tablet/ios")));

  EXPECT_EQ(ann.last().kicked().reason(), "another login");
  EXPECT_EQ(ann.last().kicked().by(), "tablet/ios");
  EXPECT_FALSE(ann.last().kicked().may_reconnect());
  EXPECT_EQ(ann.connection.close_code, api::CloseCode::Kicked);
}

TEST_F(HandshakeTest, KickingASessionThatIsGoneKicksNobody) {
  Client& ann = log_in("ann");
  const uint64_t gone = ann.handle;
  leave(ann);
  const Client& bob = log_in("bob");  // takes the place in the table

  ASSERT_TRUE(run(loop, gateway.kick({}, gone, "late", "nobody")));

  EXPECT_FALSE(bob.connection.close_code);
}

struct RenewTest : GatewayFixture {
  static Config short_lease() {
    Config config;
    config.presence_lease = 30ms;
    return config;
  }
  RenewTest() : GatewayFixture(short_lease()) {}
};

TEST_F(RenewTest, LeasesOfLiveSessionsAreRenewedTenantByTenant) {
  log_in("ann");
  log_in("bob");
  log_in("ann", "phone", api::FrameFormat::Protobuf, "other");
  leave(log_in("carl"));

  ASSERT_TRUE(run_until(loop, [this] { return online.heartbeats.size() >= 2; }));

  EXPECT_EQ(online.heartbeats[0].size() + online.heartbeats[1].size(), 3u);
}

}  // namespace
}  // namespace flare::access_gateway
