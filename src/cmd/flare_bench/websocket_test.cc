#include "cmd/flare_bench/websocket.h"

#include <gtest/gtest.h>

namespace flare::bench {
namespace {

// The example of RFC 6455, section 1.3.
TEST(WebSocketTest, AcceptValueIsTheOneOfTheStandard) {
  EXPECT_EQ(accept_value("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

// The example of RFC 6455, section 5.7: a masked "Hello".
TEST(WebSocketTest, MaskedFrameIsTheOneOfTheStandard) {
  std::string out;

  append_client_frame(out, Opcode::Text, "Hello", 0x3d21fa37);

  EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
}

class WebSocketSizes : public testing::TestWithParam<size_t> {};

TEST_P(WebSocketSizes, WhatTheClientSendsTheServerReads) {
  std::string payload;
  for (size_t i = 0; i < GetParam(); ++i) payload.push_back(static_cast<char>(i * 7));
  std::string wire;
  append_client_frame(wire, Opcode::Binary, payload, 0xa1b2c3d4);

  const WebSocketFrame frame = read_frame(wire.data(), wire.size());

  ASSERT_EQ(frame.state, FrameState::Whole);
  EXPECT_EQ(frame.opcode, Opcode::Binary);
  EXPECT_EQ(frame.payload, payload);
  EXPECT_EQ(frame.size, wire.size());
}

TEST_P(WebSocketSizes, EveryShorterPieceIsPartial) {
  std::string wire;
  append_server_frame_header(wire, Opcode::Binary, GetParam());
  wire.append(GetParam(), 'x');

  for (size_t size = 0; size < std::min<size_t>(wire.size(), 300); ++size) {
    EXPECT_EQ(read_frame(wire.data(), size).state, FrameState::Partial) << size;
  }
}

INSTANTIATE_TEST_SUITE_P(LengthForms, WebSocketSizes,
                         testing::Values(0, 1, 125, 126, 127, 65535, 65536, 200'000));

TEST(WebSocketTest, FragmentsAndReservedBitsAreBroken) {
  for (const char first : {'\x02', '\x00', '\x80', '\xc2', '\x83'}) {
    std::string wire{first, '\x00'};
    EXPECT_EQ(read_frame(wire.data(), wire.size()).state, FrameState::Broken);
  }
}

TEST(WebSocketTest, AnUpgradeNeedsStatusKeyAndSubprotocol) {
  const std::string key = "ZmxhcmUtYmVuY2gta2V5IQ==";
  const std::string good =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
      "sec-websocket-accept:  " +
      accept_value(key) +
      " \r\n"
      "Sec-WebSocket-Protocol: flare.v1.proto\r\n";

  EXPECT_EQ(check_upgrade_response(good, key), "");
  EXPECT_NE(check_upgrade_response(good, "b3RoZXI="), "");
  EXPECT_NE(check_upgrade_response("HTTP/1.1 503 Busy\r\n", key), "");
  EXPECT_NE(check_upgrade_response(good.substr(0, good.size() - 40), key), "");
}

}  // namespace
}  // namespace flare::bench
