#include "flare/sdk/token.h"

#include <cstdio>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {

ExitCode mint_token(const Settings& settings, const MintToken& command) {
  if (settings.user_id.empty()) return misuse("--user is missing", "whom shall the token be for?");
  if (settings.key_file.empty()) {
    return misuse("--key-file is missing",
                  "the demo server writes its key to <data directory>/token.key");
  }
  const auto secret = read_secret(settings.key_file);
  if (!secret) return misuse("cannot read the key file " + settings.key_file);

  sdk::TokenClaims claims;
  claims.user_id = settings.user_id;
  claims.device_id = settings.device_id.empty() ? "cli" : settings.device_id;
  claims.platform = command.platform;
  claims.tenant_id = settings.tenant_id;
  claims.ttl = command.ttl;
  const std::string token = sdk::mint_token(claims, {.id = settings.key_id, .secret = *secret});
  if (settings.json) {
    std::printf("{\"token\":%s}\n", json_text(token).c_str());
  } else {
    std::printf("%s\n", token.c_str());
  }
  return ExitCode::Ok;
}

}  // namespace flare::cli
