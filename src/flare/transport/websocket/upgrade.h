// The HTTP/1.1 request that opens a WebSocket (RFC 6455, 4.2), and its answer. Pure and strict:
// whatever is not plainly such a request gets a plain-text answer that says what is wrong.
//
//   head = "GET" SP path ["?" query] SP "HTTP/1.1" CRLF *(token ":" OWS value OWS CRLF) CRLF
//
// A client must offer one of the subprotocols below; its order of preference decides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "flare/api/client_door.h"

namespace flare::websocket {

// Longest request: browsers send up to 2 KiB, cookies included; proxies commonly stop at 8.
constexpr size_t kUpgradeBytesMax = 8 * 1024;
constexpr size_t kUpgradeHeadersMax = 64;

constexpr std::string_view kProtobufSubprotocol = "flare.v1.proto";
constexpr std::string_view kJsonSubprotocol = "flare.v1.json";

struct UpgradeRules {
  std::string path = "/ws";
  std::vector<std::string> origins;  // a browser's pages that may connect; empty: all
};

struct UpgradeAnswer {
  bool accepted = false;
  api::FrameFormat format = api::FrameFormat::Protobuf;  // when accepted
  std::string response;                                  // whole, with its body when refused
};

// Bytes of the request's head at the front of `input`, with the empty line; 0: not yet whole. Bytes
// before `searched` are known to hold no end.
size_t upgrade_bytes(std::string_view input, size_t searched = 0);

// `head` as upgrade_bytes() found it.
UpgradeAnswer answer_upgrade(std::string_view head, const UpgradeRules& rules);

// A refusal that closes the connection: status and reason phrase ("400 Bad Request"), more header
// lines (each with its CRLF), one line of text.
std::string refusal(std::string_view status, std::string_view headers, std::string_view text);

// The value of Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_value(std::string_view key);

}  // namespace flare::websocket
