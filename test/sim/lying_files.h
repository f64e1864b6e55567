// LyingFiles: a disk that can confirm a sync without doing it, as a drive does whose cache forgets.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flare/adapter/segment_log/files.h"

namespace flare::sim {

class LyingFiles final : public segment_log::Files {
 public:
  explicit LyingFiles(std::shared_ptr<segment_log::Files> disk) : disk_(std::move(disk)) {}

  // From now on. Any thread.
  void lie() { *lies_ = true; }

  Result<void> make_folder(const std::string& path) override { return disk_->make_folder(path); }
  Result<std::vector<std::string>> list(const std::string& folder) override {
    return disk_->list(folder);
  }
  Result<void> sync_folder(const std::string& folder) override {
    return disk_->sync_folder(folder);
  }
  Result<std::unique_ptr<segment_log::File>> open(const std::string& path) override {
    return wrap(disk_->open(path));
  }
  Result<std::unique_ptr<segment_log::File>> create(const std::string& path,
                                                    uint64_t bytes) override {
    return wrap(disk_->create(path, bytes));
  }
  Result<void> rename(const std::string& from, const std::string& to) override {
    return disk_->rename(from, to);
  }
  Result<void> remove(const std::string& path) override { return disk_->remove(path); }
  Result<std::unique_ptr<Lock>> lock(const std::string& folder) override {
    return disk_->lock(folder);
  }

 private:
  class LyingFile final : public segment_log::File {
   public:
    LyingFile(std::unique_ptr<segment_log::File> file, std::shared_ptr<std::atomic<bool>> lies)
        : file_(std::move(file)), lies_(std::move(lies)) {}
    uint64_t size() const override { return file_->size(); }
    Result<size_t> read(char* to, size_t bytes, uint64_t position) override {
      return file_->read(to, bytes, position);
    }
    Result<void> write(std::string_view bytes, uint64_t position) override {
      return file_->write(bytes, position);
    }
    Result<void> sync() override { return *lies_ ? Result<void>() : file_->sync(); }

   private:
    const std::unique_ptr<segment_log::File> file_;
    const std::shared_ptr<std::atomic<bool>> lies_;
  };

  Result<std::unique_ptr<segment_log::File>> wrap(
      Result<std::unique_ptr<segment_log::File>> opened) const {
    if (!opened) return opened;
    return std::make_unique<LyingFile>(std::move(*opened), lies_);
  }

  const std::shared_ptr<segment_log::Files> disk_;
  const std::shared_ptr<std::atomic<bool>> lies_ = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace flare::sim
