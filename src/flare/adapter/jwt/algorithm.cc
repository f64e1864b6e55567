#include "flare/adapter/jwt/algorithm.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace flare::jwt {
namespace {

// RFC 7518, 3.2: a key of the hash's size or larger. A shorter one can be guessed from one token.
constexpr size_t kHs256KeyBytesMin = 32;

Result<> check_hs256_key(std::string_view key) {
  if (key.size() >= kHs256KeyBytesMin) return {};
  return fail(ErrorCode::InvalidArgument, "secret must have at least 32 bytes");
}

std::string sign_hs256(std::string_view key, std::string_view input) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data(), &size);
  return {reinterpret_cast<const char*>(digest.data()), size};
}

bool verify_hs256(std::string_view key, std::string_view input, std::string_view signature) {
  const std::string expected = sign_hs256(key, input);
  // In constant time: how many bytes match must not show in how long it takes.
  return expected.size() == signature.size() && !expected.empty() &&
         CRYPTO_memcmp(expected.data(), signature.data(), expected.size()) == 0;
}

constexpr std::array kAlgorithms = {
    Algorithm{"HS256", check_hs256_key, sign_hs256, verify_hs256},
};

}  // namespace

const Algorithm* find_algorithm(std::string_view name) {
  for (const Algorithm& algorithm : kAlgorithms) {
    if (algorithm.name == name) return &algorithm;
  }
  return nullptr;
}

}  // namespace flare::jwt
