#include "flare/adapter/jwt/token_authority.h"

#include <algorithm>
#include <set>

#include "flare/adapter/jwt/algorithm.h"
#include "flare/adapter/jwt/base64url.h"
#include "flare/adapter/jwt/token.h"

namespace flare::jwt {
namespace {

// Ten short claims make 400 bytes; the rest is room for an issuer's own. Checked before anything
// else, so an unauthenticated peer cannot make us work on more.
constexpr size_t kTokenBytesMax = 4096;

std::unexpected<Error> refuse(std::string_view why) {
  return fail(ErrorCode::Unauthenticated, "token: " + std::string(why));
}

// header.payload.signature, still encoded.
struct Parts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header.payload
};

std::optional<Parts> split(std::string_view token) {
  const size_t first = token.find('.');
  const size_t second = first == token.npos ? token.npos : token.find('.', first + 1);
  if (second == token.npos || token.find('.', second + 1) != token.npos) return {};
  return Parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
               token.substr(second + 1), token.substr(0, second)};
}

}  // namespace

Result<std::unique_ptr<TokenAuthority>> TokenAuthority::create(Options options) {
  const auto invalid = [](const std::string& why) {
    return fail(ErrorCode::InvalidArgument, "token keys: " + why);
  };
  if (options.keys.empty()) return invalid("there is none");
  if (options.issuer.empty()) return invalid("issuer is empty");
  if (options.clock_skew < std::chrono::seconds(0)) return invalid("clock_skew is negative");
  std::set<std::string> ids;
  for (const Key& key : options.keys) {
    const std::string name = "key '" + key.id + "': ";
    if (key.id.empty()) return invalid("a key has no id");
    if (!ids.insert(key.id).second) return invalid(name + "is given twice");
    const Algorithm* algorithm = find_algorithm(key.algorithm);
    if (algorithm == nullptr) return invalid(name + "unknown algorithm '" + key.algorithm + "'");
    if (Result<> checked = algorithm->check_key(key.secret); !checked) {
      return invalid(name + checked.error().message);
    }
  }
  return std::unique_ptr<TokenAuthority>(new TokenAuthority(std::move(options)));
}

// Cheap refusals first, the signature before anything of the payload is looked at.
Result<model::TokenClaims> TokenAuthority::check(std::string_view token, int64_t now_ms) const {
  if (token.size() > kTokenBytesMax) return refuse("too large");
  const std::optional<Parts> parts = split(token);
  if (!parts) return refuse("malformed");
  const auto header_json = from_base64url(parts->header);
  const auto signature = from_base64url(parts->signature);
  if (!header_json || !signature) return refuse("malformed");
  Result<Header> header = decode_header(*header_json);
  if (!header) return fail(std::move(header).error().during("token"));

  const Key* key = find_key(header->key);
  if (key == nullptr) return refuse("unknown key");
  if (header->algorithm != key->algorithm) return refuse("not the key's algorithm");
  if (!find_algorithm(key->algorithm)->verify(key->secret, parts->signed_text, *signature)) {
    return refuse("bad signature");
  }

  const auto payload_json = from_base64url(parts->payload);
  if (!payload_json) return refuse("malformed");
  Result<Payload> payload = decode_payload(*payload_json);
  if (!payload) return fail(std::move(payload).error().during("token"));
  const model::TokenClaims& claims = payload->claims;
  if (!key->tenant.empty() && claims.tenant != key->tenant) return refuse("key of another tenant");
  if (claims.issuer != options_.issuer) return refuse("unexpected issuer");
  if (payload->audience && std::ranges::count(*payload->audience, options_.audience) == 0) {
    return refuse("for another audience");
  }
  if (Result<> timely = check_times(claims, payload->not_before_s, now_ms); !timely) {
    return fail(std::move(timely).error());
  }
  return std::move(payload->claims);
}

Result<> TokenAuthority::check_times(const model::TokenClaims& claims, int64_t not_before_s,
                                     int64_t now_ms) const {
  const int64_t now_s = now_ms / 1000;
  const int64_t skew_s = options_.clock_skew.count();
  if (now_s >= claims.expires_s + skew_s) return refuse("expired");
  if (std::max(not_before_s, claims.issued_s) > now_s + skew_s) return refuse("not valid yet");
  return {};
}

Result<std::string> TokenAuthority::issue(const model::TokenClaims& claims) const {
  if (Result<> checked = check_claims(claims, ErrorCode::InvalidArgument); !checked) {
    return fail(std::move(checked).error().during("issue token"));
  }
  if (claims.issuer != options_.issuer) {
    return fail(ErrorCode::InvalidArgument, "issue token: unexpected issuer");
  }
  for (const Key& key : options_.keys) {
    if (!key.tenant.empty() && key.tenant != claims.tenant) continue;
    std::string token =
        base64url(encode_header({key.algorithm, key.id})) + '.' + base64url(encode_payload(claims));
    const std::string signature = find_algorithm(key.algorithm)->sign(key.secret, token);
    return token + '.' + base64url(signature);
  }
  return fail(ErrorCode::InvalidArgument,
              "issue token: no key may sign for tenant " + claims.tenant.text);
}

const Key* TokenAuthority::find_key(std::string_view id) const {
  if (id.empty()) return options_.keys.size() == 1 ? &options_.keys.front() : nullptr;
  for (const Key& key : options_.keys) {
    if (key.id == id) return &key;
  }
  return nullptr;
}

}  // namespace flare::jwt
