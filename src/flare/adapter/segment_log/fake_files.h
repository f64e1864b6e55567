// FakeFiles: a disk in memory that can be full, slow to fail, or lose its power. For tests.
//
// Every file has what was written and what was synced. power_cut() makes everything fail, as for a
// process that is gone; restart() keeps of the unsynced writes what a real disk might have kept.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "flare/adapter/segment_log/files.h"

namespace flare::segment_log {

class FakeFiles final : public Files {
 public:
  Result<void> make_folder(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& folder) override;
  Result<void> sync_folder(const std::string& folder) override;
  Result<std::unique_ptr<File>> open(const std::string& path) override;
  Result<std::unique_ptr<File>> create(const std::string& path, uint64_t bytes) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::unique_ptr<Lock>> lock(const std::string& folder) override;

  // All files together; what does not fit fails with ResourceExhausted.
  void limit(uint64_t bytes);
  // Called before each write and sync; an error it returns is the outcome. A failed write has
  // written its first half.
  enum class Step { Write, Sync };
  using Hook = std::function<std::optional<Error>(Step, const std::string& path)>;
  void interfere(Hook hook);

  // From now on everything fails.
  void power_cut();
  // What unsynced writes leave: decided for each piece of 512 bytes that was written, oldest write
  // first. None: nothing is kept.
  void restart(std::function<bool()> keeps = nullptr);

  // What is in a file now.
  std::string content(const std::string& path);
  void overwrite(const std::string& path, uint64_t at, std::string_view bytes);
  std::vector<std::string> paths();

 private:
  struct Write {
    uint64_t position;
    std::string bytes;
  };
  struct Node {
    std::string durable;
    std::string content;
    std::vector<Write> unsynced;
  };
  class OpenFile;
  class HeldLock;
  using Names = std::map<std::string, std::shared_ptr<Node>>;

  Result<void> check() const;
  std::optional<Error> interference(Step step, const std::string& path);

  std::mutex mutex_;
  Names names_;
  Names durable_names_;
  std::set<std::string> folders_;
  std::set<std::string> locked_;
  uint64_t limit_ = ~uint64_t{0};
  bool power_ = true;
  uint64_t boots_ = 0;  // a file opened before a power cut is dead for ever
  std::shared_ptr<Hook> hook_;
};

}  // namespace flare::segment_log
