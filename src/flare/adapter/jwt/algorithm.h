// Signature algorithms by their JWA names (RFC 7518). A further algorithm is a further row.
#pragma once

#include <string>
#include <string_view>

#include "flare/base/result.h"

namespace flare::jwt {

struct Algorithm {
  std::string_view name;
  Result<> (*check_key)(std::string_view key);
  std::string (*sign)(std::string_view key, std::string_view input);
  bool (*verify)(std::string_view key, std::string_view input, std::string_view signature);
};

// Null when there is none of this name; names are case-sensitive.
const Algorithm* find_algorithm(std::string_view name);

}  // namespace flare::jwt
