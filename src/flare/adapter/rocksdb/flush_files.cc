#include "flare/adapter/rocksdb/flush_files.h"

#include <rocksdb/sst_file_writer.h>

#include <algorithm>
#include <tuple>

#include "flare/adapter/rocksdb/keys.h"
#include "flare/adapter/rocksdb/status.h"

namespace flare::rocksdb {
namespace {

using ::rocksdb::Slice;

Slice slice(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

struct FlushFiles::File {
  File(const ::rocksdb::Options& options, ::rocksdb::ColumnFamilyHandle* family, std::string at)
      : path(std::move(at)), writer(::rocksdb::EnvOptions(options), options, family) {}

  const std::string path;
  ::rocksdb::SstFileWriter writer;
};

FlushFiles::FlushFiles(::rocksdb::DB& db,
                       const std::vector<::rocksdb::ColumnFamilyHandle*>& handles,
                       std::string directory)
    : db_(db), handles_(handles), directory_(std::move(directory)), files_(kFamilyCount) {}

FlushFiles::~FlushFiles() {
  for (const std::unique_ptr<File>& file : files_) {
    if (file) db_.GetEnv()->DeleteFile(file->path);
  }
}

FlushFiles::File* FlushFiles::open(Family family) {
  if (!failure_) return nullptr;
  if (files_[family]) return files_[family].get();
  auto file = std::make_unique<File>(db_.GetOptions(handles_[family]), handles_[family],
                                     directory_ + "/" + kFamilyNames[family] + ".sst");
  failure_ = to_result(file->writer.Open(file->path));
  files_[family] = std::move(file);
  return failure_ ? files_[family].get() : nullptr;
}

void FlushFiles::put(Family family, std::string_view key, std::string_view value) {
  if (File* file = open(family)) failure_ = to_result(file->writer.Put(slice(key), slice(value)));
}

void FlushFiles::remove(Family family, std::string_view key) {
  if (File* file = open(family)) failure_ = to_result(file->writer.Delete(slice(key)));
}

void FlushFiles::put_all(const Memory& memory) {
  std::vector<const TextMap<Memory::Conversation>::value_type*> sorted;
  sorted.reserve(memory.conversations().size());
  for (const auto& entry : memory.conversations()) sorted.push_back(&entry);
  std::ranges::sort(sorted, {},
                    [](const auto* entry) -> const std::string& { return entry->first; });

  for (const auto* entry : sorted) {
    const auto& [key, conversation] = *entry;
    if (conversation.row) put(kConversations, key, model::encode(*conversation.row));
    if (conversation.head) put(kHeads, key, model::encode(*conversation.head));
  }
  put_messages(sorted);
  put_ids(memory);
  put_memberships(memory);
  for (const auto& [partition, offset] : memory.partitions()) {
    std::string value;
    keys::put_number(value, offset);
    put(kPartitions, keys::partition(partition), value);
  }
}

// Messages and members, whose keys begin with their conversation's.
void FlushFiles::put_messages(
    const std::vector<const TextMap<Memory::Conversation>::value_type*>& sorted) {
  std::string key;
  for (const auto* entry : sorted) {
    key = entry->first;
    key.push_back('\0');
    const size_t prefix = key.size();
    for (const Memory::Message& message : entry->second.messages) {
      key.resize(prefix);
      keys::put_number(key, message.seq);
      put(kMessages, key, message.bytes.view());
    }
    for (const auto& [user, member] : entry->second.members) {
      key.resize(prefix);
      key.append(user);
      if (member) {
        put(kMembers, key, model::encode(*member));
      } else {
        remove(kMembers, key);
      }
    }
  }
}

void FlushFiles::put_ids(const Memory& memory) {
  using Entry = std::pair<Memory::Id, Memory::Place>;
  std::vector<Entry> sorted(memory.ids().begin(), memory.ids().end());
  std::ranges::sort(sorted, [](const Entry& a, const Entry& b) {
    if (a.first.tenant != b.first.tenant) return *a.first.tenant < *b.first.tenant;
    return a.first.message < b.first.message;
  });
  std::string key;
  std::string value;
  for (const auto& [id, place] : sorted) {
    keys::put_message_id(key, *id.tenant, id.message);
    keys::put_place(value, {place.seq, keys::conversation(*place.conversation)});
    put(kMessageIds, key, value);
  }
}

void FlushFiles::put_memberships(const Memory& memory) {
  std::vector<const TextMap<Memory::Memberships>::value_type*> sorted;
  sorted.reserve(memory.memberships().size());
  for (const auto& entry : memory.memberships()) sorted.push_back(&entry);
  std::ranges::sort(sorted, {},
                    [](const auto* entry) -> const std::string& { return entry->first; });
  for (const auto* entry : sorted) {
    for (const auto& [conversation, present] : entry->second) {
      if (present) {
        put(kMemberships, entry->first + conversation, {});
      } else {
        remove(kMemberships, entry->first + conversation);
      }
    }
  }
}

Result<> FlushFiles::become_durable() {
  if (!failure_) return failure_;
  std::vector<::rocksdb::IngestExternalFileArg> arguments;
  for (size_t family = 0; family < kFamilyCount; ++family) {
    if (!files_[family]) continue;
    const auto finished = files_[family]->writer.Finish();
    if (!finished.ok()) return fail(to_error(finished));
    ::rocksdb::IngestExternalFileArg argument;
    argument.column_family = handles_[family];
    argument.external_files = {files_[family]->path};
    argument.options.move_files = true;
    argument.options.snapshot_consistency = false;  // nobody holds a snapshot
    argument.options.write_global_seqno = false;
    arguments.push_back(std::move(argument));
  }
  if (arguments.empty()) return {};
  const auto ingested = db_.IngestExternalFiles(arguments);
  if (!ingested.ok()) return fail(to_error(ingested));
  return {};
}

}  // namespace flare::rocksdb
