#include <fcntl.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "flare/adapter/jwt/token_authority.h"
#include "flare/app/plan.h"

namespace flare::app {
namespace {

constexpr size_t kSecretBytes = 32;

bool on_loopback(std::string_view address) {
  return address.starts_with("127.") || address.starts_with("[::1]") ||
         address.starts_with("localhost:");
}

Result<std::string> random_secret() {
  std::array<unsigned char, kSecretBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail(ErrorCode::Unavailable, "the system gives no random bytes");
  }
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

// Made at the first start and kept, so that tokens survive a restart. Readable by the owner only.
Result<std::string> kept_secret(const std::string& path) {
  std::ifstream kept(path);
  if (kept) {
    std::ostringstream text;
    text << kept.rdbuf();
    std::string secret = text.str();
    while (!secret.empty() && secret.back() == '\n') secret.pop_back();
    return secret;
  }
  Result<std::string> secret = random_secret();
  if (!secret) return secret;
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  const std::string line = *secret + "\n";
  const bool written =
      file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (!written) return fail(ErrorCode::Unavailable, path + ": " + std::strerror(error));
  return secret;
}

}  // namespace

Result<> add_tokens(Plan& plan) {
  const TokenSettings& settings = plan.settings.token;
  std::string secret = settings.secret;
  if (secret.empty()) {
    if (!on_loopback(plan.settings.access_gateway.listen) ||
        !on_loopback(plan.settings.admin.listen)) {
      return fail(ErrorCode::InvalidArgument,
                  "token.secret is not set; it must be, when access_gateway.listen or admin.listen "
                  "is not a loopback address. Make one with: openssl rand -hex 32");
    }
    Result<std::string> kept = kept_secret(plan.settings.top.data_dir + "/token.key");
    if (!kept) return fail(std::move(kept).error());
    secret = std::move(*kept);
    plan.demo_tokens = true;
  }
  Result<std::unique_ptr<jwt::TokenAuthority>> created = jwt::TokenAuthority::create(
      {.keys = {{.id = settings.key_id, .secret = std::move(secret), .tenant = {settings.tenant}}},
       .issuer = settings.issuer});
  if (!created) return fail(std::move(created).error().during("token"));
  plan.tokens = &plan.adopt(std::move(*created));
  return {};
}

Result<std::string> Plan::demo_token(std::string_view user, std::string_view device) const {
  if (Result<> valid = model::check_id("user", user); !valid) return fail(valid.error());
  if (Result<> valid = model::check_id("device", device); !valid) return fail(valid.error());
  Result<std::string> token_id = random_secret();
  if (!token_id) return token_id;
  const int64_t now_s = clock.wall_ms() / 1000;
  const auto ttl = std::chrono::duration_cast<std::chrono::seconds>(settings.token.ttl);
  return tokens->issue({.tenant = {settings.token.tenant},
                        .user = {std::string(user)},
                        .device = {std::string(device)},
                        .platform = "web",
                        .issuer = settings.token.issuer,
                        .token_id = token_id->substr(0, 32),
                        .issued_s = now_s,
                        .expires_s = now_s + ttl.count()});
}

}  // namespace flare::app
