#include "flare/transport/websocket/upgrade.h"

#include <gtest/gtest.h>

#include "flare/transport/websocket/address.h"

namespace flare::websocket {
namespace {

// A good request, of which each test spoils one part.
struct Parts {
  std::string line = "GET /ws HTTP/1.1";
  std::string host = "Host: here\r\n";
  std::string upgrade = "Upgrade: websocket\r\n";
  std::string connection = "Connection: Upgrade\r\n";
  std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  std::string version = "Sec-WebSocket-Version: 13\r\n";
  std::string protocol = "Sec-WebSocket-Protocol: flare.v1.proto\r\n";
  std::string more;

  std::string text() const {
    return line + "\r\n" + host + upgrade + connection + key + version + protocol + more + "\r\n";
  }
};

UpgradeAnswer answer(const Parts& parts, const UpgradeRules& rules = {}) {
  const std::string text = parts.text();
  EXPECT_EQ(upgrade_bytes(text), text.size());
  return answer_upgrade(text, rules);
}

std::string status(const Parts& parts, const UpgradeRules& rules = {}) {
  const UpgradeAnswer given = answer(parts, rules);
  EXPECT_EQ(given.accepted, given.response.starts_with("HTTP/1.1 101 "));
  return given.response.substr(9, 3);
}

TEST(UpgradeTest, TheExampleOfTheRfcIsAccepted) {
  const UpgradeAnswer given = answer({});

  EXPECT_TRUE(given.accepted);
  EXPECT_EQ(given.format, api::FrameFormat::Protobuf);
  EXPECT_EQ(given.response,
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: flare.v1.proto\r\n\r\n");
}

TEST(UpgradeTest, WhatBrowsersAndProxiesSendIsAccepted) {
  EXPECT_EQ(status({.upgrade = "UPGRADE:WebSocket\r\n"}), "101");
  EXPECT_EQ(status({.upgrade = "Upgrade: h2c, websocket\r\n"}), "101");
  EXPECT_EQ(status({.connection = "Connection: keep-alive, Upgrade\r\n"}), "101");
  EXPECT_EQ(status({.connection = "Connection: \t upgrade \t\r\n"}), "101");
  EXPECT_EQ(status({.line = "GET /ws?token=x HTTP/1.1"}), "101");
  EXPECT_EQ(status({.more = "Cookie: a=b; c=\"d\"\r\nX-Bytes: \xC3\xA4\r\nX-Empty:\r\n"}), "101");
  EXPECT_EQ(status({.more = "Sec-WebSocket-Extensions: permessage-deflate\r\n"}), "101");
  EXPECT_EQ(status({.more = "Content-Length: 0\r\n"}), "101");
}

TEST(UpgradeTest, TheClientsPreferenceDecidesTheSubprotocol) {
  const auto format = [](std::string protocol) { return answer({.protocol = protocol}).format; };
  const std::string name = "Sec-WebSocket-Protocol: ";

  EXPECT_EQ(format(name + "flare.v1.json\r\n"), api::FrameFormat::Json);
  EXPECT_EQ(format(name + "other, flare.v1.json,flare.v1.proto\r\n"), api::FrameFormat::Json);
  EXPECT_EQ(format(name + "other\r\n" + name + "flare.v1.proto, flare.v1.json\r\n"),
            api::FrameFormat::Protobuf);
  for (const std::string& none : {std::string(), name + "other\r\n", name + "FLARE.V1.PROTO\r\n"}) {
    const UpgradeAnswer refused = answer({.protocol = none});
    EXPECT_TRUE(refused.response.starts_with("HTTP/1.1 400 "));
    EXPECT_TRUE(refused.response.ends_with(
        "\r\n\r\nSec-WebSocket-Protocol must offer flare.v1.proto or flare.v1.json\n"));
  }
  EXPECT_EQ(status({.protocol = name + "flare.v1.proto, b@d\r\n"}), "400");
}

TEST(UpgradeTest, OtherRequestsAreToldWhatIsHere) {
  EXPECT_EQ(status({.line = "GET /other HTTP/1.1"}), "404");
  EXPECT_EQ(status({.line = "GET /ws/ HTTP/1.1"}), "404");
  EXPECT_EQ(status({.line = "POST /ws HTTP/1.1"}), "405");
  EXPECT_EQ(status({.upgrade = ""}), "426");
  EXPECT_EQ(status({.upgrade = "Upgrade: h2c\r\n"}), "426");
  EXPECT_EQ(status({.connection = "Connection: close\r\n"}), "426");
  EXPECT_EQ(status({.version = "Sec-WebSocket-Version: 8\r\n"}), "426");
  EXPECT_EQ(status({.version = ""}), "426");
  EXPECT_TRUE(answer({.version = ""}).response.contains("\r\nSec-WebSocket-Version: 13\r\n"));
}

TEST(UpgradeTest, KeysAreSixteenBytesInBase64) {
  for (const char* key : {"", "short==", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===",
                          "dGhlIHNhbXBsZSBub25jZR==", "dGhl*HNhbXBsZSBub25jZQ=="}) {
    EXPECT_EQ(status({.key = "Sec-WebSocket-Key: " + std::string(key) + "\r\n"}), "400") << key;
  }
  EXPECT_EQ(status({.key = Parts{}.key + Parts{}.key}), "400");
  EXPECT_EQ(status({.key = ""}), "400");
}

TEST(UpgradeTest, MalformedRequestsAreRefused) {
  for (const char* line :
       {"GET /ws", "GET /ws HTTP/1.0", "GET /ws HTTP/2", "GET  /ws HTTP/1.1", "GET /w s HTTP/1.1",
        "GET ws HTTP/1.1", "GET http://here/ws HTTP/1.1", "G@T /ws HTTP/1.1", " /ws HTTP/1.1",
        "GET /ws\x01 HTTP/1.1", "GET /\xC3\xA4 HTTP/1.1", "GET * HTTP/1.1"}) {
    EXPECT_EQ(status({.line = line}), "400") << line;
  }
  for (const char* header :
       {"no colon\r\n", ": no name\r\n", "Blank : x\r\n", " folded\r\n", "Bare: line\nfeed\r\n",
        "Control: \x01\r\n", "Host: twice\r\n", "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n", "Origin: a\r\nOrigin: b\r\n", "Bare: \r return\r\n"}) {
    EXPECT_EQ(status({.more = header}), "400") << header;
  }
  EXPECT_EQ(status({.host = ""}), "400");
  std::string many;
  for (int i = 0; i < 65; ++i) many += "X: y\r\n";
  EXPECT_EQ(status({.more = many}), "400");
}

TEST(UpgradeTest, OnlyListedOriginsMayConnect) {
  const UpgradeRules rules{.origins = {"https://chat.example"}};

  EXPECT_EQ(status({.more = "Origin: https://chat.example\r\n"}, rules), "101");
  EXPECT_EQ(status({.more = "Origin: https://evil.example\r\n"}, rules), "403");
  EXPECT_EQ(status({.more = "Origin: null\r\n"}, rules), "403");
  EXPECT_EQ(status({}, rules), "101");  // no browser
  EXPECT_EQ(status({.more = "Origin: https://evil.example\r\n"}), "101");
}

TEST(UpgradeTest, TheEndOfTheHeadIsFoundWhereverTheReadEnded) {
  const std::string text = Parts{}.text();
  for (size_t searched = 0; searched < text.size(); ++searched) {
    EXPECT_EQ(upgrade_bytes(text.substr(0, searched)), 0u);
    EXPECT_EQ(upgrade_bytes(text + "frames", searched), text.size());
  }
}

TEST(AddressTest, AddressesAreReadAndWritten) {
  for (const char* text : {"127.0.0.1:60051", "0.0.0.0:0", "[::1]:80", "[2001:db8::7]:65535"}) {
    const Result<Address> address = parse_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
    sockaddr_storage socket;
    to_socket(*address, socket);
    EXPECT_EQ(from_socket(socket), *address);
  }
  for (const char* text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                           "localhost:1", "::1:80", "[::1]", "[127.0.0.1]:1", "1.2.3.4:1 "}) {
    EXPECT_FALSE(parse_address(text)) << text;
  }
}

TEST(AddressTest, AnIpv6SubscriberIsOneOrigin) {
  const auto origin = [](const char* text) { return origin_of(*parse_address(text)); };

  EXPECT_EQ(origin("[2001:db8::1]:1"), origin("[2001:db8::ffff]:2"));
  EXPECT_NE(origin("[2001:db8::1]:1"), origin("[2001:db8:0:1::1]:1"));
  EXPECT_EQ(origin("127.0.0.1:1"), origin("127.0.0.1:2"));
  EXPECT_NE(origin("127.0.0.1:1"), origin("127.0.0.2:1"));
}

}  // namespace
}  // namespace flare::websocket
