#include "flare/adapter/rocksdb/database.h"

#include <pthread.h>
#include <rocksdb/env.h>
#include <rocksdb/listener.h>

#include "flare/adapter/rocksdb/status.h"
#include "flare/base/log.h"

namespace flare::rocksdb {
namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "1";

Error in(const std::string& directory, Error error) {
  return std::move(error).during("store " + directory);
}

}  // namespace

// Learns what has become durable as soon as a flush has.
class Database::FlushListener final : public ::rocksdb::EventListener {
 public:
  explicit FlushListener(Database& database) : database_(database) {}

  void OnFlushCompleted(::rocksdb::DB*, const ::rocksdb::FlushJobInfo& info) override {
    if (info.cf_name == kFamilyNames[kPartitions]) database_.refresh_durable();
  }

 private:
  Database& database_;
};

Database::Database(Options options) : options_(std::move(options)) {}

Result<std::unique_ptr<Database>> Database::open(Options options, ::rocksdb::Env* env) {
  std::unique_ptr<Database> database(new Database(std::move(options)));
  const std::string& directory = database->options_.directory;
  if (Result<> checked = database->check_format(env); !checked) {
    return fail(in(directory, std::move(checked).error()));
  }
  if (Result<> opened = database->open_files(env); !opened) {
    return fail(in(directory, std::move(opened).error()));
  }
  database->flusher_ = std::thread([&store = *database] { store.flush_forever(); });
  return database;
}

// Before anything is written: a store of another format, or a directory of something else, is
// left exactly as it is.
Result<> Database::check_format(::rocksdb::Env* env) const {
  const std::string& directory = options_.directory;
  if (env->FileExists(directory + "/CURRENT").IsNotFound()) {
    std::vector<std::string> files;
    if (env->GetChildren(directory, &files).ok()) {
      for (const std::string& file : files) {
        if (file.ends_with(".sst")) {
          return fail(ErrorCode::DataLoss, "has data files but no CURRENT file");
        }
      }
      return {};
    }
    return to_result(env->CreateDirIfMissing(directory));
  }

  ::rocksdb::DBOptions plain;
  plain.env = env;
  plain.info_log_level = ::rocksdb::HEADER_LEVEL;
  ::rocksdb::DB* opened = nullptr;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  const auto status = ::rocksdb::DB::OpenForReadOnly(
      plain, directory, {{kFamilyNames[kDefault], {}}}, &handles, &opened);
  if (!status.ok()) return fail(to_error(status));
  const std::unique_ptr<::rocksdb::DB> db(opened);
  std::string format;
  const auto found = db->Get({}, handles[0], std::string(kFormatKey), &format);
  std::vector<::rocksdb::LiveFileMetaData> files;
  db->GetLiveFilesMetaData(&files);
  db->DestroyColumnFamilyHandle(handles[0]);
  if (found.IsNotFound() && files.empty()) return {};  // its first opening was cut short
  if (found.IsNotFound()) {
    return fail(ErrorCode::InvalidArgument, "is a RocksDB database but not a message store");
  }
  if (!found.ok()) return fail(to_error(found));
  if (format != kFormat) {
    return fail(ErrorCode::InvalidArgument, "has format version " + format +
                                                "; this program reads and writes version " +
                                                std::string(kFormat));
  }
  return {};
}

Result<> Database::open_files(::rocksdb::Env* env) {
  ::rocksdb::DBOptions database = database_options(options_, env);
  database.listeners.push_back(std::make_shared<FlushListener>(*this));
  ::rocksdb::DB* opened = nullptr;
  const auto status = ::rocksdb::DB::Open(database, options_.directory,
                                          family_descriptors(options_), &handles_, &opened);
  if (!status.ok()) {
    Error error = to_error(status);
    if (status.IsIOError() && error.message.find("LOCK") != std::string::npos) {
      error.message = "is open in another process: " + error.message;
    }
    return fail(std::move(error));
  }
  db_.reset(opened);
  if (Result<> written = write_format(); !written) return written;
  return read_partitions();
}

Result<> Database::write_format() {
  std::string format;
  const std::string key(kFormatKey);
  if (db_->Get({}, handle(kDefault), key, &format).ok()) return {};
  ::rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  const auto status = db_->Put(without_log, handle(kDefault), key, std::string(kFormat));
  if (!status.ok()) return fail(to_error(status));
  return to_result(db_->Flush({}, handles_));
}

Result<> Database::read_partitions() {
  std::lock_guard lock(offsets_mutex_);
  const std::unique_ptr<::rocksdb::Iterator> row(db_->NewIterator({}, handle(kPartitions)));
  for (row->SeekToFirst(); row->Valid(); row->Next()) {
    if (row->key().size() != 8 || row->value().size() != 8) {
      return fail(ErrorCode::DataLoss, "a partition's row is malformed");
    }
    const auto partition = static_cast<uint32_t>(keys::number(row->key().ToStringView()));
    applied_[partition] = keys::number(row->value().ToStringView());
  }
  durable_ = applied_;
  return to_result(row->status());
}

Database::~Database() {
  if (flusher_.joinable()) {
    {
      std::lock_guard lock(closing_mutex_);
      closing_ = true;
    }
    closing_changed_.notify_all();
    flusher_.join();
  }
  if (!db_) return;
  if (options_.flush_on_close) {
    if (Result<> flushed = flush(); !flushed) {
      // Nothing is lost: the event log is replayed from durable().
      log_warning("store_close", {{"directory", options_.directory}, {"error", flushed.error()}});
    }
  }
  for (::rocksdb::ColumnFamilyHandle* family : handles_) db_->DestroyColumnFamilyHandle(family);
  const auto status = db_->Close();
  if (!status.ok()) {
    log_warning("store_close", {{"directory", options_.directory}, {"error", to_error(status)}});
  }
}

uint64_t Database::applied(uint32_t partition) const {
  std::lock_guard lock(offsets_mutex_);
  const auto found = applied_.find(partition);
  return found == applied_.end() ? 0 : found->second;
}

uint64_t Database::durable(uint32_t partition) const {
  std::lock_guard lock(offsets_mutex_);
  const auto found = durable_.find(partition);
  return found == durable_.end() ? 0 : found->second;
}

// Memory -> files, all families at one point, every flush_interval. RocksDB flushes earlier when a
// buffer is full.
void Database::flush_forever() {
  pthread_setname_np(pthread_self(), "store-flush");
  bool failing = false;
  std::unique_lock lock(closing_mutex_);
  while (!closing_changed_.wait_for(lock, options_.flush_interval, [this] { return closing_; })) {
    lock.unlock();
    Result<> flushed = flush();
    if (!flushed && !failing) {
      log_error("store_flush", {{"directory", options_.directory}, {"error", flushed.error()}});
    }
    failing = !flushed;
    lock.lock();
  }
}

Result<> Database::flush() {
  std::lock_guard one_at_a_time(flush_mutex_);
  if (Result<> written = write_delivered(); !written) return written;
  ::rocksdb::FlushOptions wait;
  wait.wait = true;
  wait.allow_write_stall = true;
  const auto status = db_->Flush(wait, handles_);
  if (!status.ok()) return fail(to_error(status));
  refresh_durable();
  return {};
}

// What a read of the flushed files alone shows: a partition's row is flushed together with
// everything that was applied before it, or not at all.
void Database::refresh_durable() {
  if (!db_) return;  // a flush while opening
  std::vector<uint32_t> partitions;
  {
    std::lock_guard lock(offsets_mutex_);
    for (const auto& [partition, offset] : applied_) partitions.push_back(partition);
  }
  ::rocksdb::ReadOptions flushed_only;
  flushed_only.read_tier = ::rocksdb::kPersistedTier;
  for (const uint32_t partition : partitions) {
    std::string value;
    const auto status =
        db_->Get(flushed_only, handle(kPartitions), keys::partition(partition), &value);
    if (!status.ok() || value.size() != 8) continue;  // not flushed yet
    std::lock_guard lock(offsets_mutex_);
    uint64_t& durable = durable_[partition];
    durable = std::max(durable, keys::number(value));
  }
}

}  // namespace flare::rocksdb
