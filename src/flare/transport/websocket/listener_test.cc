#include "flare/transport/websocket/listener.h"

#include <gtest/gtest.h>

#include "flare/transport/websocket/listener_fixture.h"

namespace flare::websocket {
namespace {

TEST_F(ListenerTest, AFrameIsHandedOverAndAnsweredInItsFormat) {
  open();
  RawClient proto = connect("flare.v1.proto");
  RawClient json = connect("flare.v1.json");

  proto.write(client_frame(0x82, "bytes"));
  json.write(client_frame(0x81, "{}"));

  const auto binary = proto.read_frame();
  const auto text = json.read_frame();
  ASSERT_TRUE(binary && text);
  EXPECT_EQ(binary->first, 0x82);
  EXPECT_EQ(binary->payload, "bytes");
  EXPECT_EQ(text->first, 0x81);
  EXPECT_EQ(text->payload, "{}");
}

TEST_F(ListenerTest, TheOtherKindOfMessageIsMalformed) {
  open();
  RawClient proto = connect("flare.v1.proto");

  proto.write(client_frame(0x81, "text"));

  const auto close = proto.read_frame();
  ASSERT_TRUE(close);
  EXPECT_EQ(close->first, 0x88);
  EXPECT_EQ(close->code(), 4100);
}

TEST_F(ListenerTest, ManyFramesOfOneReadAreAnsweredByOneWrite) {
  open();
  RawClient client = connect();
  std::string frames;
  for (int i = 0; i < 100; ++i) frames += client_frame(0x82, "frame " + std::to_string(i));

  client.write(frames);
  const std::string first_read = client.read_some();

  std::string expected;
  for (int i = 0; i < 100; ++i)
    append_frame(expected, Opcode::Binary, "frame " + std::to_string(i));
  EXPECT_EQ(first_read, expected);
}

TEST_F(ListenerTest, FramesMayFollowTheUpgradeRequestAtOnce) {
  open();
  RawClient client(address);

  client.write(upgrade_request() + client_frame(0x82, "early"));

  EXPECT_FALSE(client.read_until("\r\n\r\n").empty());
  EXPECT_EQ(client.read_frame()->payload, "early");
}

TEST_F(ListenerTest, ByteByByteIsTheSame) {
  door.greeting = "hello";
  open();
  RawClient client(address);

  for (const char byte : upgrade_request() + client_frame(0x82, std::string(300, 'x'))) {
    client.write({&byte, 1});
  }

  EXPECT_FALSE(client.read_until("\r\n\r\n").empty());
  EXPECT_EQ(client.read_frame()->payload, "hello");
  EXPECT_EQ(client.read_frame()->payload, std::string(300, 'x'));
}

TEST_F(ListenerTest, LargeMessagesPassWhole) {
  open();
  RawClient client = connect();
  for (const size_t size : {0uz, 125uz, 126uz, 65'535uz, 65'536uz, 256uz * 1024}) {
    std::string payload(size, '\0');
    for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);

    client.write_binary(payload);

    const auto frame = client.read_frame();
    ASSERT_TRUE(frame);
    EXPECT_TRUE(frame->payload == payload) << size;
  }
}

TEST_F(ListenerTest, AMessageAboveTheLimitClosesWithTooBig) {
  open();
  RawClient client = connect();

  client.write_binary(std::string(256 * 1024 + 1, 'x'));

  EXPECT_EQ(client.read_frame()->code(), 1009);
  EXPECT_TRUE(door.wait_for("closed"));
}

TEST_F(ListenerTest, APingIsAnsweredBetweenFragments) {
  open();
  RawClient client = connect();

  client.write(client_frame(0x02, "one ") + client_frame(0x89, "ping") + client_frame(0x80, "two"));

  const auto pong = client.read_frame();
  const auto frame = client.read_frame();
  ASSERT_TRUE(pong && frame);
  EXPECT_EQ(pong->first, 0x8A);
  EXPECT_EQ(pong->payload, "ping");
  EXPECT_EQ(frame->payload, "one two");
}

TEST_F(ListenerTest, TheClientsCloseIsEchoedAndTheConnectionEnds) {
  open();
  RawClient client = connect();

  client.write(client_frame(0x88,
                            "\x03\xE8"
                            "bye"));

  EXPECT_EQ(client.read_frame()->code(), 1000);
  EXPECT_FALSE(client.read_frame());
  EXPECT_TRUE(door.wait_for("closed"));
}

TEST_F(ListenerTest, ClosingSendsWhatWasQueuedAndTheReason) {
  open();
  RawClient client = connect();

  client.write(client_frame(0x82, "first") + client_frame(0x82, "close") +
               client_frame(0x82, "no"));

  EXPECT_EQ(client.read_frame()->payload, "first");
  const auto close = client.read_frame();
  EXPECT_EQ(close->code(), 4102);
  EXPECT_EQ(close->payload.substr(2), "as you wish");
  EXPECT_FALSE(client.read_frame());
  EXPECT_TRUE(door.wait_for("closed"));
  EXPECT_EQ(door.count("frame"), 2);
}

TEST_F(ListenerTest, AnAbruptEndIsTold) {
  open();
  RawClient one = connect();
  RawClient two = connect();
  RawClient three = connect();

  one.close();
  two.reset();
  three.write(client_frame(0x82, "last words"));
  three.shut();

  EXPECT_TRUE(door.wait_for("closed", 3));
  EXPECT_EQ(door.count("frame"), 1);
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open + now.closing == 0; }));
}

TEST_F(ListenerTest, StopSaysGoingAwayAndWaits) {
  options.close_timeout = 100ms;
  open();
  RawClient open_one = connect();
  RawClient silent(address);
  ASSERT_TRUE(counts_become([](const Counts& now) { return now.handshakes == 1; }));

  stop();

  EXPECT_EQ(door.count("closed"), 1);
  const Counts now = counts();
  EXPECT_EQ(now.handshakes + now.open + now.closing, 0u);
  EXPECT_EQ(open_one.read_frame()->code(), 1001);
  EXPECT_FALSE(RawClient(address).connected());
  stop();
}

TEST_F(ListenerTest, OneClientsFrameMayCloseEveryConnection) {
  open();
  std::vector<RawClient> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(connect());

  on_loop([&] {
    // All of these are ready in the same turn.
    clients[0].write_binary("close all");
    for (RawClient& client : clients) client.write_binary("and more");
  });

  EXPECT_TRUE(door.wait_for("closed", 50));
  for (RawClient& client : clients) EXPECT_NE(client.read_to_end(), "");
}

TEST_F(ListenerTest, ThePeerIsItsAddressAndPort) {
  open();
  RawClient client = connect();

  client.write_binary("peer");

  EXPECT_TRUE(client.read_frame()->payload.starts_with("127.0.0.1:"));
}

TEST_F(ListenerTest, ListenersMayShareAnAddress) {
  options.reuse_port = true;
  open();
  on_loop([&] {
    Options same = options;
    same.address = address;
    EXPECT_TRUE(Listener::open(loop, same, door));
    same.reuse_port = false;
    EXPECT_EQ(Listener::open(loop, same, door).error().code, ErrorCode::Unavailable);
    same.address = "localhost";
    EXPECT_EQ(Listener::open(loop, same, door).error().code, ErrorCode::InvalidArgument);
  });
}

}  // namespace
}  // namespace flare::websocket
