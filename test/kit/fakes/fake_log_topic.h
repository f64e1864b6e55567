// FakeLogTopic: a topic in memory, whole and honest: partitions, groups, commits. It forgets
// nothing, so a group can be moved back to replay.
//
// Belongs to one loop.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flare/base/pending.h"
#include "flare/port/event_log.h"

namespace flare {

class FakeLogTopic final : public port::LogTopic {
 public:
  explicit FakeLogTopic(std::string name, uint32_t partitions = 1)
      : name_(std::move(name)), records(partitions) {}

  const std::string& name() const override { return name_; }
  uint32_t partitions() const override { return static_cast<uint32_t>(records.size()); }
  Task<port::LogPosition> append(Context ctx, port::LogRecord record,
                                 port::Durability durability) override;
  Task<std::vector<port::LogPosition>> append_batch(Context ctx,
                                                    std::vector<port::LogRecord> batch,
                                                    port::Durability durability) override;
  Result<std::unique_ptr<port::LogSubscription>> subscribe(std::string group, uint32_t member,
                                                           uint32_t members) override;
  port::LogStatus status(uint32_t partition) const override;
  uint64_t committed(const std::string& group, uint32_t partition) const override;

  // Appends at once, as another process would.
  port::LogPosition put(uint64_t key_hash, Bytes body);

 private:
  friend class FakeLogSubscription;

  const std::string name_;
  std::vector<Pending<>> readers_;  // asleep until something is appended

 public:
  std::vector<std::vector<Bytes>> records;  // by partition
  std::map<std::pair<std::string, uint32_t>, uint64_t> commits;
  std::deque<Error> append_failures;  // of the next appends, first to last
  std::vector<std::string>* journal = nullptr;  // shared with another fake, to see the order
};

}  // namespace flare
