#include "arch/rules.h"

namespace flare::arch {
namespace {

// "ids.cc" stands in "SOURCES ids.cc" but not in "test_ids.cc".
bool names(const std::string& list, const std::string& file) {
  for (size_t at = list.find(file); at != std::string::npos; at = list.find(file, at + 1)) {
    const size_t end = at + file.size();
    const bool starts = at == 0 || (!is_word(list[at - 1]) && list[at - 1] != '/');
    if (starts && (end == list.size() || !is_word(list[end]))) return true;
  }
  return false;
}

}  // namespace

std::vector<Breach> not_listed(const SourceFile& file,
                               const std::function<std::string(const std::string&)>& read) {
  if (file.is_header()) return {};
  const std::string& path = file.path();
  for (size_t slash = path.rfind('/'); slash != std::string::npos && slash > 0;
       slash = path.rfind('/', slash - 1)) {
    const std::string list = path.substr(0, slash) + "/CMakeLists.txt";
    const std::string text = read(list);
    if (text.empty()) continue;
    if (names(text, path.substr(slash + 1))) return {};
    return {
        {.path = path, .line = 0, .what = "is not listed in " + list + ", so nobody builds it"}};
  }
  return {{.path = path, .line = 0, .what = "has no CMakeLists.txt above it, so nobody builds it"}};
}

}  // namespace flare::arch
