#include <algorithm>
#include <array>

#include "arch/rules.h"

namespace flare::arch {
namespace {

constexpr size_t kNone = std::string_view::npos;

size_t skip_space(std::string_view code, size_t at) {
  while (at < code.size() && std::isspace(static_cast<uint8_t>(code[at])) != 0) ++at;
  return at;
}

size_t back_over_space(std::string_view code, size_t at) {
  while (at > 0 && std::isspace(static_cast<uint8_t>(code[at - 1])) != 0) --at;
  return at;
}

// The parameters between the brackets, split at the commas that separate them.
std::vector<std::string_view> split_parameters(std::string_view list) {
  std::vector<std::string_view> parts;
  int depth = 0;
  size_t start = 0;
  for (size_t i = 0; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == ']' || c == '}') --depth;
    if (c != ',' || depth != 0) continue;
    parts.push_back(list.substr(start, i - start));
    start = i + 1;
  }
  parts.push_back(list.substr(start));
  return parts;
}

// A reference at the top of the type; one inside a function type is the callee's own matter.
bool is_reference(std::string_view parameter) {
  int depth = 0;
  for (const char c : parameter.substr(0, parameter.find('='))) {
    if (c == '(' || c == '<' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == '>' || c == ']' || c == '}') --depth;
    if (c == '&' && depth == 0) return true;
  }
  return false;
}

bool is_view(std::string_view parameter) {
  return parameter.find("string_view") != kNone || parameter.find("span<") != kNone;
}

std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(skip_space(text, 0))) {
    if (std::isspace(static_cast<uint8_t>(c)) == 0) {
      line += c;
    } else if (!line.ends_with(' ')) {
      line += ' ';
    }
  }
  return line;
}

// The '(' of the parameters of the function whose declaration begins with the Task<> that ends
// before `at`; npos when no function is declared there.
size_t parameters_after(std::string_view code, size_t at) {
  at = skip_space(code, at);
  const size_t name = at;
  while (at < code.size() && (is_word(code[at]) || code[at] == ':')) ++at;
  if (at == name || code[name] == ':') return kNone;
  return at < code.size() && code[at] == '(' ? at : kNone;
}

// The '(' of the parameters before a "-> Task<", whose arrow is at `arrow`.
size_t parameters_before(std::string_view code, size_t arrow) {
  size_t close = code.rfind(')', arrow);
  if (close == kNone) return kNone;
  int depth = 0;
  for (size_t i = close + 1; i-- > 0;) {
    if (code[i] == ')') ++depth;
    if (code[i] == '(' && --depth == 0) return i;
  }
  return kNone;
}

// Whether the '[' at `at` opens the captures of a lambda, and not a subscript, an attribute or a
// structured binding.
bool opens_lambda(std::string_view code, size_t at) {
  if (code.substr(at, 2) == "[[" || (at > 0 && code[at - 1] == '[')) return false;
  size_t before = back_over_space(code, at);
  if (before == 0) return true;
  if (code[before - 1] == ')' || code[before - 1] == ']') return false;
  if (!is_word(code[before - 1])) return true;
  size_t word = before;
  while (word > 0 && is_word(code[word - 1])) --word;
  constexpr std::array<std::string_view, 4> kBeforeLambda = {"return", "co_return", "co_await",
                                                             "co_yield"};
  return std::ranges::find(kBeforeLambda, code.substr(word, before - word)) != kBeforeLambda.end();
}

// The '{' of the body of the lambda whose captures end before `at`; npos when it is none.
size_t body_of_lambda(std::string_view code, size_t at) {
  at = skip_space(code, at);
  if (at < code.size() && code[at] == '<') at = skip_space(code, behind_bracket(code, at));
  if (at < code.size() && code[at] == '(') at = behind_bracket(code, at);
  if (at == kNone) return kNone;
  while (at < code.size() && code[at] != '{') {
    // Specifiers and a return type stand here; anything that ends an expression does not.
    if (code[at] == ';' || code[at] == ')' || code[at] == ',' || code[at] == '=') return kNone;
    at = code[at] == '(' || code[at] == '<' ? behind_bracket(code, at) : at + 1;
    if (at == kNone) return kNone;
  }
  return at < code.size() ? at : kNone;
}

}  // namespace

std::vector<Breach> borrowed_parameters(const SourceFile& file) {
  std::vector<Breach> breaches;
  const std::string_view code = file.code();
  constexpr std::string_view kTask = "Task<";
  for (size_t at = code.find(kTask); at != kNone; at = code.find(kTask, at + 1)) {
    if (at > 0 && is_word(code[at - 1])) continue;
    const size_t behind = behind_bracket(code, at + kTask.size() - 1);
    if (behind == kNone) continue;
    size_t type = at;
    while (type > 0 && (is_word(code[type - 1]) || code[type - 1] == ':')) --type;
    const size_t arrow = back_over_space(code, type);
    const bool trailing = arrow >= 2 && code.substr(arrow - 2, 2) == "->";
    const size_t open =
        trailing ? parameters_before(code, arrow - 2) : parameters_after(code, behind);
    if (open == kNone) continue;
    const size_t close = behind_bracket(code, open);
    if (close == kNone) continue;
    for (const std::string_view parameter :
         split_parameters(code.substr(open + 1, close - open - 2))) {
      if (!is_reference(parameter) && !is_view(parameter)) continue;
      breaches.push_back(file.breach(
          at, "a Task borrows its parameter '" + one_line(parameter) + "'; take it by value"));
    }
  }
  return breaches;
}

std::vector<Breach> coroutine_lambdas(const SourceFile& file) {
  std::vector<Breach> breaches;
  const std::string_view code = file.code();
  for (size_t at = code.find('['); at != kNone; at = code.find('[', at + 1)) {
    if (!opens_lambda(code, at)) continue;
    const size_t captures_end = behind_bracket(code, at);
    if (captures_end == kNone) continue;
    const size_t body = body_of_lambda(code, captures_end);
    if (body == kNone) continue;
    const size_t end = behind_bracket(code, body);
    const std::string_view inside = code.substr(body, end == kNone ? kNone : end - body);
    for (const std::string_view word : {"co_await", "co_return", "co_yield"}) {
      if (inside.find(word) == kNone) continue;
      breaches.push_back(file.breach(at, "a lambda with " + std::string(word) +
                                             "; make it a function that takes what it needs"));
      break;
    }
  }
  return breaches;
}

}  // namespace flare::arch
