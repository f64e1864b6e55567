#include "flare/sdk/token.h"

#include <gtest/gtest.h>

#include "url.h"

namespace flare::sdk {
namespace {

TEST(TokenTest, IsHeaderPayloadAndSignature) {
  TokenClaims claims;
  claims.user_id = "ann";
  claims.device_id = "phone";
  claims.token_id = "t1";
  const std::string token = mint_token(claims, {.id = "demo", .secret = "secret"});

  EXPECT_TRUE(token.starts_with(base64url(R"({"alg":"HS256","typ":"JWT","kid":"demo"})") + "."));
  const size_t dot = token.find('.');
  const std::string sub = base64url(R"({"sub":"ann","tid":"default","did":"phone",)");
  EXPECT_EQ(token.substr(dot + 1, 40), sub.substr(0, 40));
}

TEST(TokenTest, TheKeyDecidesTheSignature) {
  TokenClaims claims;
  claims.token_id = "t1";
  const std::string one = mint_token(claims, {.id = "demo", .secret = "one"});
  const std::string other = mint_token(claims, {.id = "demo", .secret = "other"});

  EXPECT_NE(one.substr(one.rfind('.')), other.substr(other.rfind('.')));
}

// RFC 4648 section 10, in the URL alphabet and without padding.
TEST(TokenTest, Base64Url) {
  EXPECT_EQ(base64url(""), "");
  EXPECT_EQ(base64url("f"), "Zg");
  EXPECT_EQ(base64url("fo"), "Zm8");
  EXPECT_EQ(base64url("foo"), "Zm9v");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
}

TEST(UrlTest, PartsAndDefaults) {
  EXPECT_EQ(parse_url("ws://example.org")->authority(), "example.org:80");
  EXPECT_EQ(parse_url("ws://example.org")->path, "/ws");
  EXPECT_EQ(parse_url("ws://[::1]:60051/x")->host, "::1");
  EXPECT_EQ(parse_url("ws://[::1]:60051/x")->authority(), "[::1]:60051");
  EXPECT_EQ(parse_url("ws://127.0.0.1:9/chat?a=b")->path, "/chat?a=b");
}

TEST(UrlTest, RefusesWhatItCannotUse) {
  EXPECT_FALSE(parse_url("http://example.org"));
  EXPECT_FALSE(parse_url("wss://example.org"));
  EXPECT_FALSE(parse_url("ws://"));
  EXPECT_FALSE(parse_url("ws://host:port"));
}

}  // namespace
}  // namespace flare::sdk
