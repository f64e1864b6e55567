// Files: what the log needs of a file system, so that a test can fill the disk, break it, or cut
// the power. Calls block; only the log's own threads and start-up make them.
//
// Failures: ResourceExhausted when there is no space, NotFound, AlreadyExists, else Unavailable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "flare/base/result.h"

namespace flare::segment_log {

// One open file. read() and write() may be called by several threads. Its errors do not name it: it
// may have been renamed since.
class File {
 public:
  virtual ~File() = default;

  virtual uint64_t size() const = 0;

  // Up to `bytes`; fewer at the end of the file only.
  virtual Result<size_t> read(char* to, size_t bytes, uint64_t position) = 0;

  // All of it; after a failure any part of it may have been written.
  virtual Result<void> write(std::string_view bytes, uint64_t position) = 0;

  // Returns once everything written before is on the disk.
  virtual Result<void> sync() = 0;
};

class Files {
 public:
  // Kept for as long as the folder is ours.
  class Lock {
   public:
    virtual ~Lock() = default;
  };

  virtual ~Files() = default;

  // With its parents; fine if it exists.
  virtual Result<void> make_folder(const std::string& path) = 0;
  // Names, not paths; sorted.
  virtual Result<std::vector<std::string>> list(const std::string& folder) = 0;
  // Makes creations, renames and removals in the folder survive a power cut.
  virtual Result<void> sync_folder(const std::string& folder) = 0;

  virtual Result<std::unique_ptr<File>> open(const std::string& path) = 0;
  // A new file with its disk space allocated. Leaves nothing behind if that fails.
  virtual Result<std::unique_ptr<File>> create(const std::string& path, uint64_t bytes) = 0;
  virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
  virtual Result<void> remove(const std::string& path) = 0;

  // Fails with AlreadyExists, naming the process, when another has it.
  virtual Result<std::unique_ptr<Lock>> lock(const std::string& folder) = 0;
};

// The real ones.
std::shared_ptr<Files> posix_files();

}  // namespace flare::segment_log
