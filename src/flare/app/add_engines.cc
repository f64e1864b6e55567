#include <filesystem>

#include "flare/adapter/in_process/outcome_feed.h"
#include "flare/adapter/in_process/presence_store.h"
#include "flare/adapter/rocksdb/message_store.h"
#include "flare/adapter/segment_log/event_log.h"
#include "flare/adapter/segment_log/write_ahead_log.h"
#include "flare/app/plan.h"

namespace flare::app {
namespace {

Result<std::string> data_directory(const Settings& settings) {
  const std::filesystem::path path = settings.top.data_dir;
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return path.string();
  // One level only: a mistyped path must not become a new empty system.
  if (!std::filesystem::create_directory(path, error)) {
    return fail(ErrorCode::InvalidArgument,
                "data_dir = \"" + path.string() + "\" is no directory and cannot be made: " +
                    error.message() + "; make its parent directory or set another");
  }
  return path.string();
}

Result<> add_event_log(Plan& plan, const std::string& directory) {
  const EventLogSettings& settings = plan.settings.event_log;
  segment_log::Options options{.data = directory,
                               .segment_bytes = settings.segment_bytes.bytes,
                               .cache_bytes = settings.cache_bytes.bytes};
  options.topics = {
      {settings.topic_storage_messages,
       {.retention_bytes = settings.retention_bytes.bytes, .bytes_max = settings.bytes_max.bytes}}};
  Result<std::unique_ptr<segment_log::EventLog>> opened =
      segment_log::EventLog::open(std::move(options));
  if (!opened) return fail(std::move(opened).error());
  segment_log::EventLog& log = plan.adopt(std::move(*opened));

  const auto topic = [&](const std::string& name, port::LogTopic*& slot) -> Result<> {
    Result<port::LogTopic*> found = log.topic(name, settings.partitions);
    if (!found) return fail(std::move(found).error());
    slot = *found;
    return {};
  };
  if (Result<> r = topic(settings.topic_storage_messages, plan.storage_messages); !r) return r;
  if (Result<> r = topic(settings.topic_push_messages, plan.push_messages); !r) return r;
  if (Result<> r = topic(settings.topic_push_dispatch, plan.push_dispatch); !r) return r;
  plan.wal = &plan.own<segment_log::WriteAheadLog>(*plan.storage_messages);
  return {};
}

Result<> add_message_store(Plan& plan, const std::string& directory) {
  const MessageStoreSettings& settings = plan.settings.message_store;
  rocksdb::Options options{.directory = directory + "/store",
                           .block_cache_bytes = settings.block_cache_bytes.bytes,
                           .write_buffer_bytes = settings.write_buffer_bytes.bytes,
                           .flush_interval = settings.flush_interval};
  Result<std::unique_ptr<rocksdb::MessageStore>> opened =
      rocksdb::MessageStore::open(std::move(options));
  if (!opened) return fail(std::move(opened).error());
  plan.store = &plan.adopt(std::move(*opened));
  return {};
}

}  // namespace

Result<> add_engines(Plan& plan) {
  Result<std::string> directory = data_directory(plan.settings);
  if (!directory) return fail(std::move(directory).error());
  if (Result<> log = add_event_log(plan, *directory); !log) return log;
  if (Result<> store = add_message_store(plan, *directory); !store) return store;
  plan.presence = &plan.own<in_process::PresenceStore>(plan.clock);
  plan.outcomes = &plan.own<in_process::OutcomeFeed>();
  return {};
}

}  // namespace flare::app
