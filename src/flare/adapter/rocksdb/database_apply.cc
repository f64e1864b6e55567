#include <algorithm>

#include "flare/adapter/rocksdb/database.h"

namespace flare::rocksdb {
namespace {

// Delivered positions kept in memory until the next flush, about 150 bytes each.
constexpr size_t kDeliveredMax = 1'000'000;

// While flushing cannot keep up, apply() waits this long for it, then refuses.
constexpr std::chrono::seconds kRoomWaitMax{5};

// One piece of memory for all messages of a batch. The batch's own bytes would keep whole read
// buffers of the log alive.
std::vector<Bytes> copies(const std::vector<port::MessageRow>& rows) {
  size_t size = 0;
  for (const port::MessageRow& row : rows) size += row.message.size();
  std::string all;
  all.reserve(size);
  for (const port::MessageRow& row : rows) all.append(row.message.view());
  const Bytes whole = Bytes::take(std::move(all));
  std::vector<Bytes> messages;
  messages.reserve(rows.size());
  size_t begin = 0;
  for (const port::MessageRow& row : rows) {
    messages.push_back(whole.slice(whole.view().substr(begin, row.message.size())));
    begin += row.message.size();
  }
  return messages;
}

}  // namespace

// Compared before the work, to refuse cheaply, and again where nobody can come between.
Result<> Database::apply(const port::ApplyBatch& batch) {
  if (Result<> first = check_offset(batch); !first) return first;
  if (Result<> room = wait_for_room(); !room) return fail(std::move(room).error().during("apply"));
  std::vector<Bytes> messages = copies(batch.messages);
  std::lock_guard lock(rows_mutex_);
  if (Result<> still = check_offset(batch); !still) return still;
  if (!batch.removed_members.empty()) forget_delivered(batch.removed_members);
  active_->apply(batch, std::move(messages));
  std::lock_guard offsets_lock(offsets_mutex_);
  applied_[batch.partition] = batch.next_offset;
  return {};
}

Result<> Database::check_offset(const port::ApplyBatch& batch) const {
  const uint64_t at = applied(batch.partition);
  if (at == batch.expected_offset) return {};
  return fail(ErrorCode::Conflict,
              "apply: partition " + std::to_string(batch.partition) + " is at offset " +
                  std::to_string(at) + ", not " + std::to_string(batch.expected_offset));
}

bool Database::has_room() const {
  std::shared_lock lock(rows_mutex_);
  return active_->bytes() < options_.write_buffer_bytes;
}

// Memory is bounded: past one buffer a flush begins, and past two we wait for it. A disk that is
// full is noticed here, before anything of the batch is applied.
Result<> Database::wait_for_room() {
  const auto used = [this] {
    std::shared_lock lock(rows_mutex_);
    return active_->bytes();
  };
  if (used() < options_.write_buffer_bytes) return {};
  std::unique_lock lock(state_mutex_);
  const TimePoint give_up = std::chrono::steady_clock::now() + kRoomWaitMax;
  while (true) {
    if (!flush_wanted_) {
      flush_wanted_ = true;
      state_changed_.notify_all();
    }
    if (used() < 2 * options_.write_buffer_bytes) return {};
    if (!last_flush_) return last_flush_;
    if (state_changed_.wait_until(lock, give_up) == std::cv_status::timeout) {
      return fail(ErrorCode::ResourceExhausted, "flushing cannot keep up");
    }
  }
}

Result<> Database::note_delivered(const std::vector<port::Delivered>& delivered) {
  std::string key;
  std::lock_guard lock(delivered_mutex_);
  if (delivered_.size() + delivered.size() > kDeliveredMax) {
    return fail(ErrorCode::ResourceExhausted, "too many delivered positions wait for a flush");
  }
  for (const port::Delivered& one : delivered) {
    keys::put_member(key, one.member.tenant.text, one.member.conversation.text,
                     one.member.user.text);
    keys::Position& position = delivered_[key];
    if (one.seq > position.seq) position = {one.seq, one.time_ms};
  }
  return {};
}

void Database::forget_delivered(const std::vector<port::MemberKey>& members) {
  std::string key;
  std::lock_guard lock(delivered_mutex_);
  for (const port::MemberKey& member : members) {
    keys::put_member(key, member.tenant.text, member.conversation.text, member.user.text);
    delivered_.erase(key);
  }
}

}  // namespace flare::rocksdb
