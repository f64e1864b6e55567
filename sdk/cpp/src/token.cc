#include "flare/sdk/token.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdio>
#include <string_view>

#include "flare/sdk/client.h"

namespace flare::sdk {
namespace {

// RFC 8259 section 7: quotes, backslashes and control characters may not stand bare.
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string hmac_sha256(const std::string& secret, const std::string& text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned digest_bytes = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &digest_bytes);
  return {reinterpret_cast<const char*>(digest), digest_bytes};
}

}  // namespace

std::string base64url(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  while (out.ends_with('=')) out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

std::string mint_token(const TokenClaims& claims, const SigningKey& key) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  // A token that expired was also issued in the past, or its life would be negative.
  const auto issued = claims.ttl.count() < 0 ? now + 2 * claims.ttl : now;
  const std::string header = R"({"alg":"HS256","typ":"JWT","kid":)" + quoted(key.id) + "}";
  const std::string payload =
      "{\"sub\":" + quoted(claims.user_id) + ",\"tid\":" + quoted(claims.tenant_id) +
      ",\"did\":" + quoted(claims.device_id) + ",\"plt\":" + quoted(claims.platform) +
      ",\"iss\":" + quoted(claims.issuer) + ",\"iat\":" + std::to_string(issued.count()) +
      ",\"exp\":" + std::to_string((now + claims.ttl).count()) +
      ",\"jti\":" + quoted(claims.token_id.empty() ? random_id() : claims.token_id) +
      ",\"ver\":" + std::to_string(claims.version) + "}";
  const std::string signed_part = base64url(header) + "." + base64url(payload);
  return signed_part + "." + base64url(hmac_sha256(key.secret, signed_part));
}

}  // namespace flare::sdk
