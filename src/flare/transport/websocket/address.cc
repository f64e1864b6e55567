#include "flare/transport/websocket/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace flare::websocket {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::unexpected<Error> malformed(std::string_view text) {
  return fail(ErrorCode::InvalidArgument,
              "address \"" + std::string(text) + "\" is not like 127.0.0.1:60051 or [::1]:60051");
}

}  // namespace

bool Address::ipv4() const { return std::equal(kMapped.begin(), kMapped.end(), host.begin()); }

std::string Address::text() const {
  char name[INET6_ADDRSTRLEN] = {};
  if (ipv4()) {
    inet_ntop(AF_INET, host.data() + kMapped.size(), name, sizeof name);
    return std::string(name) + ":" + std::to_string(port);
  }
  inet_ntop(AF_INET6, host.data(), name, sizeof name);
  return "[" + std::string(name) + "]:" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  std::string host(text.substr(0, colon));
  const std::string_view port = text.substr(colon + 1);

  Address address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) return malformed(text);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (inet_pton(AF_INET6, host.c_str(), address.host.data()) != 1) return malformed(text);
    return address;
  }
  std::copy(kMapped.begin(), kMapped.end(), address.host.begin());
  if (inet_pton(AF_INET, host.c_str(), address.host.data() + kMapped.size()) != 1) {
    return malformed(text);
  }
  return address;
}

Address from_socket(const sockaddr_storage& socket) {
  Address address;
  if (socket.ss_family == AF_INET) {
    sockaddr_in four{};
    std::memcpy(&four, &socket, sizeof four);
    std::copy(kMapped.begin(), kMapped.end(), address.host.begin());
    std::memcpy(address.host.data() + kMapped.size(), &four.sin_addr, 4);
    address.port = ntohs(four.sin_port);
  } else {
    sockaddr_in6 six{};
    std::memcpy(&six, &socket, sizeof six);
    std::memcpy(address.host.data(), &six.sin6_addr, 16);
    address.port = ntohs(six.sin6_port);
  }
  return address;
}

socklen_t to_socket(const Address& address, sockaddr_storage& socket) {
  socket = {};
  if (address.ipv4()) {
    sockaddr_in four{};
    four.sin_family = AF_INET;
    four.sin_port = htons(address.port);
    std::memcpy(&four.sin_addr, address.host.data() + kMapped.size(), 4);
    std::memcpy(&socket, &four, sizeof four);
    return sizeof four;
  }
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(address.port);
  std::memcpy(&six.sin6_addr, address.host.data(), 16);
  std::memcpy(&socket, &six, sizeof six);
  return sizeof six;
}

Origin origin_of(const Address& address) {
  Origin origin{address.host};
  if (!address.ipv4()) std::fill(origin.host.begin() + 8, origin.host.end(), uint8_t{0});
  return origin;
}

}  // namespace flare::websocket
