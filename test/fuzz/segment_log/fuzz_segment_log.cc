// What a disk gives back may be anything. The first byte of the input chooses who has to bear it:
// the decoders, or a whole log whose segment (or checkpoint) was overwritten with it. Whatever it
// is, opening either works, and then everything can be read and appended to, or it is DataLoss.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "flare/adapter/segment_log/checkpoint.h"
#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/fake_files.h"
#include "flare/adapter/segment_log/format.h"
#include "flare/base/log.h"
#include "flare/base/run.h"

namespace flare::segment_log {
namespace {

constexpr uint64_t kSegmentBytes = 16 << 10;
constexpr const char* kSegment = "/data/log/orders/segment-0000000000000001.log";

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void decode(std::string_view bytes) {
  if (const auto header = decode_segment_header(bytes)) {
    require(encode_segment_header(*header).size() == kSegmentHeaderBytes, "header");
  }
  if (const auto image = decode_checkpoint(bytes)) {
    require(decode_checkpoint(encode_checkpoint(*image)).has_value(), "checkpoint");
  }
  const auto header = peek_record_header(bytes);
  if (header && decode_record(bytes, header->segment)) {
    std::string again(record_bytes(header->body_bytes), '\0');
    encode_record(again.data(), *header, bytes.substr(kRecordHeaderBytes, header->body_bytes));
    require(bytes.substr(0, 32) == std::string_view(again).substr(0, 32), "record");
  }
}

void read_and_append(port::LogTopic* topic) {
  Loop loop("fuzz");
  auto reader = topic->subscribe("fuzz", 0, 1).value();
  uint64_t left = topic->status(0).next_offset + topic->status(1).next_offset;
  while (left > 0) {
    const auto batch = run(loop, reader->next({}, 100));
    require(batch.has_value(), "what was opened can be read");
    left -= batch->records.size();
  }
  require(run(loop, topic->append({}, {0, Bytes::copy("x")}, port::Durability::Synced)).has_value(),
          "what was opened can be appended to");
}

void open_overwritten(const char* path, uint64_t at, std::string bytes) {
  auto disk = std::make_shared<FakeFiles>();
  Options options;
  options.data = "/data";
  options.segment_bytes = kSegmentBytes;
  options.files = disk;
  {
    auto log = EventLog::open(options).value();
    std::ignore = log->topic("orders", 2).value();
    // Not closed in order: the checkpoint does not know the segment.
    disk->power_cut();
  }
  disk->restart();
  bytes.resize(std::min<uint64_t>(bytes.size(), kSegmentBytes - at));
  disk->overwrite(path, at, bytes);
  auto log = EventLog::open(options);
  if (!log) {
    require(log.error().code == ErrorCode::DataLoss, "data loss is said to be data loss");
    return;
  }
  auto topic = (*log)->topic("orders", 2);
  if (topic) read_and_append(*topic);
}

// Each eight bytes make a sound record with these fields: the chain is tried, not the CRC.
std::string records_of(std::string_view fields) {
  std::string bytes;
  for (; fields.size() >= 8; fields.remove_prefix(8)) {
    const auto at = [&](size_t i) { return static_cast<uint8_t>(fields[i]); };
    const std::string body(at(0) % 64, 'b');
    bytes.resize(bytes.size() + record_bytes(body.size()));
    encode_record(bytes.data() + bytes.size() - record_bytes(body.size()),
                  {.offset = at(1),
                   .partition = at(2),
                   .epoch = at(3),
                   .segment = at(4),
                   .durable_end = static_cast<uint32_t>(at(5) << 8 | at(6))},
                  body);
    if (at(7) > 200) bytes[bytes.size() - at(7) % 32 - 1] ^= 1;
  }
  return bytes;
}

}  // namespace
}  // namespace flare::segment_log

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace flare::segment_log;
  flare::set_log_level(flare::LogLevel::Error);
  if (size == 0) return 0;
  const std::string input(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      decode(input);
      break;
    case 1:
      open_overwritten(kSegment, 0, input);
      break;
    case 2:
      open_overwritten(kSegment, kSegmentHeaderBytes, input);
      break;
    case 3:
      open_overwritten(kSegment, kSegmentHeaderBytes, records_of(input));
      break;
    default:
      open_overwritten("/data/log/checkpoint-0", 0, input);
      break;
  }
  return 0;
}
