// The listener with the smallest door behind it: a message is answered with itself, "close N
// reason" with a Close. Writes its address to standard output and lives until standard input ends.
#include <unistd.h>

#include <cstdio>
#include <string>
#include <thread>
#include <unordered_map>

#include "flare/base/loop.h"
#include "flare/base/scope.h"
#include "flare/transport/websocket/listener.h"

namespace {

class EchoDoor final : public flare::api::ClientDoor {
 public:
  flare::api::ClientHandle opened(flare::api::ClientConnection& connection) override {
    connections_[++last_] = &connection;
    return last_;
  }
  void frame(flare::api::ClientHandle client, std::string_view frame) override {
    flare::api::ClientConnection& connection = *connections_.at(client);
    if (!frame.starts_with("close ")) return connection.write(frame);
    const int code = std::stoi(std::string(frame.substr(6, 4)));
    connection.close(static_cast<flare::api::CloseCode>(code), frame.substr(11));
  }
  void drained(flare::api::ClientHandle) override {}
  void closed(flare::api::ClientHandle client) override { connections_.erase(client); }

 private:
  std::unordered_map<flare::api::ClientHandle, flare::api::ClientConnection*> connections_;
  flare::api::ClientHandle last_ = 0;
};

class LoudFaults final : public flare::Faults {
 public:
  void report(std::string_view, const flare::Error& error) override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
  }
};

flare::Task<> stop(flare::websocket::Listener* listener, flare::Loop* loop) {
  co_await listener->stop();
  loop->stop();
}

}  // namespace

int main() {
  flare::Loop loop("echo");
  EchoDoor door;
  LoudFaults faults;
  flare::Scope scope("echo", faults);
  auto listener = flare::websocket::Listener::open(loop, {.address = "127.0.0.1:0"}, door);
  if (!listener) {
    std::fprintf(stderr, "%s\n", listener.error().message.c_str());
    return 1;
  }
  std::printf("%s\n", (*listener)->local_address().c_str());
  std::fflush(stdout);

  std::thread waiter([&] {
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    loop.post([&] { scope.spawn(stop(listener->get(), &loop)); });
  });
  loop.run();
  waiter.join();
}
