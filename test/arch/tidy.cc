#include <algorithm>
#include <array>
#include <set>

#include "arch/rules.h"

namespace flare::arch {
namespace {

constexpr size_t kFileMax = 500;
constexpr size_t kHeaderMax = 200;
constexpr size_t kFunctionMax = 60;
constexpr size_t kColumnsMax = 100;

constexpr std::array<std::string_view, 3> kForbidden = {"msg", "conv", "req"};

// Members of msghdr, which POSIX has named.
const std::set<std::string_view, std::less<>> kPosix = {"msg_name",   "msg_namelen",    "msg_iov",
                                                        "msg_iovlen", "msg_control",    "msg_flags",
                                                        "msg_len",    "msg_controllen", "msg_hdr"};

// Where a thread may sleep: what begins with one of these.
constexpr std::array<std::string_view, 4> kMaySleep = {
    "test/kit/wait_until.cc",  // waits for other processes, which no clock of ours holds still
    "test/e2e/",               // real processes in real time: a client's backoff, a random kill
    "test/contract/",          // real engines, whose threads no clock of ours holds still
    "src/flare/adapter/rocksdb/database_",  // a thread of the pool, while RocksDB stalls
};

size_t columns(std::string_view line) {
  return static_cast<size_t>(
      std::ranges::count_if(line, [](char c) { return (static_cast<uint8_t>(c) & 0xc0) != 0x80; }));
}

// The words of an identifier: "ClientMessage_id" is client, message, id.
std::vector<std::string> words_of(std::string_view identifier) {
  std::vector<std::string> words(1);
  for (size_t i = 0; i < identifier.size(); ++i) {
    const char c = identifier[i];
    const bool upper = std::isupper(static_cast<uint8_t>(c)) != 0;
    const bool hump = upper && i > 0 && std::islower(static_cast<uint8_t>(identifier[i - 1])) != 0;
    if (c == '_' || hump) words.emplace_back();
    if (c != '_') words.back() += static_cast<char>(std::tolower(static_cast<uint8_t>(c)));
  }
  return words;
}

// MSG_NOSIGNAL and its like are other people's macros.
bool is_macro(std::string_view identifier) {
  return std::ranges::none_of(identifier,
                              [](char c) { return std::islower(static_cast<uint8_t>(c)) != 0; });
}

// Whether a line that starts at the margin begins a function: free ones and those of classes
// defined outside them. What stands inside a class body is short by the limit on headers.
bool begins_function(std::string_view line) {
  if (line.empty() || !is_word(line.front()) || line.find('(') == std::string_view::npos)
    return false;
  const bool initialises = line.find(" = ") < line.find('(');
  for (const std::string_view other : {"namespace", "struct ", "class ", "enum ", "union "}) {
    if (line.starts_with(other)) return false;
  }
  return !initialises && (line.ends_with('{') || !line.ends_with('}')) && !line.ends_with(';');
}

}  // namespace

std::vector<Breach> too_long(const SourceFile& file) {
  // A contract is a test suite that happens to be a header.
  const bool manual_page = file.is_header() && !file.path().starts_with("test/");
  const size_t max = manual_page ? kHeaderMax : kFileMax;
  const size_t length = file.lines().size();
  if (length <= max) return {};
  return {{.path = file.path(),
           .line = 0,
           .what = std::to_string(length) + " lines; at most " + std::to_string(max)}};
}

std::vector<Breach> too_long_functions(const SourceFile& file) {
  std::vector<Breach> breaches;
  if (file.is_header()) return breaches;
  const SourceFile code(file.path(), file.code());
  const std::vector<std::string_view> lines = code.lines();
  size_t start = 0;  // line of the signature, 0: outside
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view line = lines[i].substr(0, lines[i].find_last_not_of(' ') + 1);
    if (start == 0 && begins_function(line)) start = i + 1;
    if (start == 0 || line.empty() || line.front() != '}') continue;
    const size_t length = i + 2 - start;  // both ends included
    if (length > kFunctionMax) {
      breaches.push_back({.path = file.path(),
                          .line = start,
                          .what = "a function of " + std::to_string(length) + " lines; at most " +
                                  std::to_string(kFunctionMax)});
    }
    start = 0;
  }
  return breaches;
}

std::vector<Breach> too_wide(const SourceFile& file) {
  std::vector<Breach> breaches;
  const std::vector<std::string_view> lines = file.lines();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (columns(lines[i]) <= kColumnsMax) continue;
    breaches.push_back({.path = file.path(),
                        .line = i + 1,
                        .what = std::to_string(columns(lines[i])) + " columns; at most " +
                                std::to_string(kColumnsMax)});
  }
  return breaches;
}

std::vector<Breach> forbidden_words(const SourceFile& file) {
  std::vector<Breach> breaches;
  const std::string& code = file.code();
  for (size_t at = 0; at < code.size();) {
    if (!is_word(code[at])) {
      ++at;
      continue;
    }
    size_t end = at;
    while (end < code.size() && is_word(code[end])) ++end;
    const std::string_view identifier = std::string_view(code).substr(at, end - at);
    if (!is_macro(identifier) && !kPosix.contains(identifier)) {
      for (const std::string& word : words_of(identifier)) {
        if (std::ranges::find(kForbidden, word) == kForbidden.end()) continue;
        breaches.push_back(file.breach(
            at, std::string(identifier) + ": " + word + " is not a word; write it out"));
      }
    }
    at = end;
  }
  return breaches;
}

std::vector<Breach> sleeping(const SourceFile& file) {
  std::vector<Breach> breaches;
  for (const std::string_view place : kMaySleep) {
    if (file.path().starts_with(place)) return breaches;
  }
  constexpr std::string_view kSleep = "this_thread::sleep_";
  for (size_t at = file.code().find(kSleep); at != std::string::npos;
       at = file.code().find(kSleep, at + 1)) {
    breaches.push_back(file.breach(at, "sleeps; wait for the event, or take time from a Clock"));
  }
  return breaches;
}

}  // namespace flare::arch
