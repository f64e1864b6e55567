// What the listener does when clients ask too much: of its memory, its patience, its descriptors.
#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <cstdio>

#include "flare/base/log.h"
#include "flare/transport/websocket/listener_fixture.h"

namespace flare::websocket {
namespace {

using LimitsTest = ListenerTest;

TEST_F(LimitsTest, ASlowReaderPausesAndIsToldToBeDrained) {
  options.queue_bytes_max = 64 << 20;
  open();
  RawClient client(address, 16 * 1024);
  client.upgrade();

  client.write_binary("flood 20000");
  ASSERT_TRUE(door.wait_for("frame"));
  client.write_binary("while slow");
  RawClient other = connect();
  other.write_binary("by now the first would have been read");
  other.read_frame();
  EXPECT_EQ(door.count("frame"), 2);
  EXPECT_EQ(door.count("drained"), 0);

  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(client.read_frame()->payload.size(), 1024u);
  const std::string after = client.read_frame()->payload + client.read_frame()->payload;
  EXPECT_TRUE(after == "drainedwhile slow" || after == "while slowdrained") << after;
}

TEST_F(LimitsTest, AQueueAboveItsLimitClosesWithTooSlow) {
  open();
  RawClient client(address, 16 * 1024);
  client.upgrade();

  client.write_binary("flood 100000");
  ASSERT_TRUE(door.wait_for("closed"));

  EXPECT_LE(door.queued_max, options.queue_bytes_max);
  int frames = 0;
  std::optional<ServerFrame> frame = client.read_frame();
  for (; frame && frame->first == 0x82; frame = client.read_frame()) {
    ++frames;
    ASSERT_EQ(frame->payload.size(), 1024u);
  }
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->code(), 4000);
  EXPECT_LT(frames, 100'000);
}

TEST_F(LimitsTest, AClientThatNeverReadsIsGoneAfterTheCloseTimeout) {
  options.close_timeout = 50ms;
  open();
  RawClient client(address, 16 * 1024);
  client.upgrade();

  client.write_binary("flood 100000");

  EXPECT_TRUE(door.wait_for("closed"));
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open + now.closing == 0; }));
}

TEST_F(LimitsTest, ASilentHandshakeTimesOut) {
  options.handshake_timeout = 50ms;
  open();
  RawClient silent(address);
  RawClient slow(address);
  slow.write("GET /ws HTTP/1.1\r\n");

  EXPECT_TRUE(silent.read_to_end().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(slow.read_to_end().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(door.count("opened"), 0);
}

TEST_F(LimitsTest, AnOverlongRequestIsRefused) {
  open();
  RawClient client(address);

  client.write("GET /ws HTTP/1.1\r\nHost: " + std::string(9000, 'h'));

  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 431 "));
}

TEST_F(LimitsTest, ConnectionsAboveTheLimitAreToldToRetry) {
  options.connections_max = 1;
  open();
  RawClient first = connect();
  RawClient second(address);

  second.write(upgrade_request());
  const std::string answer = second.read_to_end();

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_NE(answer.find("Retry-After: "), std::string::npos);
  first.close();
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open == 0; }));
  connect();
}

TEST_F(LimitsTest, ConnectionsOfOneAddressAreLimited) {
  options.connections_per_address_max = 2;
  open();
  RawClient first = connect();
  RawClient second(address);  // one in its handshake counts

  EXPECT_TRUE(RawClient(address).read_to_end().starts_with("HTTP/1.1 429 "));
  first.close();
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open + now.closing == 0; }));
  connect();
}

TEST_F(LimitsTest, HandshakesAboveTheLimitWaitTheirTurn) {
  options.handshakes_in_flight_max = 2;
  open();
  std::vector<RawClient> silent;
  silent.emplace_back(address);
  silent.emplace_back(address);
  ASSERT_TRUE(counts_become([](const Counts& now) { return now.handshakes == 2; }));

  RawClient waiting(address);
  waiting.write(upgrade_request());
  EXPECT_EQ(counts().handshakes, 2u);
  EXPECT_EQ(door.count("opened"), 0);
  silent.clear();

  EXPECT_TRUE(waiting.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

TEST_F(LimitsTest, OutOfDescriptorsRefusesPolitelyAndRecovers) {
  open();
  RawClient before = connect();
  // The undefined behaviour sanitizer opens descriptors when it first meets a type.
  log_error("websocket_out_of_descriptors", {{"address", "a test's"}, {"open", size_t{0}}});
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  // The lowest free descriptor is the client's own; the server finds none.
  const int next_free = dup(0);
  ::close(next_free);
  const rlimit lower{static_cast<rlim_t>(next_free) + 1, limit.rlim_max};
  setrlimit(RLIMIT_NOFILE, &lower);

  RawClient refused(address);
  const std::string answer = refused.read_to_end();
  setrlimit(RLIMIT_NOFILE, &limit);
  before.write_binary("still here");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
  EXPECT_EQ(before.read_frame()->payload, "still here");
  refused.close();
  connect();
}

// Not a promise but a report; the promise is that idle connections hold nothing but themselves.
TEST_F(LimitsTest, AnIdleConnectionIsSmall) {
  constexpr size_t kConnections = 1000;
  open();
  std::vector<RawClient> clients;
  clients.reserve(kConnections + 1);
  clients.push_back(connect());  // what the first one makes stays
  const size_t before = mallinfo2().uordblks;

  for (size_t i = 0; i < kConnections; ++i) {
    clients.emplace_back(address);
    clients.back().write(upgrade_request());
    clients.back().read_some();
  }
  clients.back().write_binary("one");
  clients.back().read_frame();
  const size_t bytes = (mallinfo2().uordblks - before) / kConnections;

  std::printf("heap bytes per idle connection, fake door included: %zu\n", bytes);
#if !defined(__SANITIZE_ADDRESS__) && !__has_feature(address_sanitizer) && \
    !__has_feature(thread_sanitizer)
  EXPECT_LE(bytes, 600u);
#endif
}

}  // namespace
}  // namespace flare::websocket
