// What every TokenAuthority promises, whatever its tokens look like.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "flare/port/token_authority.h"

namespace flare::contract {

struct TokenAuthorityBackend {
  std::string name;
  std::function<std::unique_ptr<port::TokenAuthority>()> open;   // always with the same keys
  std::function<std::unique_ptr<port::TokenAuthority>()> other;  // with other keys
};

class TokenAuthorityContract : public testing::TestWithParam<TokenAuthorityBackend> {
 protected:
  static constexpr int64_t kNowSeconds = 1'800'000'000;
  static constexpr int64_t kNowMs = kNowSeconds * 1000;

  static model::TokenClaims claims() {
    return {.tenant = {"acme"},
            .user = {"ann"},
            .device = {"phone-1"},
            .platform = "ios",
            .issuer = "flare-im-core",
            .token_id = "t-1",
            .issued_s = kNowSeconds,
            .expires_s = kNowSeconds + 3600,
            .version = 3};
  }

  std::string issued(const model::TokenClaims& wanted = claims()) {
    Result<std::string> token = authority->issue(wanted);
    EXPECT_TRUE(token);
    return token.value_or("");
  }
  ErrorCode refusal(std::string_view token, int64_t now_ms = kNowMs) {
    Result<model::TokenClaims> checked = authority->check(token, now_ms);
    EXPECT_FALSE(checked);
    return checked ? ErrorCode::Internal : checked.error().code;
  }

  std::unique_ptr<port::TokenAuthority> authority = GetParam().open();
};

TEST_P(TokenAuthorityContract, AnIssuedTokenSaysWhatWasIssued) {
  const Result<model::TokenClaims> checked = authority->check(issued(), kNowMs);

  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->tenant.text, "acme");
  EXPECT_EQ(checked->user.text, "ann");
  EXPECT_EQ(checked->device.text, "phone-1");
  EXPECT_EQ(checked->platform, "ios");
  EXPECT_EQ(checked->token_id, "t-1");
  EXPECT_EQ(checked->expires_s, kNowSeconds + 3600);
  EXPECT_EQ(checked->version, 3u);
}

TEST_P(TokenAuthorityContract, ATokenOutlivesTheProcessThatIssuedIt) {
  EXPECT_TRUE(GetParam().open()->check(issued(), kNowMs));
}

TEST_P(TokenAuthorityContract, AnExpiredTokenIsRefused) {
  EXPECT_EQ(refusal(issued(), kNowMs + 2 * 3'600'000), ErrorCode::Unauthenticated);
}

TEST_P(TokenAuthorityContract, ATokenOfAnotherKeyIsRefused) {
  const Result<std::string> foreign = GetParam().other()->issue(claims());

  ASSERT_TRUE(foreign);
  EXPECT_EQ(refusal(*foreign), ErrorCode::Unauthenticated);
}

TEST_P(TokenAuthorityContract, NoByteOfATokenCanBeChanged) {
  const std::string token = issued();
  for (size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(refusal(forged), ErrorCode::Unauthenticated) << "byte " << i;
  }
}

TEST_P(TokenAuthorityContract, GarbageIsRefusedNotFatal) {
  const std::vector<std::string> tokens = {
      "", ".", "..", "a.b.c", std::string(100'000, 'a'), std::string("\0\xff", 2)};
  for (const std::string& garbage : tokens) {
    EXPECT_EQ(refusal(garbage), ErrorCode::Unauthenticated);
  }
}

TEST_P(TokenAuthorityContract, NothingIsIssuedWithoutAUser) {
  model::TokenClaims nobody = claims();
  nobody.user = {};

  const Result<std::string> token = authority->issue(nobody);

  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::InvalidArgument);
}

}  // namespace flare::contract
