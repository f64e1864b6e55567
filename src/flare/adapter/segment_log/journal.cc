#include "flare/adapter/segment_log/journal.h"

#include <algorithm>
#include <cassert>
#include <chrono>

#include "flare/base/log.h"

namespace flare::segment_log {
namespace {

// One write of this size costs the disk as much as several smaller ones together.
constexpr size_t kWriteBytes = 1 << 20;

// More are removed: a reader that was long behind must not keep the space for ever.
constexpr size_t kSparesMax = 2;

// Extents that were never written cost a sync about half as much again.
Result<void> fill_with_zeroes(File& file) {
  const std::string zeroes(kWriteBytes, '\0');
  for (uint64_t at = 0; at < file.size(); at += zeroes.size()) {
    const auto piece = std::string_view(zeroes).substr(0, file.size() - at);
    if (Result<void> written = file.write(piece, at); !written) return written;
  }
  return file.sync();
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::create(Setup setup, uint32_t partitions) {
  std::unique_ptr<Journal> journal(new Journal(std::move(setup)));
  // A crash may have left a spare file of an earlier attempt.
  if (Result<void> opened = journal->open_files({}); !opened) {
    return fail(std::move(opened).error());
  }
  assert(journal->segments_.empty());
  journal->next_.resize(partitions);
  SegmentHeader header{.number = 1, .previous_end = 0, .base_offsets = journal->next_};
  if (Result<void> made = journal->add_segment(std::move(header)); !made) {
    return fail(std::move(made).error());
  }
  return journal;
}

uint64_t Journal::record_body_max() const {
  return setup_.segment_bytes - kSegmentHeaderBytes - kRecordHeaderBytes - kRecordAlignment;
}

// So that a full disk is met before anything is written.
Result<void> Journal::make_room(std::span<const Entry> entries) {
  uint64_t at = current_->end;
  uint64_t size = current_->file->size();
  size_t segments_needed = 0;
  for (const Entry& entry : entries) {
    const uint64_t bytes = record_bytes(entry.body.size());
    if (at + bytes > size) {
      ++segments_needed;
      at = kSegmentHeaderBytes;
      size = setup_.segment_bytes;
    }
    at += bytes;
  }
  while (segments_needed > 0) {
    {
      std::lock_guard lock(spares_mutex_);
      if (spares_.size() >= segments_needed) break;
    }
    if (Result<void> made = make_spare(); !made) return made;
  }
  return {};
}

Result<void> Journal::write(std::span<const Entry> entries) {
  if (Result<void> made = make_room(entries); !made) return made;
  const uint32_t start = current_->end;
  const std::vector<uint64_t> before = next_;
  rolled_ = false;
  std::vector<uint64_t> next = before;
  buffer_.clear();
  buffer_at_ = current_->end;
  for (const Entry& entry : entries) {
    const uint64_t bytes = record_bytes(entry.body.size());
    const bool full = buffer_at_ + buffer_.size() + bytes > current_->file->size();
    if (full || buffer_.size() >= kWriteBytes) {
      if (Result<void> written = write_buffer(next); !written) {
        return take_back(start, before, std::move(written).error());
      }
    }
    if (full) {
      if (Result<void> rolled = roll(); !rolled) return rolled;
      buffer_at_ = current_->end;
    }
    assert(entry.offset == next[entry.partition]);
    const auto position = static_cast<uint32_t>(buffer_at_ + buffer_.size());
    if (current_->index.due(position)) {
      std::lock_guard lock(mutex_);
      current_->index.add(position, next);
    }
    buffer_.resize(buffer_.size() + bytes);
    encode_record(buffer_.data() + buffer_.size() - bytes,
                  {.offset = entry.offset,
                   .partition = entry.partition,
                   .epoch = epoch_,
                   .segment = static_cast<uint32_t>(current_->number),
                   .durable_end = durable_.position},
                  entry.body.view());
    ++next[entry.partition];
  }
  if (Result<void> written = write_buffer(next); !written) {
    return take_back(start, before, std::move(written).error());
  }
  return {};
}

Result<void> Journal::write_buffer(const std::vector<uint64_t>& next) {
  if (buffer_.empty()) return {};
  Segment& segment = *current_;
  if (Result<void> written = segment.file->write(buffer_, buffer_at_); !written) {
    return fail(std::move(written).error().during(segment.path));
  }
  setup_.counters->writes += 1;
  setup_.counters->bytes_written += buffer_.size();
  std::lock_guard lock(mutex_);
  buffer_at_ += static_cast<uint32_t>(buffer_.size());
  segment.end = buffer_at_;
  next_ = next;
  buffer_.clear();
  return {};
}

// Makes the records of a failed write vanish, so that "nothing was appended" stays true even if the
// power fails now. The first one is erased; the others do not fit behind what takes its place,
// because their epoch is lower.
Result<void> Journal::take_back(uint32_t position, const std::vector<uint64_t>& next, Error cause) {
  if (cause.code != ErrorCode::ResourceExhausted) return fail(std::move(cause));
  if (rolled_) return fail(ErrorCode::Unavailable, std::move(cause.message));
  Segment& segment = *current_;
  const std::string zeroes(kRecordHeaderBytes, '\0');
  Result<void> erased = segment.file->write(zeroes, position);
  if (erased) erased = segment.file->sync();
  if (!erased) return fail(ErrorCode::Unavailable, std::move(cause.message));
  ++epoch_;
  std::lock_guard lock(mutex_);
  segment.end = position;
  segment.index.cut(position);
  next_ = next;
  ++taken_back_;
  recent_.clear();
  return fail(std::move(cause));
}

Result<void> Journal::sync() {
  Segment& segment = *current_;
  if (durable_.position == segment.end) return {};
  const auto start = std::chrono::steady_clock::now();
  if (Result<void> synced = segment.file->sync(); !synced) {
    return fail(std::move(synced).error().during(segment.path));
  }
  const auto took = std::chrono::steady_clock::now() - start;
  setup_.counters->syncs += 1;
  setup_.counters->sync_nanoseconds +=
      static_cast<uint64_t>(std::chrono::nanoseconds(took).count());
  std::lock_guard lock(mutex_);
  durable_ = {segment.number, segment.end};
  return {};
}

// A segment begins only when everything in the one before is on the disk: so its mere existence
// proves where that one ends.
Result<void> Journal::roll() {
  rolled_ = true;
  if (Result<void> synced = sync(); !synced) return synced;
  SegmentHeader header{
      .number = current_->number + 1, .previous_end = current_->end, .base_offsets = next_};
  Result<void> added = add_segment(std::move(header));
  if (!added && added.error().code == ErrorCode::ResourceExhausted) {
    // Part of the write is done and cannot be taken back.
    return fail(ErrorCode::Unavailable, std::move(added).error().message);
  }
  return added;
}

// A file gets its name after its header is on the disk: a segment with an unsound header is never
// the work of a crash.
Result<void> Journal::add_segment(SegmentHeader header) {
  Spare spare;
  for (;;) {
    std::unique_lock lock(spares_mutex_);
    if (spares_.empty()) {
      lock.unlock();
      if (Result<void> made = make_spare(); !made) return made;
      continue;
    }
    spare = std::move(spares_.back());
    spares_.pop_back();
    break;
  }
  auto segment = std::make_shared<Segment>();
  segment->number = header.number;
  segment->path = setup_.folder + "/" + segment_name(header.number);
  segment->file = std::move(spare.file);
  segment->previous_end = header.previous_end;
  segment->base_offsets = header.base_offsets;
  segment->indexed = true;
  segment->index = Index(header.base_offsets.size());

  Result<void> done = segment->file->write(encode_segment_header(header), 0);
  if (done) done = segment->file->sync();
  if (done) done = setup_.files->rename(spare.path, segment->path);
  if (done) done = setup_.files->sync_folder(setup_.folder);
  std::lock_guard lock(mutex_);
  spare_bytes_ -= segment->file->size();
  if (!done) return fail(std::move(done).error().during(segment->path));
  durable_ = {segment->number, kSegmentHeaderBytes};
  segments_.push_back(segment);
  current_ = std::move(segment);
  setup_.counters->segments_made += 1;
  return {};
}

Result<void> Journal::make_spare() {
  size_t before = 0;
  {
    std::lock_guard lock(spares_mutex_);
    before = spares_.size();
  }
  Result<void> made = reserve() ? create_spare() : at_limit();
  if (made || made.error().code != ErrorCode::ResourceExhausted) return made;
  // The room may be with a file that the house is just preparing, or with what is not needed.
  const std::lock_guard preparing(preparing_mutex_);
  const auto got_one = [&] {
    std::lock_guard lock(spares_mutex_);
    return spares_.size() > before;
  };
  while (!got_one()) {
    if (!recycle_oldest(true)) return made;
  }
  return {};
}

// With the room for it reserved.
Result<void> Journal::create_spare() {
  std::lock_guard lock(spares_mutex_);
  const std::string path = setup_.folder + "/" + spare_name(next_spare_++);
  Result<std::unique_ptr<File>> file = setup_.files->create(path, setup_.segment_bytes);
  if (!file) {
    give_back();
    return no_room(file.error());
  }
  spares_.push_back({path, std::move(*file)});
  return {};
}

std::unexpected<Error> Journal::at_limit() const {
  return fail(ErrorCode::ResourceExhausted,
              "log: no room for a new segment in " + setup_.folder + ": its limit of " +
                  std::to_string(setup_.options.bytes_max) +
                  " bytes is reached and not all groups have committed the oldest one");
}

std::unexpected<Error> Journal::no_room(const Error& cause) const {
  if (cause.code != ErrorCode::ResourceExhausted) return fail(cause);
  return fail(ErrorCode::ResourceExhausted, "log: no space left for a new segment of " +
                                                std::to_string(setup_.segment_bytes) +
                                                " bytes in " + setup_.folder + "; free some space");
}

bool Journal::recycle_oldest(bool needed) {
  std::lock_guard spares_lock(spares_mutex_);
  std::shared_ptr<Segment> oldest;
  {
    std::lock_guard lock(mutex_);
    if (segments_.size() < 2 || floor_.empty()) return false;
    if (setup_.options.retention == Retention::Forever) return false;
    for (size_t i = 0; i < floor_.size(); ++i) {
      if (floor_[i] < segments_[1]->base_offsets[i]) return false;
    }
    uint64_t retained = 0;
    for (size_t i = 1; i + 1 < segments_.size(); ++i) retained += segments_[i]->file->size();
    if (!needed && retained < setup_.options.retention_bytes) return false;
    oldest = segments_.front();
  }
  const bool reuse =
      oldest->file->size() == setup_.segment_bytes && (needed || spares_.size() < kSparesMax);
  const std::string path = setup_.folder + "/" + spare_name(next_spare_++);
  Result<void> done =
      reuse ? setup_.files->rename(oldest->path, path) : setup_.files->remove(oldest->path);
  // Before the file is written again: otherwise it might wake up under its old name.
  if (done) done = setup_.files->sync_folder(setup_.folder);
  if (!done) {
    log_warning("segment_not_recycled", {{"file", oldest->path}, {"error", done.error()}});
    return false;
  }
  if (reuse) spares_.push_back({path, oldest->file});
  setup_.counters->segments_recycled += 1;
  std::lock_guard lock(mutex_);
  if (reuse) spare_bytes_ += oldest->file->size();
  segments_.pop_front();
  std::erase_if(recent_, [&](const auto& chunk) { return chunk->segment == oldest->number; });
  return true;
}

void Journal::tidy() {
  while (recycle_oldest(false)) {
  }
  {
    std::lock_guard lock(mutex_);
    const Segment& current = *segments_.back();
    if (current.end < current.file->size() / 2) return;
  }
  {
    std::lock_guard lock(spares_mutex_);
    if (!spares_.empty()) return;
  }
  const std::lock_guard preparing(preparing_mutex_);
  if (!reserve()) return;
  const std::string path = setup_.folder + "/" + spare_name(0);
  Result<std::unique_ptr<File>> file = setup_.files->create(path, setup_.segment_bytes);
  Result<void> done;
  if (file) done = fill_with_zeroes(**file);
  std::lock_guard lock(spares_mutex_);
  const std::string named = setup_.folder + "/" + spare_name(next_spare_++);
  if (file && done) done = setup_.files->rename(path, named);
  if (file && done) {
    spares_.push_back({named, std::move(*file)});
    return;
  }
  // A full disk is met again, and reported, by whoever needs the file.
  if (file) (void)setup_.files->remove(path);
  give_back();
}

// Counts a new file in, if the limit allows one.
bool Journal::reserve() {
  std::lock_guard lock(mutex_);
  uint64_t held = spare_bytes_;
  for (const auto& segment : segments_) held += segment->file->size();
  const uint64_t limit = setup_.options.bytes_max;
  if (limit != 0 && held + setup_.segment_bytes > limit) return false;
  spare_bytes_ += setup_.segment_bytes;
  return true;
}

void Journal::give_back() {
  std::lock_guard lock(mutex_);
  spare_bytes_ -= setup_.segment_bytes;
}

std::vector<uint64_t> Journal::next() const {
  std::lock_guard lock(mutex_);
  return next_;
}

Place Journal::durable() const {
  std::lock_guard lock(mutex_);
  return durable_;
}

uint64_t Journal::first_offset(uint32_t partition) const {
  std::lock_guard lock(mutex_);
  return segments_.front()->base_offsets[partition];
}

void Journal::set_floor(std::vector<uint64_t> floor) {
  std::lock_guard lock(mutex_);
  floor_ = std::move(floor);
}

}  // namespace flare::segment_log
