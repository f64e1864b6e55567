// The little HTTP a test needs: one GET, one answer.
#pragma once

#include <string>

namespace flare::kit {

struct HttpAnswer {
  int status = 0;  // 0: nobody answered
  std::string body;
};

// `address` is host:port.
HttpAnswer http_get(const std::string& address, const std::string& path);

}  // namespace flare::kit
