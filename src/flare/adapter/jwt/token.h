// The two JSON objects of a token, decoded and encoded; no rule beyond their form.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flare/base/result.h"
#include "flare/model/session.h"

namespace flare::jwt {

struct Header {
  std::string algorithm;  // alg
  std::string key;        // kid; empty when absent
};

struct Payload {
  model::TokenClaims claims;
  int64_t not_before_s = 0;                          // nbf; 0 when absent
  std::optional<std::vector<std::string>> audience;  // aud
};

// Both fail with Unauthenticated and name the member that is missing or malformed. An object with
// Both fail with Unauthenticated and name the member that is missing or malformed. An object with
// the same member twice is refused: two readers could take different ones for true.
Result<Header> decode_header(std::string_view json);
Result<Payload> decode_payload(std::string_view json);

std::string encode_header(const Header& header);
std::string encode_payload(const model::TokenClaims& claims);

// Fails with `code` naming the claim.
Result<> check_claims(const model::TokenClaims& claims, ErrorCode code);

}  // namespace flare::jwt
