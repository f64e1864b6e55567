// Where a server listens, and the sockets that reach it: loopback only, from many source addresses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flare::bench {

struct Endpoint {
  uint32_t address = 0;  // host byte order, inside 127.0.0.0/8
  uint16_t port = 0;
  std::string path;

  std::string host() const;  // "127.0.0.1:60051"
};

// Reads ws://host:port/path. Throws Failure for another scheme and for any host outside
// 127.0.0.0/8: a load generator that leaves the machine is a weapon.
Endpoint parse_endpoint(std::string_view url);

// A non-blocking socket whose connect() is under way. The source is the `source`-th loopback
// address, so that no address holds so many connections that finding a free port gets slow. -1:
// refused at once. Throws Failure when this machine has no socket or address to give.
int start_connect(const Endpoint& endpoint, uint32_t source);

// Raises the soft limit of descriptors to the hard one; throws Failure, naming both numbers, when
// `needed` is above it.
void require_descriptors(uint64_t needed);

}  // namespace flare::bench
