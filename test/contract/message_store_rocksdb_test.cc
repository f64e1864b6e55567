#include <stdlib.h>

#include <filesystem>

#include "contract/message_store_contract.h"
#include "flare/adapter/rocksdb/message_store.h"

namespace flare::contract {
namespace {

namespace fs = std::filesystem;

class RocksdbStores final : public MessageStores {
 public:
  RocksdbStores() {
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

  fs::path root_;
  fs::path directory_;
  int crashes_ = 0;
  std::unique_ptr<rocksdb::MessageStore> store_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(
    Rocksdb, MessageStoreContract,
    testing::Values(MessageStoreBackend{"rocksdb", [] { return std::make_unique<RocksdbStores>(); }}),
    [](const auto& info) { return info.param.name; });

}  // namespace flare::contract
