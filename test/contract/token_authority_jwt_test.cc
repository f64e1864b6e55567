#include "contract/token_authority_contract.h"
#include "flare/adapter/jwt/token_authority.h"

namespace flare::contract {
namespace {

std::unique_ptr<port::TokenAuthority> open(char secret) {
  return std::move(*jwt::TokenAuthority::create(
      {.keys = {{.id = "k1", .secret = std::string(32, secret)}}, .issuer = "flare-im-core"}));
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Jwt, TokenAuthorityContract,
                         testing::Values(TokenAuthorityBackend{.name = "jwt",
                                                               .open = [] { return open('s'); },
                                                               .other = [] { return open('t'); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace flare::contract
