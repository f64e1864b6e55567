// Rows: walks over the rows of one family that begin with one prefix. For this room's sources only.
#pragma once

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <string_view>

#include "flare/adapter/rocksdb/keys.h"
#include "flare/adapter/rocksdb/status.h"

namespace flare::rocksdb {

class Rows {
 public:
  Rows(::rocksdb::DB& db, ::rocksdb::ColumnFamilyHandle* family, std::string prefix)
      : prefix_(std::move(prefix)),
        end_(keys::after_prefix(prefix_)),
        lower_(prefix_),
        upper_(end_) {
    ::rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower_;
    options.iterate_upper_bound = &upper_;
    at_.reset(db.NewIterator(options, family));
  }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // To the first row at or after, or the last at or before, prefix + rest.
  void seek(std::string_view rest) { at_->Seek(prefix_ + std::string(rest)); }
  void seek_back(std::string_view rest) { at_->SeekForPrev(prefix_ + std::string(rest)); }

  void next() { at_->Next(); }
  void previous() { at_->Prev(); }

  // False at the end and after a failure, which status() then tells.
  bool valid() const { return at_->Valid(); }
  Result<> status() const { return to_result(at_->status()); }

  std::string_view rest() const { return at_->key().ToStringView().substr(prefix_.size()); }
  std::string_view value() const { return at_->value().ToStringView(); }

 private:
  const std::string prefix_;
  const std::string end_;
  const ::rocksdb::Slice lower_;
  const ::rocksdb::Slice upper_;
  std::unique_ptr<::rocksdb::Iterator> at_;
};

}  // namespace flare::rocksdb
