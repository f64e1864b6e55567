#include "flare/adapter/rocksdb/tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/universal_compaction.h>

#include <algorithm>

#include "flare/adapter/rocksdb/keys.h"

namespace flare::rocksdb {
namespace {

using ::rocksdb::ColumnFamilyOptions;
using ::rocksdb::Slice;

// 10 bits let one absent id in 100 through to a block that does not hold it.
constexpr double kFilterBitsPerKey = 10;

// Sorted runs of one family before they are merged. A run more costs a lookup one filter probe, a
// run less costs every row one more rewrite in its life.
constexpr int kRunsBeforeMerge = 8;

// A message's key without its seq: a filter over these tells in which files a conversation is.
class WithoutSeq final : public ::rocksdb::SliceTransform {
 public:
  const char* Name() const override { return "flare.without_seq"; }
  Slice Transform(const Slice& key) const override {
    return {key.data(), key.size() - keys::kSeqBytes};
  }
  bool InDomain(const Slice& key) const override { return key.size() > keys::kSeqBytes; }
};

::rocksdb::CompressionType best_compression() {
  const std::vector<::rocksdb::CompressionType> have = ::rocksdb::GetSupportedCompressions();
  for (const auto type : {::rocksdb::kLZ4Compression, ::rocksdb::kSnappyCompression}) {
    if (std::find(have.begin(), have.end(), type) != have.end()) return type;
  }
  return ::rocksdb::kNoCompression;
}

::rocksdb::BlockBasedTableOptions table_options(std::shared_ptr<::rocksdb::Cache> cache) {
  ::rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.filter_policy.reset(::rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.format_version = 5;
  // Indexes and filters count against the cache's size; otherwise memory grows with the history.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

// Rows that are looked up one by one: small, hashed blocks, filters over whole keys.
ColumnFamilyOptions for_lookups(std::shared_ptr<::rocksdb::Cache> cache) {
  ColumnFamilyOptions family;
  family.compression = best_compression();
  // Every flush overlaps every other (all conversations are alive at once). Merging runs of like
  // size rewrites a row about log8(history / flush) times; levels would do it ten times a level.
  family.compaction_style = ::rocksdb::kCompactionStyleUniversal;
  family.compaction_options_universal.size_ratio = 20;
  family.compaction_options_universal.min_merge_width = 4;
  family.level0_file_num_compaction_trigger = kRunsBeforeMerge;
  // Only RocksDB's own writes would be slowed by these, and there are none; flushes look
  // themselves.
  family.level0_slowdown_writes_trigger = 2 * kRunsStop;
  family.level0_stop_writes_trigger = 2 * kRunsStop;
  ::rocksdb::BlockBasedTableOptions table = table_options(std::move(cache));
  table.block_size = 4 << 10;
  table.data_block_index_type = ::rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  return family;
}

// Pages of neighbours: large blocks, filters over conversations.
ColumnFamilyOptions for_history(const std::shared_ptr<::rocksdb::Cache>& cache) {
  ColumnFamilyOptions family = for_lookups(cache);
  ::rocksdb::BlockBasedTableOptions table = table_options(cache);
  table.block_size = 16 << 10;
  table.whole_key_filtering = false;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  family.prefix_extractor = std::make_shared<WithoutSeq>();
  return family;
}

// History is never replaced, so a run holds no garbage and merging all of it gains nothing.
void never_replaced(ColumnFamilyOptions& family) {
  family.compaction_options_universal.max_size_amplification_percent = 1000;
}

}  // namespace

::rocksdb::DBOptions database_options(const Options& options, ::rocksdb::Env* env) {
  ::rocksdb::DBOptions database;
  database.env = env;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  database.max_background_jobs = options.background_threads;
  database.max_open_files = 1000;     // of the 20,000 descriptors that connections need
  database.bytes_per_sync = 1 << 20;  // spreads the writing of large files out
  database.info_log_level = ::rocksdb::WARN_LEVEL;
  database.max_log_file_size = 4 << 20;
  database.keep_log_file_num = 4;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

std::vector<::rocksdb::ColumnFamilyDescriptor> family_descriptors(const Options& options) {
  const auto cache = ::rocksdb::NewLRUCache(options.block_cache_bytes);
  std::vector<::rocksdb::ColumnFamilyDescriptor> families;
  for (const char* name : kFamilyNames) families.emplace_back(name, for_lookups(cache));
  families[kMessages].options = for_history(cache);
  // Half of an id's row is hash; packing it costs more than it saves.
  families[kMessageIds].options.compression = ::rocksdb::kNoCompression;
  never_replaced(families[kMessages].options);
  never_replaced(families[kMessageIds].options);
  return families;
}

}  // namespace flare::rocksdb
