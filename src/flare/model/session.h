// Sessions: one device's login, and what its token says.
#pragma once

#include <cstdint>
#include <string>

#include "flare/model/ids.h"

namespace flare::model {

// What a verified token says about its bearer.
struct TokenClaims {
  TenantId tenant;        // tid
  UserId user;            // sub
  DeviceId device;        // did
  std::string platform;   // plt: ios android web windows macos linux mini bot
  std::string issuer;     // iss
  std::string token_id;   // jti
  int64_t issued_s = 0;   // iat, Unix seconds
  int64_t expires_s = 0;  // exp, Unix seconds
  uint64_t version = 0;   // ver
};

// The platforms a token may name.
bool known_platform(std::string_view platform);

// A session's name: unique as long as its gateway process lives, and gateway ids are unique for
// every start of a gateway.
struct SessionKey {
  std::string gateway;
  uint64_t session = 0;

  auto operator<=>(const SessionKey&) const = default;
};

struct Session {
  SessionKey key;
  UserId user;
  DeviceId device;
  std::string platform;
  int64_t login_ms = 0;  // Unix time
};

}  // namespace flare::model

template <>
struct std::hash<flare::model::SessionKey> {
  size_t operator()(const flare::model::SessionKey& key) const noexcept {
    return std::hash<std::string>{}(key.gateway) ^ (key.session * 0x9e3779b97f4a7c15ull);
  }
};
