#include "flare/adapter/segment_log/format.h"

#include <bit>
#include <cassert>
#include <cstring>

#include "flare/adapter/segment_log/crc32c.h"

namespace flare::segment_log {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::string_view kMagic = "FLARESEG";
constexpr uint32_t kVersion = 1;
constexpr size_t kCrcAt = 8;
constexpr size_t kCheckedFrom = 12;
constexpr size_t kFixedBytes = 40;

template <class N>
void put(std::string& out, N value) {
  char bytes[sizeof(N)];
  std::memcpy(bytes, &value, sizeof(N));
  out.append(bytes, sizeof(N));
}

template <class N>
N get(std::string_view bytes, size_t at) {
  N value = 0;
  std::memcpy(&value, bytes.data() + at, sizeof(N));
  return value;
}

}  // namespace

std::string encode_segment_header(const SegmentHeader& header) {
  assert(header.base_offsets.size() <= kPartitionsMax);
  std::string out(kMagic);
  put(out, uint32_t{0});  // the CRC, below
  put(out, kVersion);
  put(out, header.number);
  put(out, header.previous_end);
  put(out, static_cast<uint32_t>(header.base_offsets.size()));
  put(out, uint64_t{0});  // reserved
  for (const uint64_t offset : header.base_offsets) put(out, offset);
  out.resize(kSegmentHeaderBytes, '\0');
  const uint32_t crc = crc32c(std::string_view(out).substr(kCheckedFrom));
  std::memcpy(out.data() + kCrcAt, &crc, sizeof(crc));
  return out;
}

std::optional<SegmentHeader> decode_segment_header(std::string_view bytes) {
  if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  bytes = bytes.substr(0, kSegmentHeaderBytes);
  if (get<uint32_t>(bytes, kCrcAt) != crc32c(bytes.substr(kCheckedFrom))) return std::nullopt;
  if (get<uint32_t>(bytes, 12) != kVersion) return std::nullopt;
  SegmentHeader header;
  header.number = get<uint64_t>(bytes, 16);
  header.previous_end = get<uint32_t>(bytes, 24);
  const auto partitions = get<uint32_t>(bytes, 28);
  if (partitions == 0 || partitions > kPartitionsMax) return std::nullopt;
  for (size_t i = 0; i < partitions; ++i) {
    header.base_offsets.push_back(get<uint64_t>(bytes, kFixedBytes + 8 * i));
  }
  return header;
}

void encode_record(char* to, RecordHeader header, std::string_view body) {
  const uint64_t bytes = record_bytes(body.size());
  header.body_bytes = static_cast<uint32_t>(body.size());
  // The padding lies in the last eight bytes; the header or the body then overwrite the rest.
  std::memset(to + bytes - kRecordAlignment, 0, kRecordAlignment);
  std::memcpy(to, &header, sizeof(header));
  if (!body.empty()) std::memcpy(to + sizeof(header), body.data(), body.size());
  header.crc = crc32c({to + sizeof(header.crc), bytes - sizeof(header.crc)});
  std::memcpy(to, &header.crc, sizeof(header.crc));
}

std::optional<RecordHeader> peek_record_header(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes) return std::nullopt;
  RecordHeader header;
  std::memcpy(&header, bytes.data(), sizeof(header));
  return header;
}

std::optional<Record> decode_record(std::string_view bytes, uint64_t segment) {
  const std::optional<RecordHeader> header = peek_record_header(bytes);
  if (!header || header->segment != static_cast<uint32_t>(segment)) return std::nullopt;
  const uint64_t total = record_bytes(header->body_bytes);
  if (total > bytes.size()) return std::nullopt;
  if (header->crc != crc32c(bytes.substr(sizeof(header->crc), total - sizeof(header->crc)))) {
    return std::nullopt;
  }
  return Record{*header, bytes.substr(kRecordHeaderBytes, header->body_bytes), total};
}

}  // namespace flare::segment_log
