#include "fake_server.h"

#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <sys/socket.h>
#include <unistd.h>

namespace flare::sdk {
namespace {

std::string header(const std::string& request, const std::string& name) {
  const size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) return {};
  const size_t start = at + name.size() + 4;
  return request.substr(start, request.find("\r\n", start) - start);
}

// RFC 6455 section 4.2.2.
std::string accept_value(const std::string& key) {
  const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[SHA_DIGEST_LENGTH];
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  unsigned char encoded[4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1];
  EVP_EncodeBlock(encoded, digest, sizeof digest);
  return reinterpret_cast<const char*>(encoded);
}

}  // namespace

FakeServer::FakeServer(Script script, std::string upgrade_answer)
    : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)),
      upgrade_answer_(std::move(upgrade_answer)) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof at;
  ::bind(listener_, reinterpret_cast<const sockaddr*>(&at), length);
  ::listen(listener_, 1);
  ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &length);
  port_ = ntohs(at.sin_port);
  thread_ = std::jthread([this, script = std::move(script)] { serve(script); });
}

FakeServer::~FakeServer() {
  ::shutdown(listener_, SHUT_RDWR);  // ends an accept() nobody will answer
  thread_.join();
  ::close(listener_);
}

std::string FakeServer::url() const { return "ws://127.0.0.1:" + std::to_string(port_) + "/ws"; }

void FakeServer::serve(const Script& script) {
  const int accepted = ::accept(listener_, nullptr, nullptr);
  if (accepted < 0) return;
  kit::RawSocket socket(accepted);
  upgrade_request_ = socket.read_until("\r\n\r\n");
  if (!upgrade_answer_.empty()) {
    socket.write(upgrade_answer_);
  } else {
    socket.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: " +
        accept_value(header(upgrade_request_, "Sec-WebSocket-Key")) +
        "\r\nSec-WebSocket-Protocol: " + header(upgrade_request_, "Sec-WebSocket-Protocol") +
        "\r\n\r\n");
  }
  script(socket);
}

flare::client::v1::Frame receive(kit::RawSocket& socket) {
  flare::client::v1::Frame frame;
  if (const auto raw = socket.read_frame()) frame.ParseFromString(raw->payload);
  return frame;
}

void reply(kit::RawSocket& socket, const flare::client::v1::Frame& frame) {
  socket.write_frame({.opcode = kit::Opcode::Binary, .payload = frame.SerializeAsString()}, false);
}

void say_goodbye(kit::RawSocket& socket) {
  while (const auto frame = socket.read_frame()) {
    if (frame->opcode != kit::Opcode::Close) continue;
    socket.write_frame({.opcode = kit::Opcode::Close, .payload = frame->payload}, false);
    return;
  }
}

}  // namespace flare::sdk
