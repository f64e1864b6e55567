#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "flare/adapter/segment_log/files.h"

namespace flare::segment_log {
namespace {

std::unexpected<Error> failed(std::string_view what, std::string_view path, int error) {
  std::string message(what);
  if (!path.empty()) message.append(" ").append(path);
  message += ": " + std::system_category().message(error);
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return fail(ErrorCode::ResourceExhausted, std::move(message));
    case ENOENT:
      return fail(ErrorCode::NotFound, std::move(message));
    case EEXIST:
      return fail(ErrorCode::AlreadyExists, std::move(message));
    default:
      return fail(ErrorCode::Unavailable, std::move(message));
  }
}

template <class Call>
auto again_if_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, uint64_t size) : descriptor_(descriptor), size_(size) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  uint64_t size() const override { return size_; }

  Result<size_t> read(char* to, size_t bytes, uint64_t position) override {
    size_t done = 0;
    while (done < bytes) {
      const ssize_t n = again_if_interrupted([&] {
        return ::pread(descriptor_, to + done, bytes - done, static_cast<off_t>(position + done));
      });
      if (n < 0) return failed("read", "", errno);
      if (n == 0) break;
      done += static_cast<size_t>(n);
    }
    return done;
  }

  Result<void> write(std::string_view bytes, uint64_t position) override {
    while (!bytes.empty()) {
      const ssize_t n = again_if_interrupted([&] {
        return ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(position));
      });
      if (n < 0) return failed("write", "", errno);
      bytes.remove_prefix(static_cast<size_t>(n));
      position += static_cast<size_t>(n);
    }
    return {};
  }

  Result<void> sync() override {
    // Not repeated after EINTR or anything else: the kernel may have forgotten what failed.
    if (::fdatasync(descriptor_) != 0) return failed("fdatasync", "", errno);
    return {};
  }

 private:
  const int descriptor_;
  const uint64_t size_;
};

class PosixLock final : public Files::Lock {
 public:
  explicit PosixLock(int descriptor) : descriptor_(descriptor) {}
  ~PosixLock() override { ::close(descriptor_); }
  PosixLock(const PosixLock&) = delete;
  PosixLock& operator=(const PosixLock&) = delete;

 private:
  const int descriptor_;
};

std::string read_process_id(int descriptor) {
  char text[32];
  const ssize_t n = ::pread(descriptor, text, sizeof(text), 0);
  std::string id(text, n > 0 ? static_cast<size_t>(n) : 0);
  while (!id.empty() && (id.back() < '0' || id.back() > '9')) id.pop_back();
  return id.empty() ? "unknown" : id;
}

class PosixFiles final : public Files {
 public:
  Result<void> make_folder(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return failed("make folder", path, error.value());
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& folder) override {
    std::error_code error;
    std::vector<std::string> names;
    std::filesystem::directory_iterator at(folder, error);
    for (; !error && at != std::filesystem::directory_iterator(); at.increment(error)) {
      names.push_back(at->path().filename().string());
    }
    if (error) return failed("list", folder, error.value());
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<void> sync_folder(const std::string& folder) override {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return failed("open folder", folder, errno);
    const int error = ::fsync(descriptor) == 0 ? 0 : errno;
    ::close(descriptor);
    if (error != 0) return failed("fsync", folder, error);
    return {};
  }

  Result<std::unique_ptr<File>> open(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) return failed("open", path, errno);
    struct stat about{};
    if (::fstat(descriptor, &about) != 0) {
      const int error = errno;
      ::close(descriptor);
      return failed("stat", path, error);
    }
    return std::make_unique<PosixFile>(descriptor, static_cast<uint64_t>(about.st_size));
  }

  Result<std::unique_ptr<File>> create(const std::string& path, uint64_t bytes) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    if (descriptor < 0) return failed("create", path, errno);
    // Fails with ENOSPC at once instead of at some later write.
    const int error = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes));
    if (error == 0) return std::make_unique<PosixFile>(descriptor, bytes);
    ::close(descriptor);
    ::unlink(path.c_str());
    return failed("allocate", path, error);
  }

  Result<void> rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", from, errno);
    return {};
  }

  Result<void> remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return failed("remove", path, errno);
    return {};
  }

  Result<std::unique_ptr<Lock>> lock(const std::string& folder) override {
    const std::string path = folder + "/LOCK";
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (descriptor < 0) return failed("open", path, errno);
    auto held = std::make_unique<PosixLock>(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return failed("lock", path, errno);
      return fail(ErrorCode::AlreadyExists, "data directory " + folder + " is in use by process " +
                                                read_process_id(descriptor));
    }
    const std::string id = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, id.data(), id.size(), 0) < 0) {
      return failed("write", path, errno);
    }
    return held;
  }
};

}  // namespace

std::shared_ptr<Files> posix_files() { return std::make_shared<PosixFiles>(); }

}  // namespace flare::segment_log
