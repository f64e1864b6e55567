// A source file as the rules of the architecture read it, and what a broken rule looks like.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace flare::arch {

struct Breach {
  std::string path;
  size_t line = 0;  // from 1; 0: the file as a whole
  std::string what;
};

// "path:line: what", one a line.
std::string to_text(const std::vector<Breach>& breaches);

struct Include {
  std::string path;
  bool angled = false;  // <path>, not "path"
  size_t line = 0;
};

class SourceFile {
 public:
  SourceFile(std::string path, std::string text);

  const std::string& path() const { return path_; }  // from the root: "src/flare/base/task.h"
  const std::string& text() const { return text_; }

  // The text with comments and the insides of literals blanked: same length, same lines.
  const std::string& code() const { return code_; }

  std::vector<std::string_view> lines() const;
  size_t line_at(size_t offset) const;
  std::vector<Include> includes() const;

  bool is_header() const { return path_.ends_with(".h"); }
  bool is_test() const { return path_.ends_with("_test.cc") || path_.ends_with("_bench.cc"); }

  Breach breach(size_t offset, std::string what) const;

 private:
  std::string path_;
  std::string text_;
  std::string code_;
};

// Every .h and .cc of the project, in order of path.
const std::vector<SourceFile>& source_tree();

// The text of a file, "" when there is none. `path` from the root.
std::string read_file(const std::string& path);

bool is_word(char c);

// The offset behind the bracket that closes the one at `open`; npos when there is none.
size_t behind_bracket(std::string_view code, size_t open);

}  // namespace flare::arch
