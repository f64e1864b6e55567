// TokenAuthority: checks and issues the tokens clients log in with (JWT, docs/reference/tokens.md).
//
// Adapter: jwt, which passes test/contract/token_authority_contract.h. Any thread may call; nothing
// waits.
#pragma once

#include <string>
#include <string_view>

#include "flare/base/result.h"
#include "flare/model/session.h"

namespace flare::port {

class TokenAuthority {
 public:
  virtual ~TokenAuthority() = default;

  // The claims of a token that is signed by a known key with that key's algorithm, not expired,
  // already valid and from the expected issuer. Otherwise Unauthenticated, saying which of these
  // failed, never more.
  virtual Result<model::TokenClaims> check(std::string_view token, int64_t now_ms) const = 0;

  // Fails with InvalidArgument when a claim is missing or malformed.
  virtual Result<std::string> issue(const model::TokenClaims& claims) const = 0;
};

}  // namespace flare::port
