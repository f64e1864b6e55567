#include "sim/machine.h"

#include <gtest/gtest.h>

#include "flare/adapter/in_process/outcome_feed.h"
#include "flare/adapter/rocksdb/message_store.h"
#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/write_ahead_log.h"
#include "flare/base/run.h"
#include "flare/service/message_orchestrator/message_orchestrator.h"
#include "flare/service/storage_writer/storage_writer.h"

namespace flare::sim {

using namespace std::chrono_literals;

namespace {

const TenantId kTenant{"acme"};
constexpr char kJudge[] = "judge";  // a consumer group
constexpr size_t kPage = 500;

// Longer than anything here takes; only a failing test waits so long.
constexpr auto kPatience = 60s;

Found found_in(std::string_view bytes) {
  const model::MessageView message = model::scan_message(bytes).value();
  return {.id = *model::message_id_from_bytes(message.message_id),
          .seq = message.seq,
          .sender = std::string(message.sender),
          .client_message_id = std::string(message.client_message_id)};
}

}  // namespace

// From one boot to the next.
struct Machine::Power {
  std::atomic<bool> on = true;
  std::atomic<uint64_t> step = 0;
  std::atomic<uint64_t> cut_at = ~uint64_t{0};
  std::stop_source gone;
};

// What stops while there is power must not have stopped.
class Machine::Alarm final : public Faults {
 public:
  explicit Alarm(Machine& machine) : machine_(machine) {}
  void report(std::string_view scope, const Error& error) override {
    if (machine_.has_power()) ADD_FAILURE() << scope << ": " << error.message;
  }

 private:
  Machine& machine_;
};

// Ends in the reverse order.
struct Machine::Running {
  std::unique_ptr<segment_log::EventLog> log;
  port::LogTopic* storage_messages = nullptr;
  port::LogTopic* push_messages = nullptr;
  std::unique_ptr<rocksdb::MessageStore> store;
  std::unique_ptr<segment_log::WriteAheadLog> wal;
  in_process::OutcomeFeed outcomes;
  SystemClock clock;
  MetricRegistry registry;
  storage_writer::Metrics writer_metrics{registry};
  message_orchestrator::Metrics orchestrator_metrics{registry};
  std::unique_ptr<storage_writer::StorageWriter> writer;
  std::unique_ptr<message_orchestrator::Orchestrator> orchestrator;

  Result<> open_log(segment_log::Options options) {
    Result<std::unique_ptr<segment_log::EventLog>> opened =
        segment_log::EventLog::open(std::move(options));
    if (!opened) return fail(std::move(opened).error());
    log = std::move(*opened);
    const auto topic = [this](const char* name, port::LogTopic** slot) -> Result<> {
      Result<port::LogTopic*> found = log->topic(name, kPartitions);
      if (!found) return fail(std::move(found).error());
      *slot = *found;
      return {};
    };
    if (Result<> r = topic("storage-messages", &storage_messages); !r) return r;
    if (Result<> r = topic("push-messages", &push_messages); !r) return r;
    wal = std::make_unique<segment_log::WriteAheadLog>(*storage_messages);
    return {};
  }

  void make_services(Faults& faults) {
    writer = std::make_unique<storage_writer::StorageWriter>(
        storage_writer::Config{.batch_max = 64},
        storage_writer::StorageWriter::Needs{*storage_messages, *push_messages, *store, outcomes,
                                             clock, faults, writer_metrics});
    orchestrator = std::make_unique<message_orchestrator::Orchestrator>(
        message_orchestrator::Config{},
        message_orchestrator::Orchestrator::Needs{*wal, *store, outcomes, clock, faults,
                                                  orchestrator_metrics});
  }
};

Machine::Machine(segment_log::Retention retention) : alarm_(std::make_unique<Alarm>(*this)) {
  log_options_.data = "/data";
  log_options_.files = files_;
  // Busy, so that commits become durable often.
  log_options_.cache_bytes = 64 << 10;
  log_options_.write_within = 1ms;
  log_options_.checkpoint_every = 1ms;
  log_options_.topics = {{"storage-messages", {.retention = retention}}};
  crash();
}

Machine::~Machine() { crash(); }

bool Machine::boot(Boot with) {
  log_options_.segment_bytes = with.segment_bytes;
  running_ = std::make_unique<Running>();
  if (Result<> opened = running_->open_log(log_options_); !opened) {
    if (has_power()) ADD_FAILURE() << opened.error().message;
    return false;
  }
  auto store = rocksdb::MessageStore::open({.directory = (directory_.path() / "store").string(),
                                            .block_cache_bytes = 8 << 20,
                                            .write_buffer_bytes = 1 << 20,
                                            .flush_interval = with.flush_interval,
                                            .flush_on_close = false});
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return false;
  }
  running_->store = std::move(*store);
  running_->make_services(*alarm_);
  Result<> started = run(running_->writer->start(context()));
  if (started) started = run(running_->orchestrator->start(context()));
  if (!started && has_power()) ADD_FAILURE() << started.error().message;
  return started.has_value();
}

void Machine::cut_power_at(uint64_t step) { power_->cut_at = power_->step + step; }

void Machine::cut_power() {
  power_->on = false;
  disk_->power_cut();
  power_->gone.request_stop();
}

bool Machine::has_power() const { return power_->on; }

void Machine::crash(std::function<bool()> keeps) {
  if (power_) cut_power();
  if (running_ && running_->orchestrator) std::ignore = run(running_->orchestrator->stop({}));
  if (running_ && running_->writer) std::ignore = run(running_->writer->stop({}));
  running_ = nullptr;
  disk_->restart(std::move(keeps));
  power_ = std::make_shared<Power>();
  disk_->interfere([this, power = power_](segment_log::FakeFiles::Step,
                                          const std::string&) -> std::optional<Error> {
    if (++power->step == power->cut_at) cut_power();
    return std::nullopt;
  });
}

Context Machine::context() const {
  return Context{.tenant = kTenant, .trace = "sim", .stop = power_->gone.get_token()}.within(
      kPatience, SystemClock().now());
}

Result<> Machine::run(Task<> task) { return flare::run(loop_, std::move(task)); }
api::Orchestrator& Machine::orchestrator() { return *running_->orchestrator; }
Faults& Machine::faults() { return *alarm_; }

Story Machine::stored(const std::vector<std::string>& conversations) {
  Story story;
  for (const std::string& conversation : conversations) {
    std::vector<Found>& messages = story[conversation];
    while (true) {
      port::ReadRange range{.conversation = {kTenant, {conversation}},
                            .from_seq = messages.empty() ? 1 : messages.back().seq + 1,
                            .limit = kPage};
      const std::vector<Bytes> page =
          flare::run(loop_, running_->store->read(context(), std::move(range))).value();
      if (page.empty()) break;
      for (const Bytes& bytes : page) messages.push_back(found_in(bytes.view()));
    }
  }
  return story;
}

Story Machine::announced() {
  Story story;
  for (const port::LogRecord& record : read_all(*running_->push_messages)) {
    const model::EventView event = model::scan_event(record.body.view()).value();
    if (event.message.empty()) continue;
    const model::MessageView message = model::scan_message(event.message).value();
    story[std::string(message.conversation)].push_back(found_in(event.message));
  }
  return story;
}

std::vector<port::LogRecord> Machine::logged() { return read_all(*running_->storage_messages); }

std::vector<port::LogRecord> Machine::read_all(port::LogTopic& topic) {
  std::vector<port::LogRecord> records;
  for (uint32_t partition = 0; partition < kPartitions; ++partition) {
    const auto reader = topic.subscribe(kJudge, partition, kPartitions).value();
    uint64_t next = topic.status(partition).first_offset;
    while (next < topic.status(partition).next_offset) {
      port::LogBatch batch = flare::run(loop_, reader->next(context(), kPage)).value();
      for (Bytes& body : batch.records) records.push_back({partition, std::move(body)});
      next = batch.next();
    }
  }
  return records;
}

void Machine::append(std::vector<port::LogRecord> records) {
  ASSERT_TRUE(flare::run(loop_, running_->storage_messages->append_batch(
                                    context(), std::move(records), port::Durability::Synced)));
}

uint64_t Machine::first_offset(uint32_t partition) {
  return running_->storage_messages->status(partition).first_offset;
}

}  // namespace flare::sim
