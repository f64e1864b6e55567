// FakeServer: a WebSocket server that does what its script says, with one client.
#pragma once

#include <functional>
#include <string>
#include <thread>

#include "flare/client/v1/frame.pb.h"
#include "kit/raw_socket.h"

namespace flare::sdk {

class FakeServer {
 public:
  // What happens on the connection after the upgrade. The socket closes when it returns.
  using Script = std::function<void(kit::RawSocket&)>;

  explicit FakeServer(Script script, std::string upgrade_answer = {});
  ~FakeServer();  // waits for the script to end

  std::string url() const;
  const std::string& upgrade_request() const { return upgrade_request_; }

 private:
  void serve(const Script& script);

  int listener_;
  int port_ = 0;
  std::string upgrade_answer_;  // empty: an honest one
  std::string upgrade_request_;
  std::jthread thread_;
};

// One frame the client sent, and one for it, as binary protobuf.
flare::client::v1::Frame receive(kit::RawSocket& socket);
void reply(kit::RawSocket& socket, const flare::client::v1::Frame& frame);

// Waits for the client's Close frame and answers it, as a server that is done.
void say_goodbye(kit::RawSocket& socket);

}  // namespace flare::sdk
