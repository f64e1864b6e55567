#include "flare/adapter/segment_log/segment.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace flare::segment_log {
namespace {

constexpr std::string_view kSegment = "segment-";
constexpr std::string_view kSpare = "spare-";
constexpr std::string_view kSuffix = ".log";

uint64_t number_in(std::string_view name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.ends_with(kSuffix)) return 0;
  name.remove_prefix(prefix.size());
  name.remove_suffix(kSuffix.size());
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
  return error == std::errc() && end == name.data() + name.size() && name.size() == 16 ? number : 0;
}

}  // namespace

Index::Chunk Index::find(uint32_t partition, uint64_t offset) const {
  const size_t rows = rows_.size() / row_size();
  size_t low = 0;  // the last row whose offset is not beyond `offset`
  for (size_t high = rows; high - low > 1;) {
    const size_t middle = (low + high) / 2;
    (rows_[middle * row_size() + 1 + partition] <= offset ? low : high) = middle;
  }
  const auto row = rows_.begin() + static_cast<std::ptrdiff_t>(low * row_size());
  Chunk chunk{.begin = static_cast<uint32_t>(*row),
              .first_offsets = {row + 1, row + static_cast<std::ptrdiff_t>(row_size())}};
  if (low + 1 < rows) chunk.end = static_cast<uint32_t>(rows_[(low + 1) * row_size()]);
  return chunk;
}

void Index::add(uint64_t position, const std::vector<uint64_t>& next) {
  rows_.push_back(position);
  rows_.insert(rows_.end(), next.begin(), next.end());
}

void Index::cut(uint32_t position) {
  while (!rows_.empty() && last_position() >= position) rows_.resize(rows_.size() - row_size());
}

std::string segment_name(uint64_t number) {
  return fmt::format("{}{:016x}{}", kSegment, number, kSuffix);
}
std::string spare_name(uint64_t number) {
  return fmt::format("{}{:016x}{}", kSpare, number, kSuffix);
}
uint64_t segment_number(const std::string& name) { return number_in(name, kSegment); }
uint64_t spare_number(const std::string& name) { return number_in(name, kSpare); }

std::string_view Window::view(uint64_t position, size_t bytes) {
  if (!status_) return {};
  if (position < begin_ || position + bytes > begin_ + buffer_.size()) {
    const uint64_t size = file_.size();
    if (position >= size) return {};
    const size_t wanted = std::min<uint64_t>(std::max(bytes, kReadBytes), size - position);
    if (position != begin_ || wanted > buffer_.size()) {
      buffer_.resize(wanted);
      begin_ = position;
      Result<size_t> read = file_.read(buffer_.data(), wanted, position);
      if (!read) {
        status_ = fail(std::move(read).error());
        buffer_.clear();
        return {};
      }
      buffer_.resize(*read);
    }
  }
  return std::string_view(buffer_).substr(position - begin_, bytes);
}

std::optional<Record> Window::record(uint64_t position, uint64_t limit, uint64_t segment) {
  if (position >= limit) return std::nullopt;
  const std::optional<RecordHeader> header = peek_record_header(view(position, kRecordHeaderBytes));
  if (!header || header->segment != static_cast<uint32_t>(segment)) return std::nullopt;
  const uint64_t bytes = record_bytes(header->body_bytes);
  if (bytes > limit - position) return std::nullopt;
  return decode_record(view(position, bytes), segment);
}

bool Walk::fits(uint64_t at, const Record& record) const {
  const RecordHeader& header = record.header;
  return header.partition < next.size() && header.offset == next[header.partition] &&
         header.epoch >= epoch && header.durable_end <= at;
}

void Walk::run(Window& window, const std::function<void(uint64_t, const Record&)>& seen) {
  for (;;) {
    const std::optional<Record> record = window.record(position, limit, segment);
    if (!record || !fits(position, *record)) return;
    seen(position, *record);
    pass(*record);
  }
}

void Walk::pass(const Record& record) {
  ++next[record.header.partition];
  epoch = record.header.epoch;
  position += record.bytes;
}

}  // namespace flare::segment_log
