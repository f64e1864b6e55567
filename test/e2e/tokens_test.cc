// Who may come in. Each refusal is UNAUTHENTICATED, and the connection closes.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class Tokens : public Story {
 protected:
  sdk::TokenClaims ann() const {
    sdk::TokenClaims claims;
    claims.user_id = "ann";
    claims.device_id = "phone";
    return claims;
  }

  testing::AssertionResult turned_away(const std::string& token) const {
    Client client = users.connect();
    const auto welcome = client.login(token);
    const auto denied = refused(welcome, ErrorCode::Unauthenticated);
    if (!denied) return denied;
    if (!ends(client)) return testing::AssertionFailure() << "refused, but still connected";
    return testing::AssertionSuccess();
  }

  static std::string header_and_payload(const std::string& token) {
    return token.substr(0, token.rfind('.'));
  }
};

TEST_F(Tokens, AGoodOneIsWelcomed) {
  Client client = users.connect();

  const wire::Welcome welcome = must(client.login(sdk::mint_token(ann(), flare.token_key())));

  EXPECT_EQ(welcome.user_id(), "ann");
  EXPECT_EQ(welcome.device_id(), "phone");
  EXPECT_NE(welcome.session_id(), 0u);
  EXPECT_GT(welcome.heartbeat_ms(), 0u);
  EXPECT_GT(welcome.server_time_ms(), 0);
}

TEST_F(Tokens, Expired) {
  sdk::TokenClaims claims = ann();
  claims.ttl = -1h;

  EXPECT_TRUE(turned_away(sdk::mint_token(claims, flare.token_key())));
}

TEST_F(Tokens, ForgedWithAnotherKey) {
  EXPECT_TRUE(turned_away(sdk::mint_token(
      ann(), {.id = "demo", .secret = "another key of more than 32 bytes length"})));
}

TEST_F(Tokens, OfAnUnknownKey) {
  sdk::SigningKey key = flare.token_key();
  key.id = "unknown";

  EXPECT_TRUE(turned_away(sdk::mint_token(ann(), key)));
}

TEST_F(Tokens, UnsignedWithAlgNone) {
  const std::string signed_token = sdk::mint_token(ann(), flare.token_key());
  const size_t dot = signed_token.find('.');
  const std::string payload = signed_token.substr(dot, signed_token.rfind('.') - dot);

  EXPECT_TRUE(
      turned_away(sdk::base64url(R"({"alg":"none","typ":"JWT","kid":"demo"})") + payload + "."));
  EXPECT_TRUE(turned_away(sdk::base64url(R"({"alg":"none","typ":"JWT"})") + payload + "."));
}

// A public key's algorithm, or another digest, must not be believed because the header says so.
TEST_F(Tokens, OfAnotherAlgorithmThanTheKeys) {
  const std::string token = sdk::mint_token(ann(), flare.token_key());
  const std::string rest = token.substr(token.find('.'));

  for (const char* algorithm : {"HS512", "RS256", "ES256", "hs256", ""}) {
    EXPECT_TRUE(turned_away(
        sdk::base64url(std::string(R"({"alg":")") + algorithm + R"(","typ":"JWT","kid":"demo"})") +
        rest))
        << algorithm;
  }
}

TEST_F(Tokens, WithTheSignatureOfAnother) {
  sdk::TokenClaims eve = ann();
  eve.user_id = "eve";
  const std::string for_ann = sdk::mint_token(ann(), flare.token_key());
  const std::string for_eve = sdk::mint_token(eve, flare.token_key());

  EXPECT_TRUE(turned_away(header_and_payload(for_ann) + for_eve.substr(for_eve.rfind('.'))));
}

TEST_F(Tokens, OfAnotherTenant) {
  sdk::TokenClaims claims = ann();
  claims.tenant_id = "elsewhere";

  EXPECT_TRUE(turned_away(sdk::mint_token(claims, flare.token_key())));
}

TEST_F(Tokens, OfAnotherIssuer) {
  sdk::TokenClaims claims = ann();
  claims.issuer = "somebody else";

  EXPECT_TRUE(turned_away(sdk::mint_token(claims, flare.token_key())));
}

TEST_F(Tokens, ThatAreNone) {
  for (const std::string& token :
       {std::string(), std::string("x"), std::string("a.b"), std::string("..."),
        std::string("a.b.c"), std::string(10'000, 'a')}) {
    EXPECT_TRUE(turned_away(token)) << token.substr(0, 20);
  }
}

TEST_F(Tokens, WithNamesThatAreNone) {
  for (const std::string& name : {std::string(), std::string("a:b"), std::string("a b"),
                                  std::string("\"},{"), std::string(1'000, 'a')}) {
    sdk::TokenClaims claims = ann();
    claims.user_id = name;
    EXPECT_TRUE(turned_away(sdk::mint_token(claims, flare.token_key()))) << name.substr(0, 20);
  }
}

}  // namespace
}  // namespace flare::e2e
