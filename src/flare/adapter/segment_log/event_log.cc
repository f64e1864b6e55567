#include "flare/adapter/segment_log/event_log.h"

#include <algorithm>
#include <map>
#include <mutex>

#include "flare/adapter/segment_log/engine.h"
#include "flare/adapter/segment_log/topic.h"

namespace flare::segment_log {
namespace {

constexpr uint64_t kSegmentBytesMin = 16 << 10;
constexpr uint64_t kSegmentBytesMax = 1 << 30;
constexpr size_t kNameBytesMax = 200;

bool is_topic_name(std::string_view name) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !name.empty() && name.size() <= kNameBytesMax && name[0] != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void> check(const Options& options) {
  if (options.data.empty()) return fail(ErrorCode::InvalidArgument, "log: data is empty");
  if (options.segment_bytes < kSegmentBytesMin || options.segment_bytes > kSegmentBytesMax) {
    return fail(ErrorCode::InvalidArgument,
                "log: segment_bytes = " + std::to_string(options.segment_bytes) +
                    ": must be between 16384 and 1073741824");
  }
  return {};
}

std::string log_folder(const Options& options) { return options.data + "/log"; }

Journal::Setup setup_of(Engine& engine, const std::string& topic) {
  const Options& options = engine.options();
  const auto found = options.topics.find(topic);
  return {.folder = log_folder(options) + "/" + topic,
          .segment_bytes = options.segment_bytes,
          .options = found == options.topics.end() ? options.topic : found->second,
          .files = &engine.files(),
          .counters = &engine.counters()};
}

// The folders of topics that have records.
Result<std::vector<std::string>> find_topics(Files& files, const std::string& folder) {
  Result<std::vector<std::string>> names = files.list(folder);
  if (!names) return names;
  std::vector<std::string> found;
  for (std::string& name : *names) {
    if (name == "LOCK" || name.starts_with("checkpoint-")) continue;
    Result<std::vector<std::string>> inside = files.list(folder + "/" + name);
    if (!inside) return inside;
    const bool has_segments =
        std::ranges::any_of(*inside, [](const auto& each) { return segment_number(each) != 0; });
    if (has_segments) found.push_back(std::move(name));
  }
  return found;
}

}  // namespace

struct EventLog::Topics {
  std::mutex mutex;
  std::map<std::string, std::shared_ptr<Topic>> by_name;  // guarded by mutex
};

EventLog::EventLog(std::unique_ptr<Engine> engine)
    : topics_(std::make_unique<Topics>()), engine_(std::move(engine)) {}

EventLog::~EventLog() = default;

Result<std::unique_ptr<EventLog>> EventLog::open(Options options) {
  if (Result<void> checked = check(options); !checked) return fail(std::move(checked).error());
  std::shared_ptr<Files> files = options.files ? options.files : posix_files();
  const std::string folder = log_folder(options);
  if (Result<void> made = files->make_folder(folder); !made) return fail(std::move(made).error());
  Result<std::unique_ptr<Files::Lock>> lock = files->lock(folder);
  if (!lock) return fail(std::move(lock).error());
  Result<std::vector<std::string>> names = find_topics(*files, folder);
  if (!names) return fail(std::move(names).error());
  Result<std::unique_ptr<Checkpoint>> checkpoint =
      Checkpoint::open(*files, folder, !names->empty());
  if (!checkpoint) return fail(std::move(checkpoint).error());

  auto engine = std::make_unique<Engine>(std::move(options), std::move(files), std::move(*lock),
                                         std::move(*checkpoint));
  for (const auto& [name, state] : engine->loaded()) {
    if (state.durable.segment == 0 || std::ranges::find(*names, name) != names->end()) continue;
    return fail(ErrorCode::DataLoss, folder + "/" + name + ": the topic's files are missing");
  }
  std::unique_ptr<EventLog> log(new EventLog(std::move(engine)));
  for (const std::string& name : *names) {
    if (Result<void> opened = log->open_topic(name); !opened) {
      return fail(std::move(opened).error());
    }
  }
  log->engine_->start();
  return log;
}

Result<void> EventLog::open_topic(const std::string& name) {
  const auto found = engine_->loaded().find(name);
  const TopicState state = found == engine_->loaded().end() ? TopicState{} : found->second;
  Result<std::unique_ptr<Journal>> journal = Journal::open(setup_of(*engine_, name), state.durable);
  if (!journal) return fail(std::move(journal).error());
  auto topic = std::make_shared<Topic>(name, std::move(*journal), *engine_, state.groups);
  topics_->by_name.emplace(name, topic);
  engine_->add(std::move(topic));
  return {};
}

Result<port::LogTopic*> EventLog::topic(std::string name, uint32_t partitions) {
  if (!is_topic_name(name) || partitions == 0 || partitions > kPartitionsMax) {
    return fail(ErrorCode::InvalidArgument, "log: no topic can be named \"" + name + "\" with " +
                                                std::to_string(partitions) + " partitions");
  }
  std::lock_guard lock(topics_->mutex);
  if (const auto found = topics_->by_name.find(name); found != topics_->by_name.end()) {
    if (found->second->partitions() == partitions) return found->second.get();
    return fail(ErrorCode::InvalidArgument, "log: topic " + name + " has " +
                                                std::to_string(found->second->partitions()) +
                                                " partitions, not " + std::to_string(partitions));
  }
  Journal::Setup setup = setup_of(*engine_, name);
  if (Result<void> made = engine_->files().make_folder(setup.folder); !made) {
    return fail(std::move(made).error());
  }
  Result<std::unique_ptr<Journal>> journal = Journal::create(std::move(setup), partitions);
  if (!journal) return fail(std::move(journal).error());
  if (Result<void> synced = engine_->files().sync_folder(log_folder(engine_->options())); !synced) {
    return fail(std::move(synced).error());
  }
  auto topic = std::make_shared<Topic>(name, std::move(*journal), *engine_,
                                       std::map<std::string, std::vector<uint64_t>>());
  engine_->add(topic);
  return topics_->by_name.emplace(std::move(name), std::move(topic)).first->second.get();
}

Stats EventLog::stats() const { return engine_->counters().read(); }

}  // namespace flare::segment_log
