// Socket addresses: parsed from "127.0.0.1:60051" or "[::1]:60051", kept small, written back.
#pragma once

#include <sys/socket.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "flare/base/result.h"

namespace flare::websocket {

// 18 bytes, since every idle connection holds one. IPv4 is kept as IPv6 has it, ::ffff:a.b.c.d.
struct Address {
  std::array<uint8_t, 16> host{};
  uint16_t port = 0;

  bool ipv4() const;
  std::string text() const;
  auto operator<=>(const Address&) const = default;
};

// Numbers only: a name may mean several addresses. Fails with InvalidArgument.
Result<Address> parse_address(std::string_view text);

Address from_socket(const sockaddr_storage& socket);

// The size of what was written.
socklen_t to_socket(const Address& address, sockaddr_storage& socket);

// Who is counted as one client: an IPv4 address, or an IPv6 /64, which one subscriber owns whole.
struct Origin {
  std::array<uint8_t, 16> host{};
  bool operator==(const Origin&) const = default;
};
Origin origin_of(const Address& address);

struct OriginHash {
  size_t operator()(const Origin& origin) const {
    return std::hash<std::string_view>{}(
        {reinterpret_cast<const char*>(origin.host.data()), origin.host.size()});
  }
};

}  // namespace flare::websocket
