#include <rocksdb/db.h>

#include <thread>

#include "flare/adapter/rocksdb/database.h"
#include "flare/adapter/rocksdb/status.h"
#include "flare/base/log.h"

namespace flare::rocksdb {
namespace {

// Memberships remembered as written: 100 bytes each, so at most 25 MB. Past it, all are forgotten
// and written once more.
constexpr size_t kMembershipsMax = 250'000;

// Delivered positions kept in memory until the next flush, about 150 bytes each.
constexpr size_t kDeliveredMax = 1'000'000;

// While flushing cannot keep up, apply() waits this long for it, then refuses.
constexpr std::chrono::seconds kStallMax{5};
constexpr std::chrono::milliseconds kStallPause{1};

// After a failed flush RocksDB refuses all writes until it is told to try again.
constexpr std::chrono::seconds kResumePause{1};

}  // namespace

Result<> Database::apply(const port::ApplyBatch& batch) {
  const uint64_t at = applied(batch.partition);
  if (at != batch.expected_offset) {
    return fail(ErrorCode::Conflict,
                "partition " + std::to_string(batch.partition) + " is at offset " +
                    std::to_string(at) + ", not " + std::to_string(batch.expected_offset));
  }
  rows_.Clear();
  Result<> written = put_rows(batch);
  if (written) written = write(rows_);
  if (!written) {
    memberships_.clear();  // some of them may not have been written
    return fail(std::move(written).error().during("apply"));
  }
  std::lock_guard lock(offsets_mutex_);
  applied_[batch.partition] = batch.next_offset;
  return {};
}

void Database::put(Family family, std::string_view value) {
  rows_.Put(handle(family), key_, ::rocksdb::Slice(value.data(), value.size()));
}

Result<> Database::put_rows(const port::ApplyBatch& batch) {
  for (const port::MessageRow& row : batch.messages) {
    const std::string& tenant = row.conversation.tenant.text;
    const std::string& conversation = row.conversation.conversation.text;
    keys::put_message(key_, tenant, conversation, row.seq);
    put(kMessages, row.message.view());
    keys::put_message_id(key_, tenant, row.id);
    keys::put_place(value_, {row.seq, conversation});
    put(kMessageIds, value_);
  }
  for (const port::ConversationRow& row : batch.conversations) {
    keys::put_conversation(key_, row.tenant.text, row.conversation.id.text);
    put(kConversations, model::encode(row.conversation));
  }
  for (const port::HeadRow& row : batch.heads) {
    keys::put_conversation(key_, row.key.tenant.text, row.key.conversation.text);
    put(kHeads, model::encode(row.head));
  }
  put_members(batch);
  key_ = keys::partition(batch.partition);
  value_.clear();
  keys::put_number(value_, batch.next_offset);
  put(kPartitions, value_);
  return {};
}

// A member's row changes with almost every message, the membership beside it only when the member
// comes and goes; so those known to be written are not written again.
void Database::put_members(const port::ApplyBatch& batch) {
  for (const port::MemberKey& removed : batch.removed_members) {
    const std::string& tenant = removed.tenant.text;
    keys::put_member(key_, tenant, removed.conversation.text, removed.user.text);
    rows_.Delete(handle(kMembers), key_);
    rows_.Delete(handle(kDelivered), key_);
    keys::put_membership(key_, tenant, removed.user.text, removed.conversation.text);
    rows_.Delete(handle(kMemberships), key_);
    memberships_.erase(key_);
    forget_delivered(removed);
  }
  if (memberships_.size() > kMembershipsMax) memberships_.clear();
  for (const port::MemberRow& row : batch.members) {
    const std::string& tenant = row.conversation.tenant.text;
    const std::string& conversation = row.conversation.conversation.text;
    keys::put_member(key_, tenant, conversation, row.member.user.text);
    put(kMembers, model::encode(row.member));
    keys::put_membership(key_, tenant, row.member.user.text, conversation);
    if (memberships_.insert(key_).second) put(kMemberships, {});
  }
}

Result<> Database::write(::rocksdb::WriteBatch& rows) {
  ::rocksdb::WriteOptions options;
  options.disableWAL = true;  // the event log replays what a crash takes
  options.no_slowdown = true;
  const TimePoint give_up = std::chrono::steady_clock::now() + kStallMax;
  ::rocksdb::Status status = db_->Write(options, &rows);
  while (status.IsIncomplete() && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(kStallPause);
    status = db_->Write(options, &rows);
  }
  if (!status.ok() && !status.IsIncomplete()) {
    resume_if_due();
    status = db_->Write(options, &rows);
  }
  return to_result(status);
}

void Database::resume_if_due() {
  const TimePoint now = std::chrono::steady_clock::now();
  if (now < next_resume_) return;
  next_resume_ = now + kResumePause;
  const auto status = db_->Resume();
  log_warning("store_resume", {{"directory", options_.directory}, {"status", status.ToString()}});
}

// Positions are collected in memory and written with the next flush, one row a member however
// often it moved.
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

void Database::forget_delivered(const port::MemberKey& member) {
  std::string key;
  keys::put_member(key, member.tenant.text, member.conversation.text, member.user.text);
  std::lock_guard lock(delivered_mutex_);
  delivered_.erase(key);
}

Result<> Database::write_delivered() {
  std::vector<std::string> keys;
  std::vector<keys::Position> noted;
  {
    std::lock_guard lock(delivered_mutex_);
    for (const auto& [key, position] : delivered_) {
      keys.push_back(key);
      noted.push_back(position);
    }
  }
  if (keys.empty()) return {};
  Values values;
  std::vector<bool> found;
  if (Result<> got = get_all(kDelivered, keys, values, found); !got) return got;
  ::rocksdb::WriteBatch rows;
  std::string value;
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto stored = found[i] ? keys::position(values[i].ToStringView()) : std::nullopt;
    if (stored && stored->seq >= noted[i].seq) continue;
    keys::put_position(value, noted[i]);
    rows.Put(handle(kDelivered), keys[i], value);
  }
  ::rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  const auto status = db_->Write(without_log, &rows);
  if (!status.ok()) return fail(to_error(status));
  std::lock_guard lock(delivered_mutex_);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto at = delivered_.find(keys[i]);
    if (at != delivered_.end() && at->second.seq == noted[i].seq) delivered_.erase(at);
  }
  return {};
}

}  // namespace flare::rocksdb
