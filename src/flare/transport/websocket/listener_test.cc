#include "flare/transport/websocket/listener.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/resource.h>

#include <condition_variable>
#include <cstdio>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "flare/base/pending.h"
#include "flare/base/scope.h"
#include "flare/transport/websocket/raw_client.h"

namespace flare::websocket {
namespace {

using namespace std::chrono_literals;

// Answers each frame with itself. "flood N": N frames of 1 KiB at once, and as many more each time
// they have all been taken, until the client says otherwise. "close": closes with Kicked.
class FakeDoor final : public api::ClientDoor {
 public:
  api::ClientHandle opened(api::ClientConnection& connection) override {
    const api::ClientHandle handle = next_++;
    clients_[handle] = &connection;
    if (!greeting.empty()) connection.write(greeting);
    note("opened");
    return handle;
  }

  void frame(api::ClientHandle client, std::string_view frame) override {
    api::ClientConnection& connection = *clients_.at(client);
    if (frame.starts_with("flood ")) {
      for (int left = std::stoi(std::string(frame.substr(6))); left > 0; --left) {
        connection.write(std::string(1024, 'f'));
      }
      queued_max = std::max(queued_max, connection.queued_bytes());
    } else if (frame == "close") {
      connection.close(api::CloseCode::Kicked, "as you wish");
      connection.close(api::CloseCode::Kicked, "twice");
      connection.write("too late");
      EXPECT_EQ(frame, "close");  // the frame outlives its connection's end
    } else if (frame == "peer") {
      connection.write(connection.peer());
    } else if (frame == "close all") {
      for (auto& [handle, other] : clients_) other->close(api::CloseCode::GoingAway, "all");
    } else {
      connection.write(frame);
    }
    note("frame");
  }

  void drained(api::ClientHandle client) override {
    clients_.at(client)->write("drained");
    note("drained");
  }

  void closed(api::ClientHandle client) override {
    EXPECT_EQ(clients_.erase(client), 1u);
    note("closed");
  }

  // Any thread. Waits until `event` has happened `times` times.
  bool wait_for(const std::string& event, int times = 1) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, 10s, [&] { return counts_[event] >= times; });
  }
  int count(const std::string& event) {
    std::lock_guard lock(mutex_);
    return counts_[event];
  }

  std::string greeting;
  size_t queued_max = 0;

 private:
  void note(const std::string& event) {
    std::lock_guard lock(mutex_);
    ++counts_[event];
    changed_.notify_all();
  }

  std::map<api::ClientHandle, api::ClientConnection*> clients_;
  api::ClientHandle next_ = 1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, int> counts_;
};

class StrictFaults final : public Faults {
 public:
  void report(std::string_view, const Error& error) override { ADD_FAILURE() << error.message; }
};

struct ListenerTest : testing::Test {
  ListenerTest() { options.address = "127.0.0.1:0"; }

  ~ListenerTest() override {
    if (listener != nullptr) stop();
    on_loop([&] { listener.reset(); });
    loop.stop();
    thread.join();
  }

  void open() {
    on_loop([&] {
      auto opened = Listener::open(loop, options, door);
      ASSERT_TRUE(opened) << opened.error().message;
      listener = *std::move(opened);
      address = listener->local_address();
    });
  }

  // Runs it on the loop and waits for it.
  void on_loop(std::function<void()> function) {
    std::promise<void> done;
    loop.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  static Task<> stop_it(Listener* stopped, std::promise<void>* done) {
    co_await stopped->stop();
    done->set_value();
  }

  void stop() {
    std::promise<void> done;
    on_loop([&] { scope.spawn(stop_it(listener.get(), &done)); });
    done.get_future().wait();
  }

  Counts counts() {
    Counts now;
    on_loop([&] { now = listener->counts(); });
    return now;
  }

  bool counts_become(auto&& good) {
    const auto end = std::chrono::steady_clock::now() + 10s;
    while (std::chrono::steady_clock::now() < end) {
      if (good(counts())) return true;
      std::this_thread::sleep_for(2ms);
    }
    return false;
  }

  RawClient connect(std::string_view subprotocol = "flare.v1.proto") {
    RawClient client(address);
    EXPECT_TRUE(client.upgrade(subprotocol).starts_with("HTTP/1.1 101 "));
    return client;
  }

  Options options;
  FakeDoor door;
  Loop loop{"websocket_test"};
  StrictFaults faults;
  Scope scope{"test", faults};
  std::unique_ptr<Listener> listener;
  std::string address;
  std::thread thread{[this] { loop.run(); }};
};

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

TEST_F(ListenerTest, ASlowReaderPausesAndIsToldToBeDrained) {
  options.queue_bytes_max = 64 << 20;
  open();
  RawClient client(address, 16 * 1024);
  client.upgrade();

  client.write_binary("flood 20000");
  ASSERT_TRUE(door.wait_for("frame"));
  client.write_binary("while slow");
  std::this_thread::sleep_for(50ms);
  EXPECT_EQ(door.count("frame"), 1);
  EXPECT_EQ(door.count("drained"), 0);

  for (int i = 0; i < 20'000; ++i) ASSERT_EQ(client.read_frame()->payload.size(), 1024u);
  const std::string after = client.read_frame()->payload + client.read_frame()->payload;
  EXPECT_TRUE(after == "drainedwhile slow" || after == "while slowdrained") << after;
}

TEST_F(ListenerTest, AQueueAboveItsLimitClosesWithTooSlow) {
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

TEST_F(ListenerTest, AClientThatNeverReadsIsGoneAfterTheCloseTimeout) {
  options.close_timeout = 50ms;
  open();
  RawClient client(address, 16 * 1024);
  client.upgrade();

  client.write_binary("flood 100000");

  EXPECT_TRUE(door.wait_for("closed"));
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open + now.closing == 0; }));
}

TEST_F(ListenerTest, ASilentHandshakeTimesOut) {
  options.handshake_timeout = 50ms;
  open();
  RawClient silent(address);
  RawClient slow(address);
  slow.write("GET /ws HTTP/1.1\r\n");

  EXPECT_TRUE(silent.read_to_end().starts_with("HTTP/1.1 408 "));
  EXPECT_TRUE(slow.read_to_end().starts_with("HTTP/1.1 408 "));
  EXPECT_EQ(door.count("opened"), 0);
}

TEST_F(ListenerTest, AnOverlongRequestIsRefused) {
  open();
  RawClient client(address);

  client.write("GET /ws HTTP/1.1\r\nHost: " + std::string(9000, 'h'));

  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 431 "));
}

TEST_F(ListenerTest, ConnectionsAboveTheLimitAreToldToRetry) {
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

TEST_F(ListenerTest, ConnectionsOfOneAddressAreLimited) {
  options.connections_per_address_max = 2;
  open();
  RawClient first = connect();
  RawClient second(address);  // one in its handshake counts

  EXPECT_TRUE(RawClient(address).read_to_end().starts_with("HTTP/1.1 429 "));
  first.close();
  EXPECT_TRUE(counts_become([](const Counts& now) { return now.open + now.closing == 0; }));
  connect();
}

TEST_F(ListenerTest, HandshakesAboveTheLimitWaitTheirTurn) {
  options.handshakes_in_flight_max = 2;
  open();
  std::vector<RawClient> silent;
  silent.emplace_back(address);
  silent.emplace_back(address);
  ASSERT_TRUE(counts_become([](const Counts& now) { return now.handshakes == 2; }));

  RawClient waiting(address);
  waiting.write(upgrade_request());
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(door.count("opened"), 0);
  silent.clear();

  EXPECT_TRUE(waiting.read_until("\r\n\r\n").starts_with("HTTP/1.1 101 "));
}

TEST_F(ListenerTest, OutOfDescriptorsRefusesPolitelyAndRecovers) {
  open();
  RawClient before = connect();
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

// Not a promise but a report; the promise is that idle connections hold nothing but themselves.
TEST_F(ListenerTest, AnIdleConnectionIsSmall) {
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
