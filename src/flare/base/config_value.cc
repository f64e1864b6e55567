#include "flare/base/config_value.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <span>
#include <string_view>

namespace flare::config {
namespace {

constexpr std::string_view kTimeForm =
    R"(must be a time with its unit, as "500ms", "10s", "5m" or "1h")";
constexpr std::string_view kSizeForm =
    R"(must be a size, as "64KiB", "1MiB", "2GiB" or a number of bytes)";

struct Unit {
  std::string_view name;
  uint64_t factor;
};

// The largest first: the first that divides a value is the one it is written in.
constexpr Unit kTimeUnits[] = {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr Unit kSizeUnits[] = {{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"", 1}};

std::unexpected<Error> refuse(std::string_view demand) {
  return fail(ErrorCode::InvalidArgument, std::string(demand));
}

// The text of a value that a file writes in quotes and the environment without.
const std::string* text_of(const ConfigValue& value) {
  if (const auto* text = std::get_if<ConfigValue::Text>(&value.raw)) return &text->text;
  return std::get_if<std::string>(&value.raw);
}

template <class N>
std::optional<N> number(std::string_view text) {
  N parsed{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return parsed;
}

// "10s" by the units' table; nothing when it has another form or is above `max`.
std::optional<uint64_t> with_unit(std::string_view text, std::span<const Unit> units,
                                  uint64_t max) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::optional<uint64_t> count = number<uint64_t>(text.substr(0, digits));
  for (const Unit& unit : units) {
    if (unit.name != text.substr(digits)) continue;
    if (!count || *count > max / unit.factor) return std::nullopt;
    return *count * unit.factor;
  }
  return std::nullopt;
}

std::string in_units(uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value >= unit.factor && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0" + std::string(units.back().name);
}

std::vector<std::string> split(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  std::vector<std::string> parts;
  if (text.find_first_not_of(kBlank) == std::string_view::npos) return parts;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string_view part = text.substr(begin, end - begin);
    part.remove_prefix(std::min(part.find_first_not_of(kBlank), part.size()));
    part = part.substr(0, part.find_last_not_of(kBlank) + 1);
    parts.emplace_back(part);
    begin = end + 1;
  }
  return parts;
}

std::string whole_number_between(int64_t min, int64_t max) {
  std::string demand = "must be a whole number";
  const bool all_below = max == std::numeric_limits<int64_t>::max();
  if (min == std::numeric_limits<int64_t>::min() && all_below) return demand;
  if (all_below) return demand + ", at least " + std::to_string(min);
  return demand + " between " + std::to_string(min) + " and " + std::to_string(max);
}

}  // namespace

Result<> read(const ConfigValue& value, bool& out) {
  if (const bool* plain = std::get_if<bool>(&value.raw)) {
    out = *plain;
    return {};
  }
  const auto* text = std::get_if<ConfigValue::Text>(&value.raw);
  if (text == nullptr || (text->text != "true" && text->text != "false")) {
    return refuse("must be true or false");
  }
  out = text->text == "true";
  return {};
}

Result<int64_t> read_integer(const ConfigValue& value, int64_t min, int64_t max) {
  std::optional<int64_t> found;
  if (const auto* plain = std::get_if<int64_t>(&value.raw)) found = *plain;
  if (const auto* text = std::get_if<ConfigValue::Text>(&value.raw)) {
    found = number<int64_t>(text->text);
  }
  if (!found || *found < min || *found > max) return refuse(whole_number_between(min, max));
  return *found;
}

Result<> read(const ConfigValue& value, double& out) {
  std::optional<double> found;
  if (const auto* plain = std::get_if<double>(&value.raw)) found = *plain;
  if (const auto* whole = std::get_if<int64_t>(&value.raw)) found = static_cast<double>(*whole);
  if (const auto* text = std::get_if<ConfigValue::Text>(&value.raw)) {
    found = number<double>(text->text);
  }
  if (!found || !std::isfinite(*found)) return refuse("must be a number");
  out = *found;
  return {};
}

Result<> read(const ConfigValue& value, std::string& out) {
  const std::string* text = text_of(value);
  if (text == nullptr) return refuse("must be a text in quotes");
  out = *text;
  return {};
}

Result<> read(const ConfigValue& value, std::vector<std::string>& out) {
  if (const auto* list = std::get_if<std::vector<std::string>>(&value.raw)) {
    out = *list;
    return {};
  }
  const auto* text = std::get_if<ConfigValue::Text>(&value.raw);
  if (text == nullptr) return refuse(R"(must be a list of texts, as ["a", "b"])");
  out = split(text->text);
  return {};
}

Result<> read(const ConfigValue& value, std::chrono::milliseconds& out) {
  constexpr auto kMax = static_cast<uint64_t>(std::chrono::milliseconds::max().count());
  const std::string* text = text_of(value);
  if (text == nullptr) return refuse(kTimeForm);
  const std::optional<uint64_t> found = with_unit(*text, kTimeUnits, kMax);
  if (!found) return refuse(kTimeForm);
  out = std::chrono::milliseconds(static_cast<int64_t>(*found));
  return {};
}

Result<> read(const ConfigValue& value, ByteSize& out) {
  std::optional<uint64_t> found;
  const auto* plain = std::get_if<int64_t>(&value.raw);
  if (plain != nullptr && *plain >= 0) found = static_cast<uint64_t>(*plain);
  if (const std::string* text = text_of(value)) {
    found = with_unit(*text, kSizeUnits, std::numeric_limits<uint64_t>::max());
  }
  if (!found) return refuse(kSizeForm);
  out = {*found};
  return {};
}

std::string to_text(bool value) { return value ? "true" : "false"; }
std::string to_text(int64_t value) { return std::to_string(value); }
std::string to_text(uint64_t value) { return std::to_string(value); }

std::string to_text(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  std::string text(buffer, end);
  // TOML tells a whole float from an integer by its point.
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

std::string to_text(std::chrono::milliseconds value) {
  if (value.count() < 0) return std::to_string(value.count()) + "ms";
  return in_units(static_cast<uint64_t>(value.count()), kTimeUnits);
}

std::string to_text(ByteSize value) { return in_units(value.bytes, kSizeUnits); }
std::string to_text(const std::string& value) { return value; }

std::string to_text(const std::vector<std::string>& value) {
  std::string out;
  for (const std::string& part : value) out += (out.empty() ? "" : ", ") + part;
  return out;
}

std::string to_toml(const std::string& value) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      ((out += "\\u00") += kHex[byte >> 4]) += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out += '"';
}

std::string to_toml(const std::vector<std::string>& value) {
  std::string out;
  for (const std::string& part : value) out += (out.empty() ? "" : ", ") + to_toml(part);
  return "[" + out + "]";
}

std::string written(const ConfigValue& value) {
  return std::visit(
      [](const auto& raw) -> std::string {
        using Raw = std::decay_t<decltype(raw)>;
        if constexpr (std::same_as<Raw, ConfigValue::Text>)
          return to_toml(raw.text);
        else if constexpr (std::same_as<Raw, ConfigValue::Foreign>)
          return raw.what;
        else
          return to_toml(raw);
      },
      value.raw);
}

}  // namespace flare::config
