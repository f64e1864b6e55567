// FakeTokens: a token is "tenant/user/device", and everybody who has one is let in.
#pragma once

#include <string>

#include "flare/port/token_authority.h"

namespace flare {

class FakeTokens final : public port::TokenAuthority {
 public:
  Result<model::TokenClaims> check(std::string_view token, int64_t) const override {
    const size_t first = token.find('/');
    const size_t second = first == token.npos ? first : token.find('/', first + 1);
    if (second == token.npos) return fail(ErrorCode::Unauthenticated, "token is malformed");
    model::TokenClaims claims;
    claims.tenant.text = token.substr(0, first);
    claims.user.text = token.substr(first + 1, second - first - 1);
    claims.device.text = token.substr(second + 1);
    claims.platform = "web";
    return claims;
  }

  Result<std::string> issue(const model::TokenClaims& claims) const override {
    return claims.tenant.text + '/' + claims.user.text + '/' + claims.device.text;
  }
};

}  // namespace flare
