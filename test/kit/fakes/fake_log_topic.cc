#include "kit/fakes/fake_log_topic.h"

#include <algorithm>

namespace flare {

class FakeLogSubscription final : public port::LogSubscription {
 public:
  FakeLogSubscription(FakeLogTopic& topic, std::string group)
      : topic_(topic), group_(std::move(group)) {
    for (uint32_t p = 0; p < topic.partitions(); ++p) next_.push_back(topic.committed(group_, p));
  }

  Task<port::LogBatch> next(Context ctx, size_t records_max) override {
    while (true) {
      for (uint32_t p = 0; p < topic_.partitions(); ++p) {
        const std::vector<Bytes>& all = topic_.records[p];
        if (next_[p] >= all.size()) continue;
        const size_t count = std::min<size_t>(records_max, all.size() - next_[p]);
        const auto first = all.begin() + static_cast<ptrdiff_t>(next_[p]);
        port::LogBatch batch{
            .partition = p,
            .first_offset = next_[p],
            .records = {first, first + static_cast<ptrdiff_t>(count)},
        };
        next_[p] = batch.next();
        co_return batch;
      }
      Pending<> appended;
      topic_.readers_.push_back(appended);
      co_await appended.wait(ctx);
    }
  }

  void commit(uint32_t partition, uint64_t next) override {
    uint64_t& committed = topic_.commits[{group_, partition}];
    committed = std::max(committed, next);
  }

 private:
  FakeLogTopic& topic_;
  const std::string group_;
  std::vector<uint64_t> next_;
};

port::LogPosition FakeLogTopic::put(uint64_t key_hash, Bytes body) {
  const auto partition = static_cast<uint32_t>(key_hash % records.size());
  records[partition].push_back(std::move(body));
  for (const Pending<>& reader : std::exchange(readers_, {})) reader.resolve({});
  if (journal != nullptr) journal->push_back("append " + name_);
  return {partition, records[partition].size() - 1};
}

Task<port::LogPosition> FakeLogTopic::append(Context ctx, port::LogRecord record,
                                             port::Durability durability) {
  std::vector<port::LogRecord> one;
  one.push_back(std::move(record));
  co_return (co_await append_batch(std::move(ctx), std::move(one), durability)).front();
}

Task<std::vector<port::LogPosition>> FakeLogTopic::append_batch(Context,
                                                                std::vector<port::LogRecord> batch,
                                                                port::Durability) {
  if (!append_failures.empty()) {
    Error failure = std::move(append_failures.front());
    append_failures.pop_front();
    co_await fail(std::move(failure));
  }
  std::vector<port::LogPosition> positions;
  for (port::LogRecord& record : batch) {
    positions.push_back(put(record.key_hash, std::move(record.body)));
  }
  co_return positions;
}

Result<std::unique_ptr<port::LogSubscription>> FakeLogTopic::subscribe(std::string group,
                                                                       uint32_t member,
                                                                       uint32_t members) {
  if (member >= members) return fail(ErrorCode::InvalidArgument, "no such member of the group");
  return std::make_unique<FakeLogSubscription>(*this, std::move(group));
}

port::LogStatus FakeLogTopic::status(uint32_t partition) const {
  return {.partition = partition, .first_offset = 0, .next_offset = records[partition].size()};
}

uint64_t FakeLogTopic::committed(const std::string& group, uint32_t partition) const {
  const auto found = commits.find({group, partition});
  return found == commits.end() ? 0 : found->second;
}

}  // namespace flare
