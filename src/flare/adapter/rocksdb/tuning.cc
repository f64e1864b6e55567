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
using ::rocksdb::SliceTransform;

// False positives of 1 in 100 for 10 bits: an absent id costs a wasted block read once in 100.
constexpr double kFilterBitsPerKey = 10;

// Filters over a memtable, as a share of its size; 0.02 of 64 MB is 40 bits an id.
constexpr double kMemtableFilterShare = 0.02;

// Sorted runs of one family before they are merged. A run more costs a lookup one filter probe, a
// run less costs every row one more rewrite in its life.
constexpr int kRunsBeforeMerge = 8;

// Runs at which writers are slowed and stopped: far above, so that a burst is merged afterwards.
constexpr int kRunsSlow = 60;
constexpr int kRunsStop = 120;

// A message's key without its seq: rows of one conversation are inserted in order, and a search
// from the last one's place finds the next one's at once.
class WithoutSeq final : public SliceTransform {
 public:
  const char* Name() const override { return "flare.without_seq"; }
  Slice Transform(const Slice& key) const override {
    return {key.data(), key.size() - keys::kSeqBytes};
  }
  bool InDomain(const Slice& key) const override { return key.size() > keys::kSeqBytes; }
};

// The key itself: a row that is replaced again and again finds its own place at once.
class WholeKey final : public SliceTransform {
 public:
  const char* Name() const override { return "flare.whole_key"; }
  Slice Transform(const Slice& key) const override { return key; }
  bool InDomain(const Slice&) const override { return true; }
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

// What all families share.
ColumnFamilyOptions common(const Options& options, std::shared_ptr<::rocksdb::Cache> cache) {
  ColumnFamilyOptions family;
  family.write_buffer_size = options.write_buffer_bytes;
  family.max_write_buffer_number = 4;
  family.compression = best_compression();
  // Every flush overlaps every other (all conversations are alive at once). Merging runs of like
  // size rewrites a row about log8(history / flush) times; levels would rewrite it ten times a level.
  family.compaction_style = ::rocksdb::kCompactionStyleUniversal;
  family.compaction_options_universal.size_ratio = 20;
  family.compaction_options_universal.min_merge_width = 4;
  family.level0_file_num_compaction_trigger = kRunsBeforeMerge;
  family.level0_slowdown_writes_trigger = kRunsSlow;
  family.level0_stop_writes_trigger = kRunsStop;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table_options(std::move(cache))));
  return family;
}

// Rows that are looked up one by one: small blocks, hashed, filters over whole keys.
void tune_for_lookups(ColumnFamilyOptions& family, std::shared_ptr<::rocksdb::Cache> cache) {
  ::rocksdb::BlockBasedTableOptions table = table_options(std::move(cache));
  table.block_size = 4 << 10;
  table.data_block_index_type = ::rocksdb::BlockBasedTableOptions::kDataBlockBinaryAndHash;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  family.memtable_whole_key_filtering = true;
  family.memtable_prefix_bloom_size_ratio = kMemtableFilterShare;
}

// Pages of neighbours: large blocks, filters over conversations.
void tune_for_history(ColumnFamilyOptions& family, std::shared_ptr<::rocksdb::Cache> cache) {
  ::rocksdb::BlockBasedTableOptions table = table_options(std::move(cache));
  table.block_size = 16 << 10;
  table.whole_key_filtering = false;
  family.table_factory.reset(::rocksdb::NewBlockBasedTableFactory(table));
  family.prefix_extractor = std::make_shared<WithoutSeq>();
  family.memtable_insert_with_hint_prefix_extractor = family.prefix_extractor;
  // History is never replaced, so a run holds no garbage and merging everything gains nothing.
  family.compaction_options_universal.max_size_amplification_percent = 1000;
}

}  // namespace

::rocksdb::DBOptions database_options(const Options& options, ::rocksdb::Env* env) {
  ::rocksdb::DBOptions database;
  database.env = env;
  database.create_if_missing = true;
  database.create_missing_column_families = true;
  // All families are flushed at one point of the order of applying, or none: what survives a crash
  // is a state the store was in.
  database.atomic_flush = true;
  database.avoid_flush_during_shutdown = true;
  // One thread applies. Writers that never run side by side need no such insertion, and place hints
  // exclude it.
  database.allow_concurrent_memtable_write = false;
  database.max_background_jobs = options.background_threads;
  database.max_open_files = 1000;  // of the 20,000 descriptors connections need
  database.bytes_per_sync = 1 << 20;  // spreads a flush's writing out
  database.info_log_level = ::rocksdb::WARN_LEVEL;
  database.max_log_file_size = 4 << 20;
  database.keep_log_file_num = 4;
  database.stats_dump_period_sec = 0;
  database.stats_persist_period_sec = 0;
  return database;
}

std::vector<::rocksdb::ColumnFamilyDescriptor> family_descriptors(const Options& options) {
  const std::shared_ptr<::rocksdb::Cache> cache =
      ::rocksdb::NewLRUCache(options.block_cache_bytes);
  const auto whole_key = std::make_shared<WholeKey>();
  std::vector<::rocksdb::ColumnFamilyDescriptor> families;
  for (size_t i = 0; i < kFamilyCount; ++i) {
    ColumnFamilyOptions family = common(options, cache);
    switch (static_cast<Family>(i)) {
      case kMessages:
        tune_for_history(family, cache);
        break;
      case kMessageIds:
        tune_for_lookups(family, cache);
        // Half of a row is hash; packing it costs more than it saves.
        family.compression = ::rocksdb::kNoCompression;
        family.compaction_options_universal.max_size_amplification_percent = 1000;
        break;
      case kConversations:
      case kHeads:
      case kMembers:
        tune_for_lookups(family, cache);
        family.memtable_insert_with_hint_prefix_extractor = whole_key;
        break;
      case kPartitions:
      case kDelivered:
        family.memtable_insert_with_hint_prefix_extractor = whole_key;
        break;
      case kDefault:
      case kMemberships:
      case kFamilyCount:
        break;
    }
    families.emplace_back(kFamilyNames[i], family);
  }
  return families;
}

}  // namespace flare::rocksdb
