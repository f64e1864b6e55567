#include "flare/adapter/jwt/token.h"

#include <rapidjson/encodedstream.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>

namespace flare::jwt {
namespace {

// Members of one object: ours are ten, the rest is an issuer's own.
constexpr size_t kMembersMax = 64;

// kid, jti and aud: more than any id system in use.
constexpr size_t kNameBytesMax = 128;

// Numbers that a double holds exactly; as a time, 285 million years.
constexpr int64_t kNumberMax = int64_t{1} << 53;

std::unexpected<Error> refuse(std::string why) {
  return fail(ErrorCode::Unauthenticated, std::move(why));
}

std::unexpected<Error> refuse_claim(std::string_view claim) {
  return refuse("claim " + std::string(claim) + " is missing or malformed");
}

// What stands behind a member's name, as far as a token's readers care.
struct Member {
  std::string name;
  std::optional<std::string> text;
  std::optional<double> number;
  std::optional<std::vector<std::string>> texts;  // an array of nothing but strings
};

// An escape can spell half of a surrogate pair, which is no character and has no UTF-8. RapidJSON
// writes it as the three bytes it would have.
bool holds_half_a_pair(std::string_view text) {
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (static_cast<uint8_t>(text[i]) == 0xed && static_cast<uint8_t>(text[i + 1]) >= 0xa0) {
      return true;
    }
  }
  return false;
}

// Keeps the members of the outermost object; what is nested deeper is read over.
class Object : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Object> {
 public:
  bool StartObject() { return open(false); }
  bool StartArray() { return open(true); }
  bool EndObject(rapidjson::SizeType) { return --depth_, true; }
  bool EndArray(rapidjson::SizeType) { return --depth_, true; }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    if (holds_half_a_pair({text, size})) return false;
    if (depth_ > 1) return true;
    if (members_.size() == kMembersMax || find({text, size}) != nullptr) return false;
    members_.push_back({.name = std::string(text, size)});
    return true;
  }
  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (holds_half_a_pair({text, size})) return false;
    if (depth_ == 1) members_.back().text.emplace(text, size);
    if (depth_ == 2 && members_.back().texts) members_.back().texts->emplace_back(text, size);
    return depth_ > 0;
  }
  bool Int(int value) { return Double(value); }
  bool Uint(unsigned value) { return Double(value); }
  bool Int64(int64_t value) { return Double(static_cast<double>(value)); }
  bool Uint64(uint64_t value) { return Double(static_cast<double>(value)); }
  bool Double(double value) {
    if (depth_ == 1) members_.back().number = value;
    return other();
  }
  bool Null() { return other(); }
  bool Bool(bool) { return other(); }

  const Member* find(std::string_view name) const {
    for (const Member& member : members_) {
      if (member.name == name) return &member;
    }
    return nullptr;
  }

 private:
  bool open(bool array) {
    if (depth_ == 0 && array) return false;
    if (depth_ == 1 && array) members_.back().texts.emplace();
    if (depth_ == 2) members_.back().texts.reset();
    ++depth_;
    return true;
  }

  // A value that is no string.
  bool other() {
    if (depth_ == 2) members_.back().texts.reset();
    return depth_ > 0;
  }

  size_t depth_ = 0;
  std::vector<Member> members_;
};

Result<Object> parse(std::string_view json) {
  // Iterative: nesting takes memory, not stack.
  constexpr unsigned kFlags =
      rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;
  Object object;
  rapidjson::Reader reader;
  rapidjson::MemoryStream bytes(json.data(), json.size());
  rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> in(bytes);
  if (reader.Parse<kFlags>(in, object).IsError()) return refuse("not a JSON object");
  return object;
}

Result<std::string> text(const Object& object, std::string_view name) {
  const Member* member = object.find(name);
  if (member == nullptr || !member->text) return refuse_claim(name);
  return *member->text;
}

// NumericDate may have a fraction; what is left of it is dropped.
Result<int64_t> number(const Object& object, std::string_view name,
                       std::optional<int64_t> absent = {}) {
  const Member* member = object.find(name);
  if (member == nullptr && absent) return *absent;
  if (member == nullptr || !member->number) return refuse_claim(name);
  const double value = *member->number;
  if (!(value >= 0 && value <= static_cast<double>(kNumberMax))) return refuse_claim(name);
  return static_cast<int64_t>(value);
}

bool printable(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7f; });
}

// A string or an array of strings.
Result<std::optional<std::vector<std::string>>> audience(const Object& object) {
  const Member* member = object.find("aud");
  if (member == nullptr) return std::nullopt;
  if (member->text) return std::vector{*member->text};
  if (member->texts) return *member->texts;
  return refuse_claim("aud");
}

}  // namespace

Result<Header> decode_header(std::string_view json) {
  const Result<Object> object = parse(json);
  if (!object) return refuse("header: " + object.error().message);
  // Extensions the reader must understand; we understand none.
  if (object->find("crit") != nullptr) return refuse("header: unknown extensions");
  const Member* algorithm = object->find("alg");
  if (algorithm == nullptr || !algorithm->text) return refuse("header: no algorithm");
  Header header{.algorithm = *algorithm->text};
  if (const Member* key = object->find("kid")) {
    if (!key->text || !printable(*key->text)) return refuse("header: malformed key id");
    header.key = *key->text;
  }
  return header;
}

Result<Payload> decode_payload(std::string_view json) {
  const Result<Object> parsed = parse(json);
  if (!parsed) return refuse("claims: " + parsed.error().message);
  const Object& object = *parsed;
  Payload payload;
  model::TokenClaims& claims = payload.claims;
  const std::pair<const char*, std::string*> texts[] = {
      {"tid", &claims.tenant.text}, {"sub", &claims.user.text}, {"did", &claims.device.text},
      {"plt", &claims.platform},    {"iss", &claims.issuer},    {"jti", &claims.token_id},
  };
  for (const auto& [name, target] : texts) {
    Result<std::string> value = text(object, name);
    if (!value) return fail(std::move(value).error());
    *target = std::move(*value);
  }
  const auto issued = number(object, "iat");
  if (!issued) return fail(issued.error());
  const auto expires = number(object, "exp");
  if (!expires) return fail(expires.error());
  const auto version = number(object, "ver", 0);
  if (!version) return fail(version.error());
  const auto not_before = number(object, "nbf", 0);
  if (!not_before) return fail(not_before.error());
  auto names = audience(object);
  if (!names) return fail(std::move(names).error());

  claims.issued_s = *issued;
  claims.expires_s = *expires;
  claims.version = static_cast<uint64_t>(*version);
  payload.not_before_s = *not_before;
  payload.audience = std::move(*names);
  if (Result<> checked = check_claims(claims, ErrorCode::Unauthenticated); !checked) {
    return fail(std::move(checked).error());
  }
  return payload;
}

Result<> check_claims(const model::TokenClaims& claims, ErrorCode code) {
  const auto refuse_it = [code](std::string_view claim) {
    return fail(code, "claim " + std::string(claim) + " is missing or malformed");
  };
  if (!model::check_id("tid", claims.tenant.text)) return refuse_it("tid");
  if (!model::check_id("sub", claims.user.text)) return refuse_it("sub");
  if (!model::check_id("did", claims.device.text)) return refuse_it("did");
  if (!model::known_platform(claims.platform)) return refuse_it("plt");
  if (claims.issuer.empty()) return refuse_it("iss");
  if (!printable(claims.token_id)) return refuse_it("jti");
  if (claims.issued_s < 0 || claims.issued_s > kNumberMax) return refuse_it("iat");
  if (claims.expires_s <= claims.issued_s || claims.expires_s > kNumberMax) return refuse_it("exp");
  if (claims.version > static_cast<uint64_t>(kNumberMax)) return refuse_it("ver");
  return {};
}

std::string encode_header(const Header& header) {
  rapidjson::StringBuffer out;
  rapidjson::Writer writer(out);
  writer.StartObject();
  writer.Key("alg");
  writer.String(header.algorithm.c_str());
  writer.Key("typ");
  writer.String("JWT");
  writer.Key("kid");
  writer.String(header.key.c_str());
  writer.EndObject();
  return {out.GetString(), out.GetSize()};
}

std::string encode_payload(const model::TokenClaims& claims) {
  rapidjson::StringBuffer out;
  rapidjson::Writer writer(out);
  const std::pair<const char*, const std::string&> texts[] = {
      {"iss", claims.issuer},      {"sub", claims.user.text}, {"tid", claims.tenant.text},
      {"did", claims.device.text}, {"plt", claims.platform},  {"jti", claims.token_id},
  };
  writer.StartObject();
  for (const auto& [name, value] : texts) {
    writer.Key(name);
    writer.String(value.data(), static_cast<rapidjson::SizeType>(value.size()));
  }
  writer.Key("iat");
  writer.Int64(claims.issued_s);
  writer.Key("exp");
  writer.Int64(claims.expires_s);
  writer.Key("ver");
  writer.Uint64(claims.version);
  writer.EndObject();
  return {out.GetString(), out.GetSize()};
}

}  // namespace flare::jwt
