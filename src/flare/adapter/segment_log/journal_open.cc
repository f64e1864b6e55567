#include <algorithm>
#include <cassert>

#include "flare/adapter/segment_log/journal.h"
#include "flare/base/log.h"

namespace flare::segment_log {
namespace {

std::unexpected<Error> lost(const std::string& path, uint64_t position, std::string_view what) {
  return fail(ErrorCode::DataLoss,
              path + " at byte " + std::to_string(position) + ": " + std::string(what));
}

}  // namespace

Result<std::unique_ptr<Journal>> Journal::open(Setup setup, Place durable) {
  std::unique_ptr<Journal> journal(new Journal(std::move(setup)));
  if (Result<void> opened = journal->open_files(durable); !opened) {
    return fail(std::move(opened).error());
  }
  if (journal->segments_.empty()) return nullptr;
  return journal;
}

Result<void> Journal::open_files(Place durable) {
  Result<std::vector<std::string>> names = setup_.files->list(setup_.folder);
  if (!names) return fail(std::move(names).error());
  for (const std::string& name : *names) {
    Result<void> opened;
    if (const uint64_t number = segment_number(name); number != 0) {
      opened = open_segment(number);
    } else if (name.starts_with("spare-")) {
      opened = open_spare(name);
    }
    if (!opened) return opened;
  }
  if (durable.segment != 0 && (segments_.empty() || segments_.back()->number < durable.segment)) {
    return fail(ErrorCode::DataLoss,
                setup_.folder + "/" + segment_name(durable.segment) +
                    ": the file is missing; it had synced records up to byte " +
                    std::to_string(durable.position));
  }
  if (segments_.empty()) return {};
  return recover_last(durable);
}

Result<void> Journal::open_spare(const std::string& name) {
  const std::string path = setup_.folder + "/" + name;
  Result<std::unique_ptr<File>> file = setup_.files->open(path);
  if (!file) return fail(std::move(file).error());
  const uint64_t number = spare_number(name);
  // Number 0 was being made when the process ended.
  if (number == 0 || (*file)->size() != setup_.segment_bytes) return setup_.files->remove(path);
  next_spare_ = std::max(next_spare_, number + 1);
  spare_bytes_ += (*file)->size();
  spares_.push_back({path, std::move(*file)});
  return {};
}

// In the order of their numbers. Records are not looked at, except in the last one: an older
// segment was wholly on the disk before the next one began, and is checked when it is read.
Result<void> Journal::open_segment(uint64_t number) {
  auto segment = std::make_shared<Segment>();
  segment->number = number;
  segment->path = setup_.folder + "/" + segment_name(number);
  Result<std::unique_ptr<File>> file = setup_.files->open(segment->path);
  if (!file) return fail(std::move(file).error());
  segment->file = std::move(*file);

  Window window(*segment->file);
  const auto header = decode_segment_header(window.view(0, kSegmentHeaderBytes));
  if (!window.status()) return fail(Error(window.status().error()).during(segment->path));
  if (!header) return lost(segment->path, 0, "the segment's header does not check out");
  if (header->number != number) return lost(segment->path, 16, "the file is another segment");
  segment->previous_end = header->previous_end;
  segment->base_offsets = header->base_offsets;

  if (!segments_.empty()) {
    Segment& previous = *segments_.back();
    if (previous.number + 1 != number) {
      return fail(ErrorCode::DataLoss, setup_.folder + "/" + segment_name(previous.number + 1) +
                                           ": the file is missing");
    }
    const bool ascending =
        previous.base_offsets.size() == header->base_offsets.size() &&
        std::ranges::equal(previous.base_offsets, header->base_offsets, std::less_equal<>());
    if (!ascending || header->previous_end < kSegmentHeaderBytes ||
        header->previous_end > previous.file->size()) {
      return lost(segment->path, 0, "the segment does not follow the one before");
    }
    previous.end = header->previous_end;
  }
  segments_.push_back(std::move(segment));
  return {};
}

Result<void> Journal::recover_last(Place durable) {
  current_ = segments_.back();
  Segment& last = *current_;
  last.index = Index(last.base_offsets.size());
  last.indexed = true;
  Window window(*last.file);
  Walk walk{.segment = last.number, .limit = last.file->size(), .next = last.base_offsets};
  walk.run(window, [&](uint64_t at, const Record&) {
    if (last.index.due(at)) last.index.add(at, walk.next);
  });
  if (!window.status()) return fail(Error(window.status().error()).during(last.path));

  const uint64_t proven =
      durable.segment == last.number ? durable.position : uint64_t{kSegmentHeaderBytes};
  uint32_t epoch = walk.epoch;
  if (Result<void> checked = check_tail(walk, window, proven, &epoch); !checked) return checked;
  epoch_ = epoch + 1;
  last.end = static_cast<uint32_t>(walk.position);
  next_ = walk.next;
  if (Result<void> done = make_durable(proven, last.end); !done) {
    return fail(std::move(done).error().during(last.path));
  }
  durable_ = {last.number, last.end};
  return {};
}

// The chain of records ends at walk.position. Is that the end of what was synced, or is something
// broken there? It is broken if a place beyond is known to have been durable: from the checkpoint,
// or because a later record says so. Otherwise a crash has torn a write that nobody was told about.
Result<void> Journal::check_tail(const Walk& walk, Window& window, uint64_t durable,
                                 uint32_t* epoch) {
  const std::string& path = segments_.back()->path;
  const uint64_t end = walk.position;
  if (end < durable) return lost(path, end, "a synced record does not check out");
  if (const auto record = window.record(end, walk.limit, walk.segment);
      record && record->header.epoch >= walk.epoch) {
    return lost(path, end, "a sound record is out of order");
  }
  const auto header = peek_record_header(window.view(end, kRecordHeaderBytes));
  bool torn = header && header->segment == static_cast<uint32_t>(walk.segment);
  uint64_t sound_behind = 0;
  for (uint64_t at = end; at + kRecordHeaderBytes <= walk.limit;) {
    const std::optional<Record> record = window.record(at, walk.limit, walk.segment);
    if (!record) {
      at += kRecordAlignment;
      continue;
    }
    if (record->header.durable_end > end) {
      return lost(path, end,
                  "a synced record does not check out; the record at byte " + std::to_string(at) +
                      " was written after it");
    }
    *epoch = std::max(*epoch, record->header.epoch);
    torn = true;
    ++sound_behind;
    at += record->bytes;
  }
  if (!window.status()) return fail(Error(window.status().error()).during(path));
  if (torn) {
    setup_.counters->torn_tails += 1;
    log_warning("segment_tail_cut", {{"file", path},
                                     {"byte", end},
                                     {"reason", "a write was not finished before the crash"},
                                     {"unsynced_records_behind", sound_behind}});
  }
  return {};
}

// After the death of a process its last writes may be in the page cache only, and after a failed
// sync the cache may hold what the disk never got. What we serve from now on must be on the disk,
// so it is written once more.
Result<void> Journal::make_durable(uint64_t from, uint64_t to) {
  File& file = *segments_.back()->file;
  Window window(file);
  constexpr uint64_t kPieceBytes = 1 << 20;
  while (from < to) {
    const auto piece = std::string(window.view(from, std::min(kPieceBytes, to - from)));
    if (!window.status()) return window.status();
    if (Result<void> written = file.write(piece, from); !written) return written;
    from += piece.size();
  }
  return file.sync();
}

}  // namespace flare::segment_log
