#include <stdlib.h>

#include <filesystem>

#include "contract/message_store_contract.h"
#include "flare/adapter/rocksdb/message_store.h"

namespace flare::contract {
namespace {

namespace fs = std::filesystem;

// Where the rows are when they are read: the same promises hold for all three.
enum class Rest { Memory, MemoryAndFiles, Files };

class RocksdbStores final : public MessageStores {
 public:
  explicit RocksdbStores(Rest rest) : rest_(rest) {
    std::string pattern = (fs::temp_directory_path() / "message-store-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    directory_ = root_ / "store";
    open();
  }
  ~RocksdbStores() override {
    store_.reset();
    fs::remove_all(root_);
  }

  port::MessageStore& store() override { return *store_; }
  void make_durable() override { ASSERT_TRUE(store_->flush()); }

  // After two flushes a step is in files only, so the last two are in memory.
  void settle() override {
    if (rest_ == Rest::MemoryAndFiles) make_durable();
    if (rest_ == Rest::Files) reopen();
  }

  void reopen() override {
    store_.reset();
    open();
  }

  // What a killed process leaves: the files as they are while the store is running.
  void reopen_after_crash() override {
    const fs::path left = root_ / ("crash-" + std::to_string(++crashes_));
    fs::copy(directory_, left);
    store_.reset();
    directory_ = left;
    open();
  }

 private:
  void open() {
    auto opened = rocksdb::MessageStore::open({.directory = directory_});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  const Rest rest_;
  fs::path root_;
  fs::path directory_;
  int crashes_ = 0;
  std::unique_ptr<rocksdb::MessageStore> store_;
};

template <Rest rest>
std::unique_ptr<MessageStores> make() {
  return std::make_unique<RocksdbStores>(rest);
}

}  // namespace

INSTANTIATE_TEST_SUITE_P(Rocksdb, MessageStoreContract,
                         testing::Values(MessageStoreBackend{"memory", make<Rest::Memory>},
                                         MessageStoreBackend{"memory_and_files",
                                                             make<Rest::MemoryAndFiles>},
                                         MessageStoreBackend{"files", make<Rest::Files>}),
                         [](const auto& info) { return info.param.name; });

}  // namespace flare::contract
