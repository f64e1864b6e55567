// What one message costs in the codec: unmasked in place, handed out, an answer's frame appended.
// Sockets are not in it.
#include "flare/transport/websocket/codec.h"

#include <benchmark/benchmark.h>

#include "flare/transport/websocket/upgrade.h"
#include "flare/transport/websocket/utf8.h"

namespace flare::websocket {
namespace {

constexpr size_t kMessageBytesMax = 256 * 1024;

// As many frames as one read of a busy connection brings.
std::string client_frames(size_t payload_bytes, size_t count) {
  std::string one;
  append_frame(one, Opcode::Binary, std::string(payload_bytes, 'x'));
  one[1] = static_cast<char>(one[1] | 0x80);
  one.insert(one.size() - payload_bytes, "mask");
  std::string frames;
  for (size_t i = 0; i < count; ++i) frames += one;
  return frames;
}

void BM_ReadAndAnswer(benchmark::State& state) {
  const auto payload_bytes = static_cast<size_t>(state.range(0));
  constexpr size_t kFrames = 16;
  // Unmasking twice masks again: the same buffer serves every round, only its content alternates.
  std::string frames = client_frames(payload_bytes, kFrames);
  std::string out;
  Decoder decoder;
  for (auto _ : state) {
    out.clear();
    std::span<char> input = frames;
    for (;;) {
      const Event event = decoder.next(input, kMessageBytesMax);
      if (event.kind != EventKind::Message) break;
      append_frame(out, Opcode::Binary, event.payload);
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kFrames));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(frames.size()));
}
BENCHMARK(BM_ReadAndAnswer)->Arg(16)->Arg(128)->Arg(1024)->Arg(16 * 1024);

void BM_ValidUtf8(benchmark::State& state) {
  std::string text;
  while (text.size() < 1024)
    text += state.range(0) == 0 ? "plain text " : "h\xC3\xA4 \xE4\xBD\xA0 ";
  for (auto _ : state) benchmark::DoNotOptimize(valid_utf8(text));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_ValidUtf8)->Arg(0)->Arg(1);

void BM_Upgrade(benchmark::State& state) {
  const std::string request =
      "GET /ws HTTP/1.1\r\nHost: localhost:60051\r\nConnection: Upgrade\r\nPragma: no-cache\r\n"
      "Cache-Control: no-cache\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n"
      "Upgrade: websocket\r\nOrigin: http://localhost\r\nSec-WebSocket-Version: 13\r\n"
      "Accept-Encoding: gzip, deflate\r\nAccept-Language: en-US,en;q=0.9\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: flare.v1.proto\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n";
  const UpgradeRules rules;
  for (auto _ : state) {
    const size_t bytes = upgrade_bytes(request);
    UpgradeAnswer answer = answer_upgrade(std::string_view(request).substr(0, bytes), rules);
    if (!answer.accepted) state.SkipWithError("refused");
  }
}
BENCHMARK(BM_Upgrade);

}  // namespace
}  // namespace flare::websocket
