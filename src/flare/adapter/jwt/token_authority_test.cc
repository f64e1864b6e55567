#include "flare/adapter/jwt/token_authority.h"

#include <gtest/gtest.h>

#include "flare/adapter/jwt/algorithm.h"
#include "flare/adapter/jwt/base64url.h"

namespace flare::jwt {
namespace {

constexpr int64_t kNow = 1'700'000'000;
const std::string kSecret(32, 's');
const std::string kOtherSecret(32, 'o');

struct TokenAuthorityTest : testing::Test {
  std::unique_ptr<TokenAuthority> authority(Options options) {
    auto made = TokenAuthority::create(std::move(options));
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  static Options one_key() {
    return {.keys = {{.id = "k1", .secret = kSecret}}, .issuer = "business"};
  }
  static model::TokenClaims claims() {
    return {.tenant = {"acme"},
            .user = {"ann"},
            .device = {"phone"},
            .platform = "ios",
            .issuer = "business",
            .token_id = "t-1",
            .issued_s = kNow,
            .expires_s = kNow + 3600,
            .version = 3};
  }

  // A token of any text, well signed unless told otherwise.
  static std::string token(std::string_view header, std::string_view payload,
                           std::string_view secret = kSecret) {
    const std::string text = base64url(header) + "." + base64url(payload);
    return text + "." + base64url(find_algorithm("HS256")->sign(secret, text));
  }
  static std::string payload(std::string_view more = "") {
    return R"({"sub":"ann","tid":"acme","did":"phone","plt":"ios","iss":"business","jti":"t-1",)"
           R"("iat":1700000000,"exp":1700003600)" +
           std::string(more) + "}";
  }
  std::string refusal(std::string_view text, int64_t now_s = kNow) {
    const auto checked = tokens->check(text, now_s * 1000);
    if (checked) return "accepted";
    EXPECT_EQ(checked.error().code, ErrorCode::Unauthenticated);
    return checked.error().message;
  }

  static constexpr std::string_view kHeader = R"({"alg":"HS256","typ":"JWT","kid":"k1"})";
  std::unique_ptr<TokenAuthority> tokens = authority(one_key());
};

TEST_F(TokenAuthorityTest, ReadsWhatItIssued) {
  const std::string text = tokens->issue(claims()).value();

  const auto checked = tokens->check(text, kNow * 1000);

  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->tenant.text, "acme");
  EXPECT_EQ(checked->user.text, "ann");
  EXPECT_EQ(checked->device.text, "phone");
  EXPECT_EQ(checked->platform, "ios");
  EXPECT_EQ(checked->issuer, "business");
  EXPECT_EQ(checked->token_id, "t-1");
  EXPECT_EQ(checked->issued_s, kNow);
  EXPECT_EQ(checked->expires_s, kNow + 3600);
  EXPECT_EQ(checked->version, 3u);
}

// RFC 7515, appendix A.1: what others sign, we verify.
TEST_F(TokenAuthorityTest, VerifiesTheExampleOfTheStandard) {
  const std::string key =
      from_base64url(
          "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow")
          .value();
  const std::string_view text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
      "fQ";

  EXPECT_TRUE(find_algorithm("HS256")->verify(
      key, text, from_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk").value()));
}

TEST_F(TokenAuthorityTest, VersionIsZeroWhereNoneIsGiven) {
  EXPECT_EQ(tokens->check(token(kHeader, payload()), kNow * 1000)->version, 0u);
}

TEST_F(TokenAuthorityTest, NoneIsNoAlgorithm) {
  const std::string text =
      base64url(R"({"alg":"none","kid":"k1"})") + "." + base64url(payload()) + ".";

  EXPECT_EQ(refusal(text), "token: not the key's algorithm");
}

TEST_F(TokenAuthorityTest, AKeyHasOneAlgorithm) {
  for (const char* algorithm : {"none", "None", "HS512", "RS256", "hs256", ""}) {
    const std::string header = R"({"alg":")" + std::string(algorithm) + R"(","kid":"k1"})";
    EXPECT_EQ(refusal(token(header, payload())), "token: not the key's algorithm") << algorithm;
  }
}

TEST_F(TokenAuthorityTest, AnotherSecretDoesNotSign) {
  EXPECT_EQ(refusal(token(kHeader, payload(), kOtherSecret)), "token: bad signature");
}

TEST_F(TokenAuthorityTest, EveryChangedCharacterIsNoticed) {
  const std::string text = tokens->issue(claims()).value();
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_NE(refusal(changed), "accepted") << i;
  }
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(refusal(text.substr(0, size)), "accepted") << size;
  }
}

TEST_F(TokenAuthorityTest, TimesAreCheckedWithASkewOfAMinute) {
  const std::string text = token(kHeader, payload());

  EXPECT_EQ(refusal(text, kNow + 3600 + 59), "accepted");
  EXPECT_EQ(refusal(text, kNow + 3600 + 60), "token: expired");
  EXPECT_EQ(refusal(text, kNow - 60), "accepted");
  EXPECT_EQ(refusal(text, kNow - 61), "token: not valid yet");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"nbf":1700000100)")), kNow + 39),
            "token: not valid yet");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"nbf":1700000100.5)")), kNow + 40), "accepted");
}

TEST_F(TokenAuthorityTest, EveryRequiredClaimIsMissed) {
  for (const std::string claim : {"sub", "tid", "did", "plt", "iss", "jti", "iat", "exp"}) {
    std::string without = payload();
    without.replace(without.find("\"" + claim + "\""), 5, "\"xxx\"");
    EXPECT_EQ(refusal(token(kHeader, without)),
              "token: claim " + claim + " is missing or malformed");
  }
}

TEST_F(TokenAuthorityTest, MalformedClaimsAreRefused) {
  const std::pair<std::string, std::string> changes[] = {
      {R"("ann")", "7"},
      {R"("ann")", R"("")"},
      {R"("ann")", R"("a\u0000b")"},
      {R"("acme")", "null"},
      {R"("ios")", R"("fridge")"},
      {R"("t-1")", R"("")"},
      {"1700003600", R"("soon")"},
      {"1700003600", "-1"},
      {"1700003600", "1e300"},
      {"1700003600", "1699999999"},
      {"1700000000", "true"},
  };
  for (const auto& [from, to] : changes) {
    std::string changed = payload();
    changed.replace(changed.find(from), from.size(), to);
    EXPECT_NE(refusal(token(kHeader, changed)).find("is missing or malformed"), std::string::npos)
        << changed;
  }
}

TEST_F(TokenAuthorityTest, WhatIsNotOneJsonObjectIsRefused) {
  for (const std::string json : {"", "[]", "7", "{", "{}x", "null", R"("text")", "{\"a\":\x80}"}) {
    EXPECT_EQ(refusal(token(kHeader, json)), "token: claims: not a JSON object") << json;
    EXPECT_EQ(refusal(token(json, payload())), "token: header: not a JSON object") << json;
  }
}

// Found by fuzzing: an issuer of half a character was taken, and could not be written again.
TEST_F(TokenAuthorityTest, HalfASurrogatePairIsNoText) {
  EXPECT_NE(refusal(token(kHeader, payload(R"(,"name":"b\udee1b")"))), "accepted");
  EXPECT_NE(refusal(token(kHeader, payload(R"(,"\udee1":1)"))), "accepted");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"name":"\ud83d\ude00")"))), "accepted");
}

TEST_F(TokenAuthorityTest, AMemberTwiceIsRefused) {
  EXPECT_NE(refusal(token(kHeader, payload(R"(,"sub":"eve")"))), "accepted");
  EXPECT_NE(refusal(token(R"({"alg":"HS256","alg":"none","kid":"k1"})", payload())), "accepted");
}

TEST_F(TokenAuthorityTest, ExtensionsWeDoNotKnowAreRefused) {
  EXPECT_EQ(refusal(token(R"({"alg":"HS256","kid":"k1","crit":["b64"]})", payload())),
            "token: header: unknown extensions");
}

TEST_F(TokenAuthorityTest, ForeignClaimsAreIgnored) {
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"roles":["a",{"b":[1]}],"x":{"sub":"eve"})"))),
            "accepted");
}

TEST_F(TokenAuthorityTest, DeepNestingIsRefusedWithoutHarm) {
  const std::string deep = R"(,"x":)" + std::string(1400, '[');
  EXPECT_EQ(refusal(token(kHeader, payload(deep))), "token: claims: not a JSON object");
}

TEST_F(TokenAuthorityTest, ALargeTokenIsNotLookedAt) {
  EXPECT_EQ(refusal(std::string(4097, 'a')), "token: too large");
  EXPECT_EQ(refusal(std::string(4096, 'a')), "token: malformed");
}

TEST_F(TokenAuthorityTest, KeysAreChosenByTheirId) {
  Options options = one_key();
  options.keys.push_back({.id = "k2", .secret = kOtherSecret});
  tokens = authority(options);

  EXPECT_EQ(refusal(token(kHeader, payload())), "accepted");
  EXPECT_EQ(refusal(token(R"({"alg":"HS256","kid":"k2"})", payload(), kOtherSecret)), "accepted");
  EXPECT_EQ(refusal(token(R"({"alg":"HS256","kid":"k2"})", payload())), "token: bad signature");
  EXPECT_EQ(refusal(token(R"({"alg":"HS256","kid":"k3"})", payload())), "token: unknown key");
  EXPECT_EQ(refusal(token(R"({"alg":"HS256"})", payload())), "token: unknown key");
}

TEST_F(TokenAuthorityTest, AnOnlyKeyNeedNotBeNamed) {
  EXPECT_EQ(refusal(token(R"({"alg":"HS256"})", payload())), "accepted");
}

TEST_F(TokenAuthorityTest, ATenantsKeySignsForThatTenantOnly) {
  tokens = authority({.keys = {{.id = "k1", .secret = kSecret, .tenant = {"apex"}},
                               {.id = "k2", .secret = kOtherSecret}},
                      .issuer = "business"});

  EXPECT_EQ(refusal(token(kHeader, payload())), "token: key of another tenant");
  EXPECT_EQ(refusal(tokens->issue(claims()).value()), "accepted");  // by k2
}

TEST_F(TokenAuthorityTest, AnotherIssuerIsRefused) {
  Options options = one_key();
  options.issuer = "somebody else";
  tokens = authority(options);

  EXPECT_EQ(refusal(token(kHeader, payload())), "token: unexpected issuer");
}

TEST_F(TokenAuthorityTest, AnAudienceMustBeOurs) {
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"aud":"shop")"))), "token: for another audience");
  Options options = one_key();
  options.audience = "flare";
  tokens = authority(options);

  EXPECT_EQ(refusal(token(kHeader, payload())), "accepted");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"aud":"flare")"))), "accepted");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"aud":["shop","flare"])"))), "accepted");
  EXPECT_EQ(refusal(token(kHeader, payload(R"(,"aud":["shop"])"))), "token: for another audience");
  EXPECT_NE(refusal(token(kHeader, payload(R"(,"aud":["flare",7])"))), "accepted");
  EXPECT_NE(refusal(token(kHeader, payload(R"(,"aud":["flare",["x"]])"))), "accepted");
}

TEST_F(TokenAuthorityTest, IssuesNothingThatItWouldRefuse) {
  const auto refused = [&](auto change) {
    model::TokenClaims changed = claims();
    change(changed);
    const auto issued = tokens->issue(changed);
    return !issued && issued.error().code == ErrorCode::InvalidArgument;
  };
  EXPECT_TRUE(refused([](auto& c) { c.user.text = ""; }));
  EXPECT_TRUE(refused([](auto& c) { c.tenant.text = "a b"; }));
  EXPECT_TRUE(refused([](auto& c) { c.device.text = std::string(65, 'd'); }));
  EXPECT_TRUE(refused([](auto& c) { c.platform = "fridge"; }));
  EXPECT_TRUE(refused([](auto& c) { c.token_id = ""; }));
  EXPECT_TRUE(refused([](auto& c) { c.issuer = "somebody else"; }));
  EXPECT_TRUE(refused([](auto& c) { c.expires_s = c.issued_s; }));
}

TEST_F(TokenAuthorityTest, BadKeySetsAreRefusedAtTheStart) {
  const auto refusal_of = [](Options options) {
    const auto made = TokenAuthority::create(std::move(options));
    return made ? std::string("made") : made.error().message;
  };
  Options options = one_key();
  options.keys[0].secret = std::string(31, 's');
  EXPECT_EQ(refusal_of(options), "token keys: key 'k1': secret must have at least 32 bytes");
  options = one_key();
  options.keys[0].algorithm = "none";
  EXPECT_EQ(refusal_of(options), "token keys: key 'k1': unknown algorithm 'none'");
  options = one_key();
  options.keys.push_back(options.keys[0]);
  EXPECT_EQ(refusal_of(options), "token keys: key 'k1': is given twice");
  options = one_key();
  options.issuer = "";
  EXPECT_EQ(refusal_of(options), "token keys: issuer is empty");
  EXPECT_EQ(refusal_of({.issuer = "business"}), "token keys: there is none");
}

TEST(Base64UrlTest, HasOneSpellingForEveryText) {
  for (size_t size = 0; size < 50; ++size) {
    const std::string bytes(size, static_cast<char>(0xf0 + size % 16));
    EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
  }
  EXPECT_EQ(base64url("\xff\xfe\xfd"), "__79");
  for (const char* text : {"A", "AAAAA", "AA==", "AB", "AAB", "A A", "AA+A", "AA/A", "AAAA\n"}) {
    EXPECT_FALSE(from_base64url(text)) << text;
  }
}

}  // namespace
}  // namespace flare::jwt
