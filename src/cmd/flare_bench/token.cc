#include "cmd/flare_bench/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr std::string_view kNamePrefix = "bench-";
constexpr int64_t kDay = 24 * 60 * 60;

std::string base64url(std::string_view bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  while (text.ends_with('=')) text.pop_back();
  for (char& c : text) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return text;
}

}  // namespace

std::string user_name(uint32_t user) {
  std::array<char, 24> name{};
  const int size = std::snprintf(name.data(), name.size(), "bench-%06u", user);
  return {name.data(), static_cast<size_t>(size)};
}

uint32_t user_number(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return UINT32_MAX;
  name.remove_prefix(kNamePrefix.size());
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc{} && end == name.data() + name.size() ? number : UINT32_MAX;
}

TokenMinter::TokenMinter(std::string secret, std::string key_id) : secret_(std::move(secret)) {
  std::string header = R"({"alg":"HS256","typ":"JWT")";
  if (!key_id.empty()) header += R"(,"kid":")" + key_id + '"';
  header_ = base64url(header + '}');
}

TokenMinter TokenMinter::from_file(const std::string& path, const std::string& key_id) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("token key file: cannot read " + path);
  std::string secret{std::istreambuf_iterator<char>(file), {}};
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  if (secret.empty()) fail("token key file: " + path + " is empty");
  return {std::move(secret), key_id};
}

std::string TokenMinter::mint(std::string_view user_id, int64_t now_unix_s, uint64_t random) const {
  std::array<char, 384> claims{};
  const int size = std::snprintf(
      claims.data(), claims.size(),
      R"({"iss":"flare-im-core","sub":"%.*s","tid":"default","did":"d1","plt":"linux",)"
      R"("iat":%lld,"exp":%lld,"jti":"%016llx","ver":0})",
      static_cast<int>(user_id.size()), user_id.data(), static_cast<long long>(now_unix_s),
      static_cast<long long>(now_unix_s + kDay), static_cast<unsigned long long>(random));
  std::string token = header_ + '.' + base64url({claims.data(), static_cast<size_t>(size)});

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  HMAC(EVP_sha256(), secret_.data(), static_cast<int>(secret_.size()),
       reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data(),
       &digest_size);
  token += '.';
  token += base64url({reinterpret_cast<const char*>(digest.data()), digest_size});
  return token;
}

}  // namespace flare::bench
