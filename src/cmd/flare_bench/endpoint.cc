#include "cmd/flare_bench/endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr uint32_t kLoopbackNet = 127;

std::string to_text(uint32_t address) {
  const in_addr raw{htonl(address)};
  std::array<char, INET_ADDRSTRLEN> text{};
  inet_ntop(AF_INET, &raw, text.data(), text.size());
  return text.data();
}

sockaddr_in to_sockaddr(uint32_t address, uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  result.sin_addr.s_addr = htonl(address);
  return result;
}

void set_option(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

}  // namespace

std::string Endpoint::host() const { return to_text(address) + ':' + std::to_string(port); }

Endpoint parse_endpoint(std::string_view url) {
  constexpr std::string_view kScheme = "ws://";
  const std::string text(url);
  if (!url.starts_with(kScheme)) fail("url: " + text + " does not start with ws://");
  url.remove_prefix(kScheme.size());
  const size_t slash = url.find('/');
  const std::string_view authority = url.substr(0, slash);
  const size_t colon = authority.rfind(':');
  if (colon == std::string_view::npos) fail("url: " + text + " has no port");

  Endpoint endpoint;
  endpoint.path = slash == std::string_view::npos ? "/" : std::string(url.substr(slash));
  std::string host(authority.substr(0, colon));
  if (host == "localhost") host = "127.0.0.1";
  in_addr raw{};
  if (inet_pton(AF_INET, host.c_str(), &raw) != 1) {
    fail("url: " + text + ": the host must be localhost or an address in 127.0.0.0/8");
  }
  endpoint.address = ntohl(raw.s_addr);
  if (endpoint.address >> 24 != kLoopbackNet) {
    fail("url: " + text + " is not on this machine; the bench loads loopback addresses only");
  }
  const std::string_view port = authority.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
    fail("url: " + text + ": the port must be between 1 and 65535");
  }
  return endpoint;
}

int start_connect(const Endpoint& endpoint, uint32_t source) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail_errno("socket");
  set_option(fd, IPPROTO_TCP, TCP_NODELAY);
  set_option(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  // 127.1.0.1, 127.1.0.2, ... 127.1.1.1: never .0 or .255, and never the server's own 127.0.0.1.
  const uint32_t from = (kLoopbackNet << 24 | 1U << 16) + (source / 250 << 8) + 1 + source % 250;
  const sockaddr_in local = to_sockaddr(from, 0);
  const sockaddr_in remote = to_sockaddr(endpoint.address, endpoint.port);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) {
    close(fd);
    fail_errno("bind " + to_text(from));
  }
  if (connect(fd, reinterpret_cast<const sockaddr*>(&remote), sizeof remote) != 0 &&
      errno != EINPROGRESS) {
    close(fd);
    return -1;
  }
  return fd;
}

void require_descriptors(uint64_t needed) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) fail_errno("getrlimit");
  if (limit.rlim_max < needed) {
    fail("descriptors: this run needs " + std::to_string(needed) + ", the hard limit is " +
         std::to_string(limit.rlim_max) + "; use fewer --connections or several processes");
  }
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) fail_errno("setrlimit");
}

}  // namespace flare::bench
