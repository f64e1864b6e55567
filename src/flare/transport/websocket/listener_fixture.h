// For tests: a listener on a running loop, with a door that does what its clients say.
#pragma once

#include <gtest/gtest.h>

#include <condition_variable>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "flare/base/scope.h"
#include "flare/transport/websocket/listener.h"
#include "flare/transport/websocket/raw_client.h"

namespace flare::websocket {

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
      if (good(counts())) return true;  // each look waits for a turn of the loop
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

}  // namespace flare::websocket
