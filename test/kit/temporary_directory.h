// A directory of its own for a test, gone when the test is.
#pragma once

#include <filesystem>
#include <string>

namespace flare::kit {

class TemporaryDirectory {
 public:
  TemporaryDirectory();   // throws std::runtime_error when the system refuses
  ~TemporaryDirectory();  // keeps it when FLARE_TEST_KEEP is set, and says where it is

  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Both throw std::runtime_error when the file cannot be opened.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& text);

}  // namespace flare::kit
