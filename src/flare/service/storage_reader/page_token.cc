#include "flare/service/storage_reader/page_token.h"

#include "flare/base/wire.h"

// The token is the lower-case hexadecimal form of a protobuf message:
//   1 kind, 2 after, 3 last_time_ms, 4 digest.

namespace flare::storage_reader {
namespace {

// The longest, of a single chat of two users with the longest names, has 330.
constexpr size_t kCharactersMax = 512;

constexpr std::string_view kDigits = "0123456789abcdef";

bool from_hex(std::string_view text, std::string& bytes) {
  if (text.size() % 2 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 2) {
    const size_t high = kDigits.find(text[i]);
    const size_t low = kDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes += static_cast<char>(high << 4 | low);
  }
  return true;
}

}  // namespace

std::string encode(const PageToken& token) {
  std::string bytes;
  wire::put_uint(bytes, 1, static_cast<uint64_t>(token.kind));
  wire::put_bytes(bytes, 2, token.after);
  wire::put_uint(bytes, 3, static_cast<uint64_t>(token.last_time_ms));
  wire::put_uint(bytes, 4, token.digest);

  std::string text;
  text.reserve(2 * bytes.size());
  for (const char c : bytes) {
    text += kDigits[static_cast<uint8_t>(c) >> 4];
    text += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return text;
}

Result<PageToken> decode_page_token(PageKind kind, std::string_view text) {
  const auto foreign = fail(ErrorCode::InvalidArgument, "page_token: not one of this list");
  std::string bytes;
  if (text.size() > kCharactersMax || !from_hex(text, bytes)) return foreign;

  PageToken token{.kind = {}, .after = {}};
  wire::Reader in(bytes);
  while (in.next()) {
    switch (in.field()) {
      case 1:
        token.kind = static_cast<PageKind>(in.uint());
        break;
      case 2:
        token.after = in.bytes();
        break;
      case 3:
        token.last_time_ms = static_cast<int64_t>(in.uint());
        break;
      case 4:
        token.digest = in.uint();
        break;
      default:
        return foreign;
    }
  }
  if (!in.ok() || token.kind != kind || token.after.empty()) return foreign;
  return token;
}

}  // namespace flare::storage_reader
