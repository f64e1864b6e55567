#include "flare/adapter/rocksdb/database.h"

#include <rocksdb/env.h>

#include "flare/adapter/rocksdb/status.h"
#include "flare/base/log.h"

namespace flare::rocksdb {
namespace {

constexpr std::string_view kFormatKey = "format";
constexpr std::string_view kFormat = "1";

std::string text(std::string_view view) { return std::string(view); }

}  // namespace

Result<std::unique_ptr<Database>> Database::open(Options options, ::rocksdb::Env* env) {
  std::unique_ptr<Database> database(new Database(std::move(options)));
  Result<> opened = database->check_directory(env);
  if (opened) opened = database->open_files(env);
  if (!opened) {
    return fail(std::move(opened).error().during("store " + database->options_.directory));
  }
  database->flusher_ = std::thread([&store = *database] { store.flush_forever(); });
  return database;
}

// Before anything is written: a store of another format, or a directory of something else, is left
// exactly as it is.
Result<> Database::check_directory(::rocksdb::Env* env) const {
  const std::string& directory = options_.directory;
  if (env->FileExists(directory + "/CURRENT").ok()) return check_format(env);
  std::vector<std::string> files;
  if (!env->GetChildren(directory, &files).ok()) return to_result(env->CreateDir(directory));
  for (const std::string& file : files) {
    if (file.ends_with(".sst")) return fail(ErrorCode::DataLoss, "the file CURRENT is missing");
  }
  return {};
}

Result<> Database::check_format(::rocksdb::Env* env) const {
  ::rocksdb::DBOptions plain;
  plain.env = env;
  plain.info_log_level = ::rocksdb::HEADER_LEVEL;
  ::rocksdb::DB* opened = nullptr;
  std::vector<::rocksdb::ColumnFamilyHandle*> handles;
  const auto status = ::rocksdb::DB::OpenForReadOnly(
      plain, options_.directory, {{kFamilyNames[kDefault], {}}}, &handles, &opened);
  if (!status.ok()) return fail(to_error(status));
  const std::unique_ptr<::rocksdb::DB> db(opened);
  std::string format;
  const auto found = db->Get({}, handles[0], text(kFormatKey), &format);
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
                                                text(kFormat));
  }
  return {};
}

Result<> Database::open_files(::rocksdb::Env* env) {
  ::rocksdb::DB* opened = nullptr;
  const auto status = ::rocksdb::DB::Open(database_options(options_, env), options_.directory,
                                          family_descriptors(options_), &handles_, &opened);
  if (!status.ok()) {
    Error error = to_error(status);
    if (status.IsIOError() && error.message.find("LOCK") != std::string::npos) {
      error = std::move(error).during("is open in another process");
    }
    return fail(std::move(error));
  }
  db_.reset(opened);
  if (Result<> written = write_format(); !written) return written;
  if (const auto made = env->CreateDirIfMissing(flush_directory()); !made.ok()) {
    return fail(to_error(made));
  }
  std::vector<std::string> left;  // by a crash during a flush
  env->GetChildren(flush_directory(), &left);
  for (const std::string& file : left) env->DeleteFile(flush_directory() + "/" + file);
  return read_partitions();
}

Result<> Database::write_format() {
  std::string format;
  const std::string key = text(kFormatKey);
  const auto found = db_->Get({}, handle(kDefault), key, &format);
  if (!found.IsNotFound()) return to_result(found);
  ::rocksdb::WriteOptions without_log;
  without_log.disableWAL = true;
  const auto status = db_->Put(without_log, handle(kDefault), key, text(kFormat));
  if (!status.ok()) return fail(to_error(status));
  return to_result(db_->Flush({}, handle(kDefault)));
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
      std::lock_guard lock(state_mutex_);
      closing_ = true;
    }
    state_changed_.notify_all();
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

}  // namespace flare::rocksdb
