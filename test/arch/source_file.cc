#include "arch/source_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace flare::arch {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = FLARE_SOURCE_ROOT;

void blank(std::string& code, size_t from, size_t to) {
  for (size_t i = from; i < std::min(to, code.size()); ++i) {
    if (code[i] != '\n') code[i] = ' ';
  }
}

// Behind the literal that opens at `at` with a quote; escapes do not end it, the line does.
size_t behind_quoted(std::string_view text, size_t at) {
  const char quote = text[at];
  for (size_t i = at + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      return i + 1;
    } else if (text[i] == '\n') {
      return i;
    }
  }
  return text.size();
}

// Behind R"name( ... )name" whose quote is at `at`.
size_t behind_raw(std::string_view text, size_t at) {
  const size_t open = text.find('(', at);
  if (open == std::string_view::npos) return text.size();
  const std::string end = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
  const size_t found = text.find(end, open);
  return found == std::string_view::npos ? text.size() : found + end.size();
}

// 1'000: a quote between digits is no literal.
bool is_digit_separator(std::string_view text, size_t at) {
  return at > 0 && at + 1 < text.size() && std::isxdigit(static_cast<uint8_t>(text[at - 1])) != 0 &&
         std::isxdigit(static_cast<uint8_t>(text[at + 1])) != 0;
}

std::string code_of(std::string_view text) {
  std::string code(text);
  size_t i = 0;
  while (i < text.size()) {
    size_t end = i + 1;
    if (text.substr(i, 2) == "//") {
      end = std::min(text.find('\n', i), text.size());
      blank(code, i, end);
    } else if (text.substr(i, 2) == "/*") {
      end = std::min(text.find("*/", i + 2), text.size() - 2) + 2;
      blank(code, i, end);
    } else if (text[i] == '"' && i > 0 && text[i - 1] == 'R') {
      end = behind_raw(text, i);
      blank(code, i + 1, end - 1);
    } else if (text[i] == '"' || (text[i] == '\'' && !is_digit_separator(text, i))) {
      end = behind_quoted(text, i);
      blank(code, i + 1, end - 1);
    }
    i = end;
  }
  return code;
}

}  // namespace

std::string to_text(const std::vector<Breach>& breaches) {
  std::string text = "\n";
  for (const Breach& breach : breaches) {
    text += breach.path + ":" + std::to_string(breach.line) + ": " + breach.what + "\n";
  }
  return text;
}

SourceFile::SourceFile(std::string path, std::string text)
    : path_(std::move(path)), text_(std::move(text)), code_(code_of(text_)) {}

std::vector<std::string_view> SourceFile::lines() const {
  std::vector<std::string_view> lines;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return lines;
}

size_t SourceFile::line_at(size_t offset) const {
  const auto end = text_.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text_.size()));
  return static_cast<size_t>(std::count(text_.begin(), end, '\n')) + 1;
}

std::vector<Include> SourceFile::includes() const {
  constexpr std::string_view kDirective = "#include ";
  std::vector<Include> found;
  for (size_t at = code_.find(kDirective); at != std::string::npos;
       at = code_.find(kDirective, at + 1)) {
    const size_t open = at + kDirective.size();
    const char close = text_[open] == '<' ? '>' : '"';
    const size_t end = text_.find(close, open + 1);
    if ((at > 0 && code_[at - 1] != '\n') || end == std::string::npos) continue;
    found.push_back({.path = text_.substr(open + 1, end - open - 1),
                     .angled = close == '>',
                     .line = line_at(at)});
  }
  return found;
}

Breach SourceFile::breach(size_t offset, std::string what) const {
  return {.path = path_, .line = line_at(offset), .what = std::move(what)};
}

const std::vector<SourceFile>& source_tree() {
  static const std::vector<SourceFile> tree = [] {
    std::vector<std::string> paths;
    for (const char* folder : {"src", "test", "sdk/cpp", "plugin"}) {
      if (!fs::exists(kRoot / folder)) continue;
      for (const auto& entry : fs::recursive_directory_iterator(kRoot / folder)) {
        const std::string extension = entry.path().extension();
        if (extension != ".h" && extension != ".cc") continue;
        if (entry.path().string().find("/node_modules/") != std::string::npos) continue;
        paths.push_back(fs::relative(entry.path(), kRoot).generic_string());
      }
    }
    std::ranges::sort(paths);
    std::vector<SourceFile> files;
    for (const std::string& path : paths) files.emplace_back(path, read_file(path));
    return files;
  }();
  return tree;
}

std::string read_file(const std::string& path) {
  std::ifstream in(kRoot / path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

bool is_word(char c) { return std::isalnum(static_cast<uint8_t>(c)) != 0 || c == '_'; }

size_t behind_bracket(std::string_view code, size_t open) {
  const char opening = code[open];
  const char closing = opening == '(' ? ')' : opening == '[' ? ']' : opening == '{' ? '}' : '>';
  size_t depth = 0;
  for (size_t i = open; i < code.size(); ++i) {
    if (code[i] == opening) ++depth;
    // The > of an arrow closes nothing.
    if (code[i] == closing && !(closing == '>' && code[i - 1] == '-') && --depth == 0) return i + 1;
  }
  return std::string_view::npos;
}

}  // namespace flare::arch
