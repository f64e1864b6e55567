#include <algorithm>
#include <cassert>

#include "flare/adapter/segment_log/subscription.h"
#include "flare/adapter/segment_log/topic.h"

namespace flare::segment_log {

Result<std::unique_ptr<port::LogSubscription>> Topic::subscribe(std::string group, uint32_t member,
                                                                uint32_t members) {
  if (group.empty() || members == 0 || member >= members) {
    return fail(ErrorCode::InvalidArgument,
                "log: a subscription needs a group and a member below the number of members");
  }
  auto reader = std::make_shared<Reader>();
  reader->group = group;
  {
    std::lock_guard lock(mutex_);
    const auto [found, is_new] = groups_.try_emplace(std::move(group));
    if (is_new) {
      for (uint32_t i = 0; i < parts_.size(); ++i) {
        found->second.push_back(journal_->first_offset(i));
      }
    }
    for (uint32_t i = member; i < parts_.size(); i += members) {
      reader->partitions.push_back(i);
      reader->cursors.push_back(found->second[i]);
    }
    readers_.push_back(reader);
  }
  // From now on segments are kept for the group, so it must outlive a crash.
  engine_.checkpoint_soon();
  return std::make_unique<Subscription>(shared_from_this(), std::move(reader));
}

Topic::Taken Topic::take(Reader& reader, size_t records_max) {
  std::lock_guard lock(mutex_);
  const size_t held = reader.partitions.size();
  for (size_t i = 0; i < held; ++i) {
    const size_t at = (reader.turn + i) % held;
    const uint32_t index = reader.partitions[at];
    const Part& part = parts_[index];
    uint64_t& cursor = reader.cursors[at];
    if (cursor >= part.visible) continue;
    reader.turn = at + 1;
    if (cursor < part.tail_first) {
      return {.in_files = true, .partition = index, .offset = cursor, .visible = part.visible};
    }
    Taken taken{.batch = {.partition = index, .first_offset = cursor}};
    const auto count = std::min<uint64_t>(records_max, part.visible - cursor);
    const auto first = part.tail.begin() + static_cast<std::ptrdiff_t>(cursor - part.tail_first);
    taken.batch.records.assign(first, first + static_cast<std::ptrdiff_t>(count));
    cursor += count;
    return taken;
  }
  assert(reader.waiting == nullptr && "next() is called again before it has returned");
  reader.waiting = std::make_shared<Signal>(engine_.gate());
  ++readers_waiting_;
  return {.wait = reader.waiting};
}

void Topic::wake_readers(std::vector<Firing>& firings) {
  if (readers_waiting_ == 0) return;
  for (const auto& reader : readers_) {
    if (reader->waiting == nullptr) continue;
    for (size_t i = 0; i < reader->partitions.size(); ++i) {
      if (reader->cursors[i] >= parts_[reader->partitions[i]].visible) continue;
      firings.push_back({std::move(reader->waiting), std::nullopt});
      reader->waiting = nullptr;
      --readers_waiting_;
      break;
    }
  }
}

void Topic::moved(Reader& reader, uint32_t partition, uint64_t cursor) {
  std::lock_guard lock(mutex_);
  for (size_t i = 0; i < reader.partitions.size(); ++i) {
    if (reader.partitions[i] == partition) {
      reader.cursors[i] = std::max(reader.cursors[i], cursor);
    }
  }
}

void Topic::commit(const Reader& reader, uint32_t partition, uint64_t next) {
  {
    std::lock_guard lock(mutex_);
    assert(partition < parts_.size() && next <= parts_[partition].visible);
    uint64_t& committed = groups_[reader.group][partition];
    if (next <= committed) return;
    committed = next;
  }
  engine_.checkpoint_soon();
}

void Topic::stop_waiting(Reader& reader) {
  std::lock_guard lock(mutex_);
  if (reader.waiting == nullptr) return;
  reader.waiting = nullptr;
  --readers_waiting_;
}

void Topic::leave(const Reader& reader) {
  std::lock_guard lock(mutex_);
  if (reader.waiting != nullptr) --readers_waiting_;
  std::erase_if(readers_, [&](const auto& each) { return each.get() == &reader; });
}

uint64_t Topic::committed(const std::string& group, uint32_t partition) const {
  assert(partition < parts_.size());
  std::lock_guard lock(mutex_);
  const auto found = groups_.find(group);
  return found == groups_.end() ? journal_->first_offset(partition) : found->second[partition];
}

std::map<std::string, std::vector<uint64_t>> Topic::groups() const {
  std::lock_guard lock(mutex_);
  return groups_;
}

void Topic::committed_durably(const std::map<std::string, std::vector<uint64_t>>& groups) {
  std::vector<uint64_t> floor;
  for (const auto& [group, committed] : groups) {
    if (floor.empty()) floor = committed;
    for (size_t i = 0; i < floor.size(); ++i) floor[i] = std::min(floor[i], committed[i]);
  }
  journal_->set_floor(std::move(floor));
}

}  // namespace flare::segment_log
