// The parts of ws://host:port/path.
#pragma once

#include <string>

#include "flare/sdk/error.h"

namespace flare::sdk {

struct Url {
  std::string host;  // without the brackets of an IPv6 address
  std::string port;
  std::string path;

  std::string authority() const;  // "host:port", for the Host header and for people
};

// Without a port 80, without a path "/ws", where flare serves clients.
Result<Url> parse_url(const std::string& text);

}  // namespace flare::sdk
