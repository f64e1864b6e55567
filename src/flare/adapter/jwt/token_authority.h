// The TokenAuthority of JSON Web Tokens (RFC 7519, docs/reference/tokens.md): HS256, keys chosen by
// `kid`.
//
// A key has one algorithm, and a token that names another is refused, `none` above all. Knows
// nothing of revocation or sessions: those are the gateway's.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "flare/port/token_authority.h"

namespace flare::jwt {

struct Key {
  std::string id;                   // `kid`
  std::string algorithm = "HS256";  // the only one tokens of this key may name
  std::string secret;               // at least 32 bytes, as RFC 7518 demands of HS256
  TenantId tenant;                  // whose tokens it may sign; empty: any tenant's
};

struct Options {
  // A token without `kid` is checked only when there is exactly one key. issue() signs with the
  // first key that may sign for the tenant, so a new key is added behind the old one, and moves to
  // the front once every node has it.
  std::vector<Key> keys;

  std::string issuer;  // `iss` must be this

  // A token with `aud` must name this; one without `aud` passes. Empty: tokens with `aud` are
  // refused.
  std::string audience;

  // How far the clocks of issuers may be from ours.
  std::chrono::seconds clock_skew{60};
};

class TokenAuthority final : public port::TokenAuthority {
 public:
  // Fails with InvalidArgument: no key, two of one id, an unknown algorithm, a short secret, no
  // issuer.
  static Result<std::unique_ptr<TokenAuthority>> create(Options options);

  Result<model::TokenClaims> check(std::string_view token, int64_t now_ms) const override;
  Result<std::string> issue(const model::TokenClaims& claims) const override;

 private:
  explicit TokenAuthority(Options options) : options_(std::move(options)) {}

  const Key* find_key(std::string_view id) const;
  Result<> check_times(const model::TokenClaims& claims, int64_t not_before_s,
                       int64_t now_ms) const;

  // Constant after construction.
  const Options options_;
};

}  // namespace flare::jwt
