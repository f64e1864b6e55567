// Client frames from nobody in particular. Whatever arrives, in whatever pieces, the decoder gives
// the same events, and never a message above the limit.
//
// The first byte of the input is the size of the pieces.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "flare/transport/websocket/codec.h"
#include "flare/transport/websocket/utf8.h"

namespace {

using flare::websocket::Event;
using flare::websocket::EventKind;

constexpr size_t kMessageBytesMax = 300;

void require(bool good) {
  if (!good) std::abort();
}

std::vector<std::string> events_of(std::string_view bytes, size_t piece) {
  flare::websocket::Decoder decoder;
  std::vector<std::string> events;
  for (size_t at = 0; at < bytes.size(); at += piece) {
    std::string part(bytes.substr(at, piece));
    std::span<char> input = part;
    for (;;) {
      const Event event = decoder.next(input, kMessageBytesMax);
      if (event.kind == EventKind::NeedMore) break;
      require(event.kind != EventKind::Message || event.payload.size() <= kMessageBytesMax);
      require(!event.text || flare::websocket::valid_utf8(event.payload));
      events.push_back(std::to_string(static_cast<int>(event.kind)) + std::to_string(event.code) +
                       std::string(event.payload));
      if (event.kind == EventKind::Broken) return events;
    }
    require(input.empty());
  }
  return events;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  require(events_of(bytes, bytes.size()) == events_of(bytes, size_t{data[0]} + 1));
  return 0;
}
