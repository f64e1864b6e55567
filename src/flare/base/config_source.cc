#include "flare/base/config_source.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <sstream>

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace flare {
namespace {

constexpr std::string_view kPrefix = "FLARE_";

std::string section_of(std::string_view key) {
  const size_t dot = key.rfind('.');
  return std::string(key.substr(0, dot == std::string_view::npos ? 0 : dot));
}

std::string name_of(std::string_view key) { return std::string(key.substr(key.rfind('.') + 1)); }

// Levenshtein: how many letters to add, drop or change.
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, change});
    }
  }
  return row[b.size()];
}

bool near(size_t letters, std::string_view text) {
  return letters <= std::max<size_t>(1, text.size() / 3);
}

// The known key somebody may have meant: a slip in its name, in its section, or the right name in
// a wrong section. Empty when there is none.
std::string nearest_key(std::string_view key, const std::set<std::string>& known_keys) {
  const std::string section = section_of(key);
  const std::string name = name_of(key);
  std::string best;
  size_t best_letters = std::numeric_limits<size_t>::max();
  for (const std::string& known : known_keys) {
    const size_t in_section = distance(section, section_of(known));
    const size_t in_name = distance(name, name_of(known));
    if (!near(in_name, name) || (in_name > 0 && !near(in_section, section))) continue;
    if (in_section + in_name >= best_letters) continue;
    best = known;
    best_letters = in_section + in_name;
  }
  return best;
}

std::string did_you_mean(std::string_view text) {
  return text.empty() ? "" : ": did you mean " + std::string(text) + "?";
}

ConfigValue value_of(const toml::node& node) {
  if (const auto* boolean = node.as_boolean()) return {boolean->get(), ""};
  if (const auto* integer = node.as_integer()) return {integer->get(), ""};
  if (const auto* number = node.as_floating_point()) return {number->get(), ""};
  if (const auto* text = node.as_string()) return {text->get(), ""};
  const toml::array* array = node.as_array();
  if (array == nullptr) return {ConfigValue::Foreign{"a date or time"}, ""};
  std::vector<std::string> texts;
  for (const toml::node& element : *array) {
    const auto* text = element.as_string();
    if (text == nullptr) return {ConfigValue::Foreign{"a list of other things than texts"}, ""};
    texts.push_back(text->get());
  }
  return {std::move(texts), ""};
}

// A key with odd letters keeps its quotes, so that "a.b" is not taken for b in section a.
std::string plain_or_quoted(std::string_view name) {
  const bool plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
  return plain && !name.empty() ? std::string(name) : config::to_toml(std::string(name));
}

void flatten(const toml::table& table, const std::string& section, const std::string& file,
             std::map<std::string, ConfigValue>& into) {
  for (auto&& [key, node] : table) {
    const std::string name = section + plain_or_quoted(key.str());
    if (const toml::table* inner = node.as_table()) {
      flatten(*inner, name + ".", file, into);
      continue;
    }
    ConfigValue value = value_of(node);
    value.origin = file + ":" + std::to_string(key.source().begin.line);
    into.insert_or_assign(name, std::move(value));
  }
}

ConfigValue with_unit(ConfigValue value, const std::string& unit) {
  if (unit.empty()) return value;
  const std::string* digits = nullptr;
  if (const auto* text = std::get_if<ConfigValue::Text>(&value.raw)) digits = &text->text;
  if (const auto* text = std::get_if<std::string>(&value.raw)) digits = text;
  if (const auto* number = std::get_if<int64_t>(&value.raw)) {
    value.raw = std::to_string(*number) + unit;
  } else if (digits != nullptr && !digits->empty() &&
             digits->find_first_not_of("0123456789") == std::string::npos) {
    value.raw = *digits + unit;
  }
  return value;
}

}  // namespace

Environment process_environment() {
  Environment copy;
  for (char** at = environ; at != nullptr && *at != nullptr; ++at) {
    const std::string_view entry = *at;
    const size_t equals = entry.find('=');
    if (equals == std::string_view::npos) continue;
    copy.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return copy;
}

void ConfigSource::add_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) {
    problems_.push_back(path + ": cannot be read: " + std::strerror(errno));
    return;
  }
  // A directory can be opened, and then looks like an empty file.
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    problems_.push_back(path + ": cannot be read: is a directory");
    return;
  }
  std::ostringstream text;
  text << file.rdbuf();
  add_text(path, text.view());
}

void ConfigSource::add_text(const std::string& name, std::string_view toml) {
  const toml::parse_result parsed = toml::parse(toml, name);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    problems_.push_back(name + ":" + std::to_string(error.source().begin.line) + ":" +
                        std::to_string(error.source().begin.column) + ": " +
                        std::string(error.description()));
    return;
  }
  flatten(parsed.table(), "", name, layers_.emplace_back());
}

void ConfigSource::set_environment(Environment environment) {
  environment_ = std::move(environment);
}

void ConfigSource::alias_key(std::string old_key, std::string new_key, std::string unit) {
  key_aliases_.insert_or_assign(std::move(old_key), Alias{std::move(new_key), std::move(unit)});
}

void ConfigSource::alias_environment(std::string old_name, std::string new_key, std::string unit) {
  environment_aliases_.insert_or_assign(std::move(old_name),
                                        Alias{std::move(new_key), std::move(unit)});
}

std::set<std::string> ConfigSource::sections_below(const std::string& section) const {
  const std::string start = section + ".";
  std::set<std::string> found;
  for (const Layer& layer : layers_) {
    for (const auto& [key, value] : layer) {
      const size_t dot = key.find('.', start.size());
      if (!key.starts_with(start) || dot == std::string::npos) continue;
      found.insert(key.substr(start.size(), dot - start.size()));
    }
  }
  return found;
}

ConfigSource::Values ConfigSource::values(const std::set<std::string>& known_keys) const {
  Values values;
  values.problems = problems_;
  for (const Layer& layer : layers_) merge_file(layer, known_keys, values);
  merge_environment(known_keys, values);
  return values;
}

void ConfigSource::merge_file(const Layer& layer, const std::set<std::string>& known_keys,
                              Values& into) const {
  for (const auto& [key, value] : layer) {
    if (known_keys.contains(key)) {
      into.by_key.insert_or_assign(key, value);
      continue;
    }
    const auto alias = key_aliases_.find(key);
    if (alias == key_aliases_.end()) {
      const std::string meant = nearest_key(key, known_keys);
      const bool same_section = section_of(meant) == section_of(key);
      into.problems.push_back(value.origin + ": unknown key " + key +
                              did_you_mean(same_section ? name_of(meant) : meant));
      continue;
    }
    const auto& [new_key, unit] = alias->second;
    into.warnings.push_back(value.origin + ": " + key + " is the old name of " + new_key);
    if (!layer.contains(new_key) && known_keys.contains(new_key)) {
      into.by_key.insert_or_assign(new_key, with_unit(value, unit));
    }
  }
}

void ConfigSource::merge_environment(const std::set<std::string>& known_keys, Values& into) const {
  std::map<std::string, std::string> key_by_name;
  for (const std::string& key : known_keys) key_by_name.emplace(config::environment_name(key), key);

  for (const auto& [name, text] : environment_) {
    ConfigValue value{ConfigValue::Text{text}, "environment " + name};
    if (const auto known = key_by_name.find(name); known != key_by_name.end()) {
      into.by_key.insert_or_assign(known->second, std::move(value));
      continue;
    }
    if (const auto alias = environment_aliases_.find(name); alias != environment_aliases_.end()) {
      const auto& [new_key, unit] = alias->second;
      const std::string new_name = config::environment_name(new_key);
      into.warnings.push_back(value.origin + " is the old name of " + new_name);
      if (!environment_.contains(new_name) && known_keys.contains(new_key)) {
        into.by_key.insert_or_assign(new_key, with_unit(std::move(value), unit));
      }
      continue;
    }
    if (!name.starts_with(kPrefix) || !name.contains("__")) continue;
    const std::string key = config::key_of_environment_name(name);
    const std::string meant = nearest_key(key, known_keys);
    into.problems.push_back(value.origin + ": unknown key " + key +
                            did_you_mean(meant.empty() ? "" : config::environment_name(meant)));
  }
}

std::string config::environment_name(std::string_view key) {
  std::string name(kPrefix);
  for (const char c : key) {
    if (c == '.') {
      name += "__";
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

std::string config::key_of_environment_name(std::string_view name) {
  std::string key;
  for (size_t i = kPrefix.size(); i < name.size(); ++i) {
    if (name.substr(i).starts_with("__")) {
      key += '.';
      ++i;
    } else {
      key += name[i] >= 'A' && name[i] <= 'Z' ? static_cast<char>(name[i] - 'A' + 'a') : name[i];
    }
  }
  return key;
}

}  // namespace flare
