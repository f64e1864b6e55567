// Upgrade requests from nobody in particular: each gets one whole answer, and only what is said in
// the rules is accepted.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "flare/transport/websocket/upgrade.h"

namespace {

void require(bool good) {
  if (!good) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace flare::websocket;
  static const UpgradeRules rules{.origins = {"https://chat.example"}};
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t bytes = upgrade_bytes(input);
  if (bytes == 0) return 0;

  const UpgradeAnswer answer = answer_upgrade(input.substr(0, bytes), rules);

  require(answer.accepted == answer.response.starts_with("HTTP/1.1 101 "));
  require(answer.response.find("\r\n\r\n") != std::string::npos);
  require(!answer.accepted || input.starts_with("GET /ws"));
  return 0;
}
