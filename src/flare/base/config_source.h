// ConfigSource: where configuration values come from: TOML files in order, then the environment.
// Of a key that stands in several places the last one counts. Knows nothing of what keys mean.
//
//   ConfigSource source;
//   source.add_file("config/base.toml");
//   source.add_file("config/services/access_gateway.toml");
//   source.set_environment(process_environment());
//
// The environment's name of a key: FLARE_, then the sections and the key in upper case, joined by
// two underscores. access_gateway.listen is FLARE_ACCESS_GATEWAY__LISTEN, data_dir (a key outside
// any section) is FLARE_DATA_DIR. Lists are separated by commas.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "flare/base/config_value.h"

namespace flare {

using Environment = std::map<std::string, std::string>;

// A copy of this process's environment.
Environment process_environment();

class ConfigSource {
 public:
  // Adds a layer above the earlier ones. An unreadable file or a syntax error is kept and
  // reported together with all other problems: see values().
  void add_file(const std::string& path);
  void add_text(const std::string& name, std::string_view toml);

  // Lies above all files. Variables that do not begin with FLARE_ matter only as aliases.
  void set_environment(Environment environment);

  // Reads a value under its old name as if it stood under the new one, with a warning; in one
  // place the new name wins over the old. `unit` is put behind a number: with "s", 30 means 30s.
  void alias_key(std::string old_key, std::string new_key, std::string unit = "");
  void alias_environment(std::string old_name, std::string new_key, std::string unit = "");

  // The sections directly below `section` in the files, for rooms that are configured once per
  // name: with [hook.spam] and [hook.audit], those of "hook" are audit and spam.
  std::set<std::string> sections_below(const std::string& section) const;

  struct Values {
    std::map<std::string, ConfigValue> by_key;  // "access_gateway.listen"; known keys only
    std::vector<std::string> warnings;          // one for each old name in use
    std::vector<std::string> problems;          // unreadable files, names that nobody knows
  };

  // Everything together. A key that stands in a file and is not in `known_keys` is a problem, and
  // so is a variable of the form FLARE_<SECTION>__<KEY> that is no known key's.
  Values values(const std::set<std::string>& known_keys) const;

 private:
  struct Alias {
    std::string key;
    std::string unit;
  };
  using Layer = std::map<std::string, ConfigValue>;

  void merge_file(const Layer& layer, const std::set<std::string>& known_keys, Values& into) const;
  void merge_environment(const std::set<std::string>& known_keys, Values& into) const;

  std::vector<Layer> layers_;
  Environment environment_;
  std::map<std::string, Alias> key_aliases_;
  std::map<std::string, Alias> environment_aliases_;
  std::vector<std::string> problems_;
};

namespace config {

// "access_gateway.listen" -> "FLARE_ACCESS_GATEWAY__LISTEN", and back.
std::string environment_name(std::string_view key);
std::string key_of_environment_name(std::string_view name);

}  // namespace config
}  // namespace flare
