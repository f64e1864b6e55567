#include "url.h"

#include <algorithm>
#include <string_view>

namespace flare::sdk {
namespace {

std::unexpected<Error> bad(const std::string& text, const std::string& why) {
  return std::unexpected(Error{.failure = Failure::CannotConnect,
                               .code = ErrorCode::InvalidArgument,
                               .message = "url '" + text + "': " + why,
                               .retry = false,
                               .retry_after = {}});
}

}  // namespace

std::string Url::authority() const {
  return (host.contains(':') ? "[" + host + "]" : host) + ":" + port;
}

Result<Url> parse_url(const std::string& text) {
  constexpr std::string_view kScheme = "ws://";
  if (text.starts_with("wss://")) {
    return bad(text, "this library does not speak TLS; use a tunnel or a proxy that does");
  }
  if (!text.starts_with(kScheme)) return bad(text, "must start with ws://");
  std::string rest = text.substr(kScheme.size());

  Url url{.host = {}, .port = "80", .path = "/ws"};
  if (const size_t slash = rest.find('/'); slash != std::string::npos) {
    url.path = rest.substr(slash);
    rest.resize(slash);
  }
  const size_t bracket = rest.find(']');
  const size_t colon = rest.rfind(':');
  if (colon != std::string::npos && (bracket == std::string::npos || colon > bracket)) {
    url.port = rest.substr(colon + 1);
    rest.resize(colon);
  }
  url.host = rest.starts_with('[') && rest.ends_with(']') ? rest.substr(1, rest.size() - 2) : rest;
  if (url.host.empty()) return bad(text, "has no host");
  if (url.port.empty() ||
      !std::ranges::all_of(url.port, [](char c) { return c >= '0' && c <= '9'; })) {
    return bad(text, "port must be a number");
  }
  return url;
}

}  // namespace flare::sdk
