// FakeConnection: a client connection that keeps what is written to it.
//
// Belongs to one loop.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flare/api/client_door.h"

namespace flare {

class FakeConnection final : public api::ClientConnection {
 public:
  explicit FakeConnection(api::FrameFormat frames = api::FrameFormat::Protobuf)
      : format_(frames) {}

  void write(std::string_view frame) override {
    if (!close_code) written.emplace_back(frame);
  }
  void close(api::CloseCode code, std::string_view why) override {
    if (close_code) return;
    close_code = code;
    close_reason = why;
  }
  size_t queued_bytes() const override { return queued; }
  api::FrameFormat format() const override { return format_; }
  std::string peer() const override { return "192.0.2.1:5000"; }

  std::vector<std::string> written;
  size_t queued = 0;  // what the client has not taken yet, as the test says
  std::optional<api::CloseCode> close_code;
  std::string close_reason;

 private:
  const api::FrameFormat format_;
};

}  // namespace flare
