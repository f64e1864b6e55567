// Appends a second, next to what the disk gives a bare write and sync of as many bytes. The ratio
// of the two is the number to watch; the absolute ones are the machine's. Files are made in the
// current folder, because the system's temporary one is often memory.
#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/format.h"
#include "flare/base/run.h"

namespace flare::segment_log {
namespace {

// A message of 128 bytes of text, with its envelope.
constexpr size_t kBodyBytes = 256;

struct BenchFolder {
  BenchFolder() : path("segment_log_bench." + std::to_string(::getpid())) {
    std::filesystem::create_directories(path);
  }
  ~BenchFolder() { std::filesystem::remove_all(path); }
  BenchFolder(const BenchFolder&) = delete;
  BenchFolder& operator=(const BenchFolder&) = delete;
  const std::string path;
};

struct OpenLog {
  OpenLog() {
    Options options;
    options.data = folder.path;
    log = EventLog::open(options).value();
    topic = log->topic("storage-messages", 4).value();
  }
  BenchFolder folder;
  std::unique_ptr<EventLog> log;
  port::LogTopic* topic = nullptr;
};

void BM_RawWriteAndSync(benchmark::State& state) {
  BenchFolder folder;
  const int file = ::open((folder.path + "/raw").c_str(), O_RDWR | O_CREAT, 0600);
  constexpr off_t kFileBytes = 64 << 20;
  const std::string zeroes(1 << 20, '\0');
  for (off_t at = 0; at < kFileBytes; at += 1 << 20) {
    benchmark::DoNotOptimize(::pwrite(file, zeroes.data(), zeroes.size(), at));
  }
  ::fsync(file);
  const std::string batch(static_cast<size_t>(state.range(0)) * record_bytes(kBodyBytes), 'x');
  off_t at = 0;
  for (auto _ : state) {
    if (at + static_cast<off_t>(batch.size()) > kFileBytes) at = 0;
    benchmark::DoNotOptimize(::pwrite(file, batch.data(), batch.size(), at));
    if (::fdatasync(file) != 0) state.SkipWithError("fdatasync");
    at += static_cast<off_t>(batch.size());
  }
  ::close(file);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_RawWriteAndSync)->RangeMultiplier(10)->Range(1, 1000)->UseRealTime();

Task<> append_for_ever(port::LogTopic* topic, uint64_t key, Bytes body, const bool* stop,
                       int64_t* left, Loop* loop) {
  while (!*stop) {
    co_await topic->append(
        Context{}.within(std::chrono::seconds(5), std::chrono::steady_clock::now()), {key, body},
        port::Durability::Synced);
    if (--*left == 0) loop->stop();
  }
}

struct LoudFaults final : Faults {
  void report(std::string_view, const Error& error) override {
    std::fprintf(stderr, "%s\n", error.message.c_str());
    std::abort();
  }
};

// As many coroutines as one loop has in flight, each with one record at a time.
void BM_SyncedAppends(benchmark::State& state) {
  OpenLog log;
  LoudFaults faults;
  Loop loop("bench");
  Scope scope("bench", faults);
  const Bytes body = Bytes::take(std::string(kBodyBytes, 'x'));
  bool stop = false;
  int64_t left = 0;
  loop.post([&] {
    for (int64_t i = 0; i < state.range(0); ++i) {
      scope.spawn(append_for_ever(log.topic, static_cast<uint64_t>(i), body, &stop, &left, &loop));
    }
  });
  for (auto _ : state) {
    left = state.range(0);
    loop.run();
  }
  stop = true;
  std::ignore = run(loop, scope.close());
  const Stats stats = log.log->stats();
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["per_commit"] =
      static_cast<double>(stats.records_appended) / static_cast<double>(stats.commits);
  state.counters["sync_us"] =
      static_cast<double>(stats.sync_nanoseconds) / 1000 / static_cast<double>(stats.syncs);
}
BENCHMARK(BM_SyncedAppends)->RangeMultiplier(10)->Range(1, 1000)->UseRealTime();

Task<> append_one_batch(port::LogTopic* topic, size_t count, Bytes body) {
  std::vector<port::LogRecord> records;
  for (size_t i = 0; i < count; ++i) records.push_back({i, body});
  co_await topic->append_batch({}, std::move(records), port::Durability::Synced);
}

void BM_SyncedBatches(benchmark::State& state) {
  OpenLog log;
  Loop loop("bench");
  const Bytes body = Bytes::take(std::string(kBodyBytes, 'x'));
  for (auto _ : state) {
    Result<void> done =
        run(loop, append_one_batch(log.topic, static_cast<size_t>(state.range(0)), body));
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SyncedBatches)->RangeMultiplier(10)->Range(1, 1000)->UseRealTime();

Task<> derive_and_read(port::LogTopic* topic, port::LogSubscription* reader, Bytes body,
                       int count) {
  for (int i = 0; i < count; ++i) {
    co_await topic->append({}, {static_cast<uint64_t>(i), body}, port::Durability::Derived);
  }
  for (int seen = 0; seen < count;) {
    const port::LogBatch batch = co_await reader->next({}, 256);
    seen += static_cast<int>(batch.records.size());
    reader->commit(batch.partition, batch.next());
  }
}

// Our own cost a record, appended and read, with the disk out of the way.
void BM_DerivedAppendAndRead(benchmark::State& state) {
  OpenLog log;
  Loop loop("bench");
  auto reader = log.topic->subscribe("bench", 0, 1).value();
  const Bytes body = Bytes::take(std::string(kBodyBytes, 'x'));
  for (auto _ : state) {
    Result<void> done = run(loop, derive_and_read(log.topic, reader.get(), body, 1000));
    if (!done) state.SkipWithError(done.error().message.c_str());
  }
  state.SetItemsProcessed(state.iterations() * 1000);
}
BENCHMARK(BM_DerivedAppendAndRead)->UseRealTime();

// Starting again with a full last segment: everything in it is checked.
void BM_Reopen(benchmark::State& state) {
  BenchFolder folder;
  Options options;
  options.data = folder.path;
  options.segment_bytes = static_cast<uint64_t>(state.range(0)) << 20;
  {
    auto log = EventLog::open(options).value();
    port::LogTopic* topic = log->topic("storage-messages", 4).value();
    const auto records = static_cast<size_t>(state.range(0)) << 20;
    const Bytes body = Bytes::take(std::string(kBodyBytes, 'x'));
    for (size_t i = 1; i < records / record_bytes(kBodyBytes) * 9 / 10 / 1000; ++i) {
      std::ignore = run(append_one_batch(topic, 1000, body));
    }
  }
  for (auto _ : state) {
    auto log = EventLog::open(options);
    if (!log) state.SkipWithError(log.error().message.c_str());
    state.PauseTiming();
    log = fail(ErrorCode::Internal, "closed");
    state.ResumeTiming();
  }
}
BENCHMARK(BM_Reopen)->Arg(8)->Arg(64)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace flare::segment_log
