// The bytes of a segment file: one header, then records. docs/reference/segment-log-format.md has
// the grammar and the reasons. Pure functions; what they are given may be anything.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace flare::segment_log {

// Records begin here, so that writing the first one never rewrites the header's page.
constexpr uint32_t kSegmentHeaderBytes = 4096;
constexpr uint32_t kPartitionsMax = (kSegmentHeaderBytes - 40) / 8;
constexpr uint32_t kRecordAlignment = 8;
constexpr uint32_t kRecordHeaderBytes = 32;

struct SegmentHeader {
  uint64_t number = 0;                 // 1, 2, ... of the topic; never used twice
  uint32_t previous_end = 0;           // where the records of segment number - 1 end
  std::vector<uint64_t> base_offsets;  // of each partition: its first offset in this segment
};

std::string encode_segment_header(const SegmentHeader& header);

// Nothing if `bytes` does not begin with a sound header.
std::optional<SegmentHeader> decode_segment_header(std::string_view bytes);

struct RecordHeader {
  uint32_t crc = 0;  // CRC-32C of everything after it: the other fields, the body, the padding
  uint32_t body_bytes = 0;
  uint64_t offset = 0;
  uint32_t partition = 0;
  // Rises whenever writing goes back to an earlier place of the file. A record of a lower epoch
  // than the one before it is what a torn or refused write left there.
  uint32_t epoch = 0;
  uint32_t segment = 0;  // the low half of the segment's number; tells recycled bytes apart
  // Everything before this place of the file was on the disk when the record was written.
  uint32_t durable_end = 0;
};
static_assert(sizeof(RecordHeader) == kRecordHeaderBytes);

// What a record with a body of this size takes.
constexpr uint64_t record_bytes(uint64_t body_bytes) {
  return (kRecordHeaderBytes + body_bytes + kRecordAlignment - 1) / kRecordAlignment *
         kRecordAlignment;
}

// Writes record_bytes(body.size()) bytes to `to`. Sets the CRC and body_bytes itself.
void encode_record(char* to, RecordHeader header, std::string_view body);

struct Record {
  RecordHeader header;
  std::string_view body;  // inside the decoded bytes
  size_t bytes = 0;       // with header and padding
};

// The header without a look at the CRC; nothing if `bytes` is too short for one.
std::optional<RecordHeader> peek_record_header(std::string_view bytes);

// The sound record of `segment` that `bytes` begin with, or nothing.
std::optional<Record> decode_record(std::string_view bytes, uint64_t segment);

}  // namespace flare::segment_log
