// ConfigValue: one value as it stands in a file or in the environment, before it has a type, and
// its conversion to the types a config struct may have.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "flare/base/config_field.h"
#include "flare/base/result.h"

namespace flare {

struct ConfigValue {
  struct Text {  // from the environment: what it means depends on the field
    std::string text;
  };
  struct Foreign {  // something no field can hold, as a date
    std::string what;
  };

  std::variant<bool, int64_t, double, std::string, std::vector<std::string>, Text, Foreign> raw;
  std::string origin;  // "config/flare.toml:12" or "environment FLARE_DATA_DIR"
};

namespace config {

// Fails with InvalidArgument and what the value must be: `must be true or false`. Never guesses:
// a number is not a text, a time without a unit is not a time, an overflow is not a wrap.
Result<> read(const ConfigValue& value, bool& out);
Result<> read(const ConfigValue& value, double& out);
Result<> read(const ConfigValue& value, std::string& out);
Result<> read(const ConfigValue& value, std::vector<std::string>& out);
Result<> read(const ConfigValue& value, std::chrono::milliseconds& out);
Result<> read(const ConfigValue& value, ByteSize& out);
Result<int64_t> read_integer(const ConfigValue& value, int64_t min, int64_t max);
template <std::integral T>
  requires(!std::same_as<T, bool>)
Result<> read(const ConfigValue& value, T& out) {
  constexpr int64_t kMax = std::in_range<int64_t>(std::numeric_limits<T>::max())
                               ? static_cast<int64_t>(std::numeric_limits<T>::max())
                               : std::numeric_limits<int64_t>::max();
  Result<int64_t> integer =
      read_integer(value, static_cast<int64_t>(std::numeric_limits<T>::min()), kMax);
  if (!integer) return fail(std::move(integer).error());
  out = static_cast<T>(*integer);
  return {};
}

// As the right-hand side of a TOML line: texts, times and sizes in quotes, lists in brackets.
std::string to_toml(const std::string& value);
std::string to_toml(const std::vector<std::string>& value);
std::string to_toml(const auto& value) { return to_text(value); }
inline std::string to_toml(std::chrono::milliseconds value) { return to_toml(to_text(value)); }
inline std::string to_toml(ByteSize value) { return to_toml(to_text(value)); }

// What was written, for an error message.
std::string written(const ConfigValue& value);

// The word the manual uses for a type.
inline std::string type_name(bool) { return "boolean"; }
inline std::string type_name(std::integral auto) { return "integer"; }
inline std::string type_name(double) { return "number"; }
inline std::string type_name(const std::string&) { return "text"; }
inline std::string type_name(const std::vector<std::string>&) { return "list of texts"; }
inline std::string type_name(std::chrono::milliseconds) { return "time"; }
inline std::string type_name(ByteSize) { return "size"; }

}  // namespace config
}  // namespace flare
