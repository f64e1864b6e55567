// What storing a message costs: CPU of the whole process per message, the flushes and merges it
// causes included. Says nothing about disks.
//
//   rocksdb_bench --benchmark_filter=Apply --benchmark_min_time=20
//
// Longer runs see more merging and are the honest ones.
#include <benchmark/benchmark.h>
#include <rocksdb/env.h>
#include <stdlib.h>
#include <time.h>

#include <filesystem>

#include "flare/adapter/rocksdb/database.h"
#include "flare/base/wire.h"

namespace flare::rocksdb {
namespace {

constexpr size_t kConversations = 500;
constexpr size_t kBodyBytes = 128;

double cpu_us(clockid_t whose) {
  timespec now{};
  ::clock_gettime(whose, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct TemporaryStore {
  TemporaryStore() {
    std::string pattern = (std::filesystem::temp_directory_path() / "store-bench-XXXXXX").string();
    directory = ::mkdtemp(pattern.data());
    database =
        Database::open({.directory = directory, .flush_on_close = false}, ::rocksdb::Env::Default())
            .value();
  }
  ~TemporaryStore() {
    database.reset();
    std::filesystem::remove_all(directory);
  }

  std::filesystem::path directory;
  std::unique_ptr<Database> database;
};

// Single chats between neighbours, written to in turn by both sides.
class Traffic {
 public:
  Traffic() {
    for (size_t i = 0; i < kConversations; ++i) {
      std::string pair[2] = {"user-" + std::to_string(100'000 + 2 * i),
                             "user-" + std::to_string(100'001 + 2 * i)};
      keys_.push_back({{"acme"}, model::single_conversation({pair[0]}, {pair[1]})});
      for (std::string& user : pair) members_.push_back({.user = {std::move(user)}});
    }
    heads_.resize(kConversations);
  }

  port::ApplyBatch batch(size_t count) {
    port::ApplyBatch batch{.expected_offset = next_, .next_offset = next_ + count};
    std::vector<size_t> touched;
    for (size_t i = 0; i < count; ++i) {
      const size_t at = (next_ + i) * 7919 % kConversations;
      batch.messages.push_back(message(at));
      touched.push_back(at);
    }
    next_ += count;
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const size_t at : touched) {
      batch.heads.push_back({keys_[at], heads_[at]});
      batch.members.push_back({keys_[at], members_[2 * at + heads_[at].last_seq % 2]});
    }
    return batch;
  }

  port::LoadRequest absent(size_t count) {
    port::LoadRequest request;
    for (size_t i = 0; i < count; ++i) {
      request.messages.push_back({keys_[0].tenant, model::message_id({"acme"}, {"none"}, {"u"},
                                                                     std::to_string(asked_++))});
    }
    return request;
  }

 private:
  port::MessageRow message(size_t at) {
    model::Head& head = heads_[at];
    ++head.last_seq;
    ++head.ordinal;
    head.last_time_ms = 1'700'000'000'000 + static_cast<int64_t>(next_);
    model::Member& sender = members_[2 * at + head.last_seq % 2];
    sender.last_sent_seq = head.last_seq;
    ++sender.sent_ordinal;
    const std::string client_id = "c-" + std::to_string(head.last_seq);
    const MessageId id =
        model::message_id(keys_[at].tenant, keys_[at].conversation, sender.user, client_id);
    std::string body(kBodyBytes, ' ');
    for (char& c : body)
      c = static_cast<char>('a' +
                            (random_ = random_ * 6364136223846793005u + 1) / (uint64_t{1} << 59));
    std::string content;
    wire::put_bytes(content, 1, body);
    std::string bytes;
    wire::put_bytes(bytes, 1, keys_[at].conversation.text);
    wire::put_bytes(bytes, 2, id.view());
    wire::put_bytes(bytes, 3, sender.user.text);
    wire::put_bytes(bytes, 4, client_id);
    wire::put_uint(bytes, 5, static_cast<uint64_t>(head.last_time_ms));
    wire::put_message(bytes, 6, content);
    wire::put_uint(bytes, 20, head.last_seq);
    wire::put_uint(bytes, 21, head.ordinal);
    wire::put_uint(bytes, 22, sender.sent_ordinal);
    wire::put_uint(bytes, 23, static_cast<uint64_t>(head.last_time_ms));
    wire::put_uint(bytes, 25, next_);
    return {keys_[at], id, head.last_seq, Bytes::take(std::move(bytes))};
  }

  uint64_t next_ = 0;
  uint64_t asked_ = 0;
  uint64_t random_ = 1;
  std::vector<port::ConversationKey> keys_;
  std::vector<model::Head> heads_;
  std::vector<model::Member> members_;
};

void BM_Apply(benchmark::State& state) {
  TemporaryStore store;
  Traffic traffic;
  const auto size = static_cast<size_t>(state.range(0));
  double making_us = 0;
  double applying_us = 0;
  const double begin_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
  for (auto _ : state) {
    const double making = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    const port::ApplyBatch batch = traffic.batch(size);
    const double made = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    Result<> applied = store.database->apply(batch);
    applying_us += cpu_us(CLOCK_THREAD_CPUTIME_ID) - made;
    making_us += made - making;
    if (!applied) state.SkipWithError(applied.error().message.c_str());
  }
  if (!store.database->flush()) state.SkipWithError("flush failed");
  const double all_us = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - begin_us - making_us;
  const auto messages = static_cast<double>(state.iterations()) * static_cast<double>(size);
  state.counters["apply_us"] = applying_us / messages;  // the writer's thread alone
  state.counters["all_us"] = all_us / messages;         // with flushes and merges
  state.counters["messages"] = messages;
  state.SetItemsProcessed(static_cast<int64_t>(messages));
}
BENCHMARK(BM_Apply)->Arg(1)->Arg(32)->Arg(256);

// The writer's question before each batch: has any of these been applied already? Hardly ever.
void BM_LoadAbsentIds(benchmark::State& state) {
  TemporaryStore store;
  Traffic traffic;
  constexpr size_t kStored = 300'000;
  for (size_t stored = 0; stored < kStored; stored += 256) {
    if (!store.database->apply(traffic.batch(256))) state.SkipWithError("apply failed");
    if (stored % (kStored / 5) < 256 && !store.database->flush())
      state.SkipWithError("flush failed");
  }
  const auto size = static_cast<size_t>(state.range(0));
  const port::LoadRequest request = traffic.absent(size);
  for (auto _ : state) {
    auto loaded = store.database->load(request);
    if (!loaded) state.SkipWithError(loaded.error().message.c_str());
    benchmark::DoNotOptimize(loaded);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(size));
}
BENCHMARK(BM_LoadAbsentIds)->Arg(1)->Arg(32)->Arg(256);

void BM_ReadPage(benchmark::State& state) {
  TemporaryStore store;
  Traffic traffic;
  for (size_t stored = 0; stored < 100'000; stored += 256) {
    if (!store.database->apply(traffic.batch(256))) state.SkipWithError("apply failed");
  }
  if (state.range(0) != 0 && !store.database->flush()) state.SkipWithError("flush failed");
  const port::ConversationKey key{{"acme"},
                                  model::single_conversation({"user-100010"}, {"user-100011"})};
  for (auto _ : state) {
    auto page = store.database->read({.conversation = key, .backwards = true});
    if (!page || page->size() != 50) state.SkipWithError("no page");
    benchmark::DoNotOptimize(page);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_ReadPage)->ArgName("flushed")->Arg(0)->Arg(1);

}  // namespace
}  // namespace flare::rocksdb
