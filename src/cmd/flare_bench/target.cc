#include "cmd/flare_bench/target.h"

#include <ctime>
#include <memory>
#include <random>

#include "cmd/flare_bench/failure.h"
#include "cmd/flare_bench/token.h"

namespace flare::bench {

Target to_server_target(const Options& options) {
  std::vector<Endpoint> endpoints;
  for (const std::string& url : options.urls) endpoints.push_back(parse_endpoint(url));
  if (options.token_key_file.empty()) fail("token key file: --token-key-file is needed");
  const TokenMinter minter = TokenMinter::from_file(options.token_key_file, options.token_key_id);
  auto random = std::make_shared<std::mt19937_64>(std::random_device{}());
  Target target{.name = "server",
                .durability = options.durability_class,
                .pids = options.server_pids,
                .pool = {}};
  target.pool.endpoints = std::move(endpoints);
  target.pool.token = [minter, random](uint32_t user) {
    return minter.mint(user_name(user), time(nullptr), (*random)());
  };
  return target;
}

Target to_floor_target(const Options& options, const std::string& url, pid_t pid) {
  Target target{.name = "floor",
                .durability = options.floor_unsynced ? "D0" : "D2",
                .pids = {pid},
                .pool = {}};
  target.pool.endpoints.push_back(parse_endpoint(url));
  target.pool.token = [](uint32_t) { return std::string("none"); };
  return target;
}

uint32_t draw_run() { return std::random_device{}(); }

LoginPlan to_login_plan(const Options& options) { return {.in_flight_max = options.login_window}; }

}  // namespace flare::bench
