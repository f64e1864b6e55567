// Mints the tokens the bench logs in with: JWT, HS256, one a user.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace flare::bench {

// bench-000123: the name of user 123, the same in every scenario.
std::string user_name(uint32_t user);

// The number in a name made by user_name(); UINT32_MAX for any other name.
uint32_t user_number(std::string_view name);

class TokenMinter {
 public:
  TokenMinter(std::string secret, std::string key_id);

  // Reads the secret from the file and drops a trailing newline. Throws Failure.
  static TokenMinter from_file(const std::string& path, const std::string& key_id);

  std::string mint(std::string_view user_id, int64_t now_unix_s, uint64_t random) const;

 private:
  std::string secret_;
  std::string header_;  // encoded; the same for every token
};

}  // namespace flare::bench
