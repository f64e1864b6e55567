#include "flare/transport/websocket/upgrade.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <optional>

namespace flare::websocket {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool is_token_character(char c) {
  const bool alphanumeric = (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
  return alphanumeric || std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

bool is_visible(char c) { return c > ' ' && c < 0x7F; }

// Bytes above 0x7F are opaque but allowed in values; control characters are how requests are
// smuggled.
bool is_value_character(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte == '\t' || (byte >= ' ' && byte != 0x7F);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Takes the next item of a comma-separated list; nothing at its end.
std::optional<std::string_view> next_item(std::string_view& list) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = trimmed(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (!item.empty()) return item;
  }
  return std::nullopt;
}

bool lists(std::string_view list, std::string_view wanted) {
  while (std::optional<std::string_view> item = next_item(list)) {
    if (same_text(*item, wanted)) return true;
  }
  return false;
}

// Base64 of 16 bytes: 22 digits, of which the last has no spare bits, and two signs of padding.
bool is_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  const auto digit = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '+' || c == '/';
  };
  return std::ranges::all_of(key.substr(0, 22), digit) &&
         std::string_view("AQgw").contains(key[21]);
}

struct Request {
  std::string_view method;
  std::string_view path;
  std::optional<std::string_view> host, key, origin;
  std::string_view version;
  bool upgrade = false;     // Upgrade: websocket
  bool connection = false;  // Connection: upgrade
  bool offered = false;     // any subprotocol
  std::optional<api::FrameFormat> format;
};

using Problem = const char*;  // null: none

Problem put_once(std::optional<std::string_view>& place, std::string_view value, Problem problem) {
  if (place) return problem;
  place = value;
  return nullptr;
}

Problem take_subprotocols(Request& request, std::string_view list) {
  while (std::optional<std::string_view> item = next_item(list)) {
    if (!is_token(*item)) return "Sec-WebSocket-Protocol is malformed";
    request.offered = true;
    if (request.format) continue;
    if (*item == kProtobufSubprotocol) request.format = api::FrameFormat::Protobuf;
    if (*item == kJsonSubprotocol) request.format = api::FrameFormat::Json;
  }
  return nullptr;
}

Problem take_header(Request& request, std::string_view header, std::string_view value) {
  if (same_text(header, "host")) return put_once(request.host, value, "more than one Host");
  if (same_text(header, "origin")) return put_once(request.origin, value, "more than one Origin");
  if (same_text(header, "upgrade")) request.upgrade |= lists(value, "websocket");
  if (same_text(header, "connection")) request.connection |= lists(value, "upgrade");
  if (same_text(header, "sec-websocket-key")) {
    return put_once(request.key, value, "more than one Sec-WebSocket-Key");
  }
  if (same_text(header, "sec-websocket-version")) request.version = value;
  if (same_text(header, "sec-websocket-protocol")) return take_subprotocols(request, value);
  // A body would be read as frames.
  if (same_text(header, "transfer-encoding")) return "a request body is not expected";
  if (same_text(header, "content-length") && value != "0") return "a request body is not expected";
  return nullptr;
}

Problem parse_request_line(std::string_view line, Request& request) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return "malformed request line";
  const std::string_view target = line.substr(first + 1, last - first - 1);
  request.method = line.substr(0, first);
  request.path = target.substr(0, target.find('?'));
  if (!is_token(request.method)) return "malformed method";
  if (!target.starts_with('/') || !std::ranges::all_of(target, is_visible)) {
    return "malformed target";
  }
  if (line.substr(last + 1) != "HTTP/1.1") return "only HTTP/1.1 is spoken here";
  return nullptr;
}

Problem parse(std::string_view head, Request& request) {
  size_t end = head.find("\r\n");
  if (Problem problem = parse_request_line(head.substr(0, end), request)) return problem;
  for (size_t headers = 0;; ++headers) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    if (end == 0) break;
    if (end == std::string_view::npos) return "malformed header";
    if (headers == kUpgradeHeadersMax) return "too many headers";
    const std::string_view line = head.substr(0, end);
    const size_t colon = line.find(':');
    // No token holds a blank, so a folded line and a blank before the colon are refused here too.
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
        !std::ranges::all_of(line, is_value_character)) {
      return "malformed header";
    }
    const std::string_view value = trimmed(line.substr(colon + 1));
    if (Problem problem = take_header(request, line.substr(0, colon), value)) return problem;
  }
  return request.host ? nullptr : "Host is missing";
}

std::string bad_request(std::string_view problem) {
  return refusal("400 Bad Request", "", problem);
}

std::string subprotocols_wanted() {
  std::string text = "Sec-WebSocket-Protocol must offer ";
  text.append(kProtobufSubprotocol).append(" or ").append(kJsonSubprotocol);
  return text;
}

bool origin_allowed(const Request& request, const UpgradeRules& rules) {
  if (rules.origins.empty() || !request.origin) return true;  // only browsers send one
  return std::ranges::any_of(
      rules.origins, [&](const std::string& origin) { return same_text(origin, *request.origin); });
}

// Empty when the request may be upgraded.
std::string refusal_of(const Request& request, const UpgradeRules& rules) {
  if (request.path != rules.path) {
    return refusal("404 Not Found", "", "nothing here; the WebSocket is at " + rules.path);
  }
  if (request.method != "GET") {
    return refusal("405 Method Not Allowed", "Allow: GET\r\n", "a WebSocket is opened with GET");
  }
  if (!request.upgrade || !request.connection) {
    return refusal("426 Upgrade Required", "Upgrade: websocket\r\n",
                   "this is a WebSocket; " + subprotocols_wanted());
  }
  if (request.version != "13") {
    return refusal("426 Upgrade Required", "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n",
                   "Sec-WebSocket-Version must be 13");
  }
  if (!request.key || !is_key(*request.key)) return bad_request("Sec-WebSocket-Key is malformed");
  if (!origin_allowed(request, rules)) {
    return refusal("403 Forbidden", "", "this origin may not connect");
  }
  if (!request.format) return bad_request(subprotocols_wanted());
  return {};
}

}  // namespace

size_t upgrade_bytes(std::string_view input, size_t searched) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const size_t from = searched < kEnd.size() ? 0 : searched - (kEnd.size() - 1);
  const size_t end = input.find(kEnd, from);
  return end == std::string_view::npos ? 0 : end + kEnd.size();
}

UpgradeAnswer answer_upgrade(std::string_view head, const UpgradeRules& rules) {
  Request request;
  UpgradeAnswer answer;
  if (Problem problem = parse(head, request)) {
    answer.response = bad_request(problem);
    return answer;
  }
  answer.response = refusal_of(request, rules);
  if (!answer.response.empty()) return answer;

  answer.accepted = true;
  answer.format = *request.format;
  answer.response.append("HTTP/1.1 101 Switching Protocols\r\n")
      .append("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ")
      .append(accept_value(*request.key))
      .append("\r\nSec-WebSocket-Protocol: ")
      .append(answer.format == api::FrameFormat::Json ? kJsonSubprotocol : kProtobufSubprotocol)
      .append("\r\n\r\n");
  return answer;
}

std::string refusal(std::string_view status, std::string_view headers, std::string_view text) {
  std::string response = "HTTP/1.1 ";
  response.append(status)
      .append("\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n")
      .append(headers)
      .append("Content-Length: ")
      .append(std::to_string(text.size() + 1))
      .append("\r\n\r\n")
      .append(text)
      .append("\n");
  return response;
}

std::string accept_value(std::string_view key) {
  std::string text(key);
  text += kGuid;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 29> base64;  // 28 digits and a zero
  EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(base64.data()), 28};
}

}  // namespace flare::websocket
