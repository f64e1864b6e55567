// Makes the tokens clients log in with: JWTs signed with HS256.
//
// Belongs on a server that knows the key: a product's own login service, a test, a command-line
// tool. A client that holds the key can be anybody.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace flare::sdk {

struct TokenClaims {
  std::string user_id;
  std::string device_id;
  std::string platform = "linux";  // ios, android, web, windows, macos, linux, mini, bot
  std::string tenant_id = "default";
  std::string issuer = "flare-im-core";
  std::chrono::seconds ttl = std::chrono::hours(1);  // negative: a token that expired
  std::string token_id;                              // jti; empty: a random one
  int64_t version = 0;                               // ver: raised to revoke all older tokens
};

struct SigningKey {
  std::string id;      // kid: how the server finds the key
  std::string secret;  // the key's bytes, at least 32
};

// A signed token, valid from now on.
std::string mint_token(const TokenClaims& claims, const SigningKey& key);

// RFC 4648 base64url without padding, the alphabet of tokens.
std::string base64url(const std::string& bytes);

}  // namespace flare::sdk
