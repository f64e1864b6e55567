// The small change of HTTP and JSON: comparing, decoding, quoting.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace flare::http {

// Without regard to case, ASCII only.
bool same_text(std::string_view a, std::string_view b);

// Nothing when an escape is malformed. `form`: a plus is a blank, as in queries.
std::optional<std::string> percent_decoded(std::string_view text, bool form = false);

// Whether a header may carry it: no control characters, which would end the header.
bool valid_header_value(std::string_view value);

// Whether If-None-Match, a list of ETags or "*", holds this ETag.
bool etag_listed(std::string_view list, std::string_view etag);

// {"error":{"code":"NOT_FOUND","message":"..."}}
std::string error_json(std::string_view code, std::string_view message);

}  // namespace flare::http
