#include "kit/http.h"

#include <stdexcept>

#include "kit/raw_socket.h"

namespace flare::kit {

HttpAnswer http_get(const std::string& address, const std::string& path) {
  try {
    RawSocket socket(address);
    socket.write("GET " + path + " HTTP/1.1\r\nHost: " + address + "\r\nConnection: close\r\n\r\n");
    std::string text;
    while (const auto more = socket.read_some(kPatience)) text += *more;
    const size_t space = text.find(' ');
    const size_t blank = text.find("\r\n\r\n");
    if (space == std::string::npos || blank == std::string::npos) return {};
    return {.status = std::stoi(text.substr(space + 1, 3)), .body = text.substr(blank + 4)};
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace flare::kit
