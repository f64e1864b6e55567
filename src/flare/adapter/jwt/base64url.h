// base64url without padding (RFC 7515, appendix C).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flare::jwt {

std::string base64url(std::string_view bytes);

// Nothing unless `text` is exactly what base64url() makes of some bytes: padding, white space,
// other characters and stray bits are refused, so a token has one spelling.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace flare::jwt
