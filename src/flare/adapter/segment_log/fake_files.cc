#include "flare/adapter/segment_log/fake_files.h"

#include <algorithm>

namespace flare::segment_log {
namespace {

constexpr size_t kSectorBytes = 512;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

std::unexpected<Error> no_power() { return fail(ErrorCode::Unavailable, "the power is off"); }

}  // namespace

class FakeFiles::OpenFile final : public File {
 public:
  OpenFile(FakeFiles& files, std::string path, std::shared_ptr<Node> node)
      : files_(files), path_(std::move(path)), node_(std::move(node)), boot_(files.boots_) {}

  uint64_t size() const override {
    std::lock_guard lock(files_.mutex_);
    return node_->content.size();
  }

  Result<size_t> read(char* to, size_t bytes, uint64_t position) override {
    std::lock_guard lock(files_.mutex_);
    if (off()) return no_power();
    if (position >= node_->content.size()) return size_t{0};
    return node_->content.copy(to, bytes, position);
  }

  Result<void> write(std::string_view bytes, uint64_t position) override {
    const std::optional<Error> error = files_.interference(Step::Write, path_);
    std::lock_guard lock(files_.mutex_);
    if (off()) return no_power();
    if (error) bytes = bytes.substr(0, bytes.size() / 2);
    node_->content.replace(position, bytes.size(), bytes);
    node_->unsynced.push_back({position, std::string(bytes)});
    if (error) return fail(*error);
    return {};
  }

  Result<void> sync() override {
    // What was written until now; a hook may let more be written before it returns.
    size_t count = 0;
    {
      std::lock_guard lock(files_.mutex_);
      count = node_->unsynced.size();
    }
    const std::optional<Error> error = files_.interference(Step::Sync, path_);
    std::lock_guard lock(files_.mutex_);
    if (off()) return no_power();
    if (error) return fail(*error);
    count = std::min(count, node_->unsynced.size());
    for (size_t i = 0; i < count; ++i) {
      const Write& write = node_->unsynced[i];
      node_->durable.replace(write.position, write.bytes.size(), write.bytes);
    }
    node_->unsynced.erase(node_->unsynced.begin(),
                          node_->unsynced.begin() + static_cast<std::ptrdiff_t>(count));
    return {};
  }

 private:
  bool off() const { return !files_.power_ || boot_ != files_.boots_; }

  FakeFiles& files_;
  const std::string path_;
  const std::shared_ptr<Node> node_;
  const uint64_t boot_;
};

class FakeFiles::HeldLock final : public Files::Lock {
 public:
  HeldLock(FakeFiles& files, std::string folder)
      : files_(files), folder_(std::move(folder)), boot_(files.boots_) {}
  ~HeldLock() override {
    std::lock_guard lock(files_.mutex_);
    if (boot_ == files_.boots_) files_.locked_.erase(folder_);
  }
  HeldLock(const HeldLock&) = delete;
  HeldLock& operator=(const HeldLock&) = delete;

 private:
  FakeFiles& files_;
  const std::string folder_;
  const uint64_t boot_;
};

Result<void> FakeFiles::check() const {
  if (!power_) return no_power();
  return {};
}

std::optional<Error> FakeFiles::interference(Step step, const std::string& path) {
  std::shared_ptr<Hook> hook;
  {
    std::lock_guard lock(mutex_);
    hook = hook_;
  }
  return hook ? (*hook)(step, path) : std::nullopt;
}

Result<void> FakeFiles::make_folder(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return on;
  for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1)) {
    folders_.insert(path.substr(0, at));
  }
  folders_.insert(path);
  return {};
}

Result<std::vector<std::string>> FakeFiles::list(const std::string& folder) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return fail(std::move(on).error());
  std::vector<std::string> found;
  const auto consider = [&](const std::string& path) {
    if (folder_of(path) == folder) found.push_back(path.substr(folder.size() + 1));
  };
  for (const auto& [path, node] : names_) consider(path);
  for (const std::string& path : folders_) consider(path);
  std::ranges::sort(found);
  return found;
}

Result<void> FakeFiles::sync_folder(const std::string& folder) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return on;
  std::erase_if(durable_names_, [&](const auto& each) { return folder_of(each.first) == folder; });
  for (const auto& [path, node] : names_) {
    if (folder_of(path) == folder) durable_names_[path] = node;
  }
  return {};
}

Result<std::unique_ptr<File>> FakeFiles::open(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return fail(std::move(on).error());
  const auto found = names_.find(path);
  if (found == names_.end()) return fail(ErrorCode::NotFound, "open " + path + ": no such file");
  return std::make_unique<OpenFile>(*this, path, found->second);
}

Result<std::unique_ptr<File>> FakeFiles::create(const std::string& path, uint64_t bytes) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return fail(std::move(on).error());
  if (names_.contains(path)) return fail(ErrorCode::AlreadyExists, "create " + path);
  uint64_t used = bytes;
  for (const auto& [each, node] : names_) used += node->content.size();
  if (used > limit_) return fail(ErrorCode::ResourceExhausted, "allocate " + path + ": full");
  auto node = std::make_shared<Node>();
  node->content.assign(bytes, '\0');
  node->durable = node->content;
  names_[path] = node;
  return std::make_unique<OpenFile>(*this, path, std::move(node));
}

Result<void> FakeFiles::rename(const std::string& from, const std::string& to) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return on;
  const auto found = names_.find(from);
  if (found == names_.end()) return fail(ErrorCode::NotFound, "rename " + from);
  names_[to] = found->second;
  names_.erase(from);
  return {};
}

Result<void> FakeFiles::remove(const std::string& path) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return on;
  if (names_.erase(path) == 0) return fail(ErrorCode::NotFound, "remove " + path);
  return {};
}

Result<std::unique_ptr<Files::Lock>> FakeFiles::lock(const std::string& folder) {
  std::lock_guard lock(mutex_);
  if (Result<void> on = check(); !on) return fail(std::move(on).error());
  if (!locked_.insert(folder).second) {
    return fail(ErrorCode::AlreadyExists, "data directory " + folder + " is in use by process 1");
  }
  return std::make_unique<HeldLock>(*this, folder);
}

void FakeFiles::limit(uint64_t bytes) {
  std::lock_guard lock(mutex_);
  limit_ = bytes;
}

void FakeFiles::interfere(Hook hook) {
  std::lock_guard lock(mutex_);
  hook_ = hook ? std::make_shared<Hook>(std::move(hook)) : nullptr;
}

void FakeFiles::power_cut() {
  std::lock_guard lock(mutex_);
  power_ = false;
}

void FakeFiles::restart(std::function<bool()> keeps) {
  std::lock_guard lock(mutex_);
  power_ = true;
  ++boots_;
  locked_.clear();
  names_ = durable_names_;
  for (auto& [path, node] : names_) {
    for (const Write& write : node->unsynced) {
      for (size_t at = 0; at < write.bytes.size();) {
        const size_t piece =
            std::min(write.bytes.size() - at, kSectorBytes - (write.position + at) % kSectorBytes);
        if (keeps && keeps()) {
          node->durable.replace(write.position + at, piece, write.bytes, at, piece);
        }
        at += piece;
      }
    }
    node->unsynced.clear();
    node->content = node->durable;
  }
}

std::string FakeFiles::content(const std::string& path) {
  std::lock_guard lock(mutex_);
  return names_.at(path)->content;
}

void FakeFiles::overwrite(const std::string& path, uint64_t at, std::string_view bytes) {
  std::lock_guard lock(mutex_);
  names_.at(path)->content.replace(at, bytes.size(), bytes);
  names_.at(path)->durable.replace(at, bytes.size(), bytes);
}

std::vector<std::string> FakeFiles::paths() {
  std::lock_guard lock(mutex_);
  std::vector<std::string> found;
  for (const auto& [path, node] : names_) found.push_back(path);
  return found;
}

}  // namespace flare::segment_log
