#include <algorithm>

#include "flare/adapter/segment_log/journal.h"

namespace flare::segment_log {
namespace {

// 4 MiB a topic: enough for the partitions and groups that read at about the same place.
constexpr size_t kChunksMax = 16;

std::unexpected<Error> lost(const Segment& segment, uint64_t position) {
  return fail(ErrorCode::DataLoss, segment.path + " at byte " + std::to_string(position) +
                                       ": a stored record does not check out");
}

}  // namespace

Result<std::shared_ptr<const Chunk>> Journal::read(uint32_t partition, uint64_t offset) {
  std::shared_ptr<Segment> segment;
  bool indexed = false;
  uint64_t taken_back = 0;
  {
    std::lock_guard lock(mutex_);
    taken_back = taken_back_;
    if (segments_.front()->base_offsets[partition] > offset) {
      return fail(ErrorCode::NotFound, "the record is no longer kept");
    }
    for (size_t i = segments_.size(); segment == nullptr; --i) {
      if (segments_[i - 1]->base_offsets[partition] <= offset) segment = segments_[i - 1];
    }
    indexed = segment->indexed;
  }
  if (!indexed) {
    if (Result<void> built = build_index(segment); !built) return fail(std::move(built).error());
  }
  Index::Chunk where;
  uint32_t end = 0;
  {
    std::lock_guard lock(mutex_);
    if (segment->index.empty()) return lost(*segment, kSegmentHeaderBytes);
    where = segment->index.find(partition, offset);
    end = where.end == 0 ? segment->end : std::min(where.end, segment->end);
    for (const auto& chunk : recent_) {
      if (chunk->segment == segment->number && chunk->begin == where.begin && chunk->end == end) {
        return chunk;
      }
    }
  }
  Result<std::shared_ptr<const Chunk>> chunk = load(*segment, std::move(where), end);
  setup_.counters->chunks_read += 1;
  std::unique_lock lock(mutex_);
  if (taken_back != taken_back_) {
    // The chunk's end was written again while we read.
    lock.unlock();
    return read(partition, offset);
  }
  if (!chunk) return chunk;
  recent_.push_back(*chunk);
  if (recent_.size() > kChunksMax) recent_.pop_front();
  return chunk;
}

Result<std::shared_ptr<const Chunk>> Journal::load(const Segment& segment, Index::Chunk where,
                                                   uint32_t end) const {
  auto chunk = std::make_shared<Chunk>();
  chunk->segment = segment.number;
  chunk->begin = where.begin;
  chunk->end = end;
  std::string bytes(end - where.begin, '\0');
  Result<size_t> read = segment.file->read(bytes.data(), bytes.size(), where.begin);
  if (!read) return fail(std::move(read).error().during(segment.path));
  bytes.resize(*read);
  chunk->bytes = std::make_shared<const std::string>(std::move(bytes));
  for (const uint64_t first : where.first_offsets) chunk->partitions.push_back({first, {}});

  Walk walk{.segment = segment.number,
            .position = where.begin,
            .limit = end,
            .next = std::move(where.first_offsets)};
  while (walk.position < end) {
    const auto record = decode_record(
        std::string_view(*chunk->bytes).substr(walk.position - chunk->begin), segment.number);
    if (!record || !walk.fits(walk.position, *record)) {
      // A segment that was recycled meanwhile holds other records, rightly.
      if (!keeps(segment)) return fail(ErrorCode::NotFound, "the record is no longer kept");
      return lost(segment, walk.position);
    }
    chunk->partitions[record->header.partition].bodies.push_back(record->body);
    walk.pass(*record);
  }
  return chunk;
}

// Once for a segment of an earlier run, when somebody first reads in it.
Result<void> Journal::build_index(const std::shared_ptr<Segment>& segment) {
  uint32_t end = 0;
  std::vector<uint64_t> due;
  {
    std::lock_guard lock(mutex_);
    end = segment->end;
    for (size_t i = 0; i + 1 < segments_.size(); ++i) {
      if (segments_[i] == segment) due = segments_[i + 1]->base_offsets;
    }
  }
  Index index(segment->base_offsets.size());
  Window window(*segment->file);
  Walk walk{.segment = segment->number, .limit = end, .next = segment->base_offsets};
  walk.run(window, [&](uint64_t at, const Record&) {
    if (index.due(at)) index.add(at, walk.next);
  });
  if (!window.status()) return fail(Error(window.status().error()).during(segment->path));
  if (!keeps(*segment)) return fail(ErrorCode::NotFound, "the record is no longer kept");
  if (walk.position != end || walk.next != due) return lost(*segment, walk.position);
  std::lock_guard lock(mutex_);
  segment->index = std::move(index);
  segment->indexed = true;
  return {};
}

bool Journal::keeps(const Segment& segment) const {
  std::lock_guard lock(mutex_);
  return segments_.front()->number <= segment.number;
}

}  // namespace flare::segment_log
