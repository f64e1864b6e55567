// The token decoder, which reads what anybody sends before he is known. The first byte chooses what
// the rest is: a whole token, or one of its JSON objects, which a random signature would hide.
#include <cstdlib>

#include "flare/adapter/jwt/base64url.h"
#include "flare/adapter/jwt/token.h"
#include "flare/adapter/jwt/token_authority.h"

namespace {

using namespace flare;

const jwt::TokenAuthority& authority() {
  static const auto made = jwt::TokenAuthority::create(
      {.keys = {{.id = "k1", .secret = std::string(32, 's')}}, .issuer = "business"});
  return **made;
}

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 4) {
    case 0: {
      const auto checked = authority().check(text, 1'700'000'000'000);
      require(checked || checked.error().code == ErrorCode::Unauthenticated);
      break;
    }
    case 1: {
      const auto header = jwt::decode_header(text);
      require(header || header.error().code == ErrorCode::Unauthenticated);
      break;
    }
    case 2: {
      const auto payload = jwt::decode_payload(text);
      if (!payload) break;
      // What is accepted can be written, and reads the same.
      const auto again = jwt::decode_payload(jwt::encode_payload(payload->claims));
      require(again && again->claims.user == payload->claims.user &&
              again->claims.token_id == payload->claims.token_id &&
              again->claims.expires_s == payload->claims.expires_s);
      break;
    }
    default: {
      const auto bytes = jwt::from_base64url(text);
      require(!bytes || jwt::base64url(*bytes) == text);
      break;
    }
  }
  return 0;
}
