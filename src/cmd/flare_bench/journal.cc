#include "cmd/flare_bench/journal.h"

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>

#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr std::string_view kHeader = "flare-bench-journal 1 ";
constexpr std::string_view kDigits = "0123456789abcdef";

// The word up to the next blank; `line` is left with what follows it.
std::string_view take_word(std::string_view& line) {
  const size_t blank = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, blank);
  line.remove_prefix(std::min(blank + 1, line.size()));
  return word;
}

std::optional<uint64_t> to_number(std::string_view word) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

std::optional<MessageId> from_hex(std::string_view text) {
  MessageId id{};
  if (text.size() != 2 * id.size()) return std::nullopt;
  for (size_t i = 0; i < id.size(); ++i) {
    const size_t high = kDigits.find(text[2 * i]);
    const size_t low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    id[i] = static_cast<char>(high << 4 | low);
  }
  return id;
}

bool read_promise(std::string_view line, Journal& journal) {
  if (take_word(line) != "A") return false;
  const auto key = decode_client_id(take_word(line));
  const auto message_id = from_hex(take_word(line));
  const auto seq = to_number(take_word(line));
  if (!key || !message_id || !seq || line.empty()) return false;
  auto at = journal.conversations.find(line);
  if (at == journal.conversations.end()) {
    at = journal.conversations.emplace(std::string(line), std::vector<Promise>{}).first;
  }
  at->second.push_back({*key, *message_id, *seq});
  ++journal.promises;
  return true;
}

}  // namespace

MessageId to_message_id(std::string_view bytes) {
  MessageId id{};
  std::copy_n(bytes.begin(), std::min(bytes.size(), id.size()), id.begin());
  return id;
}

JournalWriter::JournalWriter(const std::string& path, size_t text_bytes)
    : file_(std::fopen(path.c_str(), "ab")) {
  if (file_ == nullptr) fail_errno("journal: " + path);
  line_.append(kHeader).append(std::to_string(text_bytes)).push_back('\n');
  std::fwrite(line_.data(), 1, line_.size(), file_);
}

JournalWriter::~JournalWriter() { std::fclose(file_); }

void JournalWriter::add(const Promise& promise, std::string_view conversation_id) {
  encode_client_id(line_, promise.key);
  line_.insert(0, "A ").push_back(' ');
  for (const char c : promise.message_id) {
    const auto byte = static_cast<unsigned char>(c);
    line_.push_back(kDigits[byte >> 4]);
    line_.push_back(kDigits[byte & 0xfU]);
  }
  line_.append(" ").append(std::to_string(promise.seq)).append(" ");
  line_.append(conversation_id).push_back('\n');
  if (std::fwrite(line_.data(), 1, line_.size(), file_) != line_.size()) {
    fail_errno("journal: write");
  }
  ++written_;
}

Journal read_journal(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("journal: cannot read " + path);
  Journal journal;
  std::string line;
  for (uint64_t number = 1; std::getline(file, line); ++number) {
    if (file.eof()) break;  // no newline: an interrupted write
    if (line.starts_with(kHeader)) {
      journal.text_bytes = to_number(line.substr(kHeader.size())).value_or(0);
    } else if (!read_promise(line, journal)) {
      fail("journal: " + path + ':' + std::to_string(number) + ": does not parse");
    }
  }
  return journal;
}

}  // namespace flare::bench
