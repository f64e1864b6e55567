#include "flare/base/config.h"

#include <algorithm>

namespace flare {
namespace {

// Two underscores would not survive the way through the environment's names.
[[maybe_unused]] bool well_named(const std::string& name) {
  return !name.empty() && !name.contains("__") && name.front() != '_' && name.back() != '_' &&
         std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

std::string problem(const ConfigField& field, const std::string& origin, const std::string& value,
                    const Error& error) {
  return origin + ": " + field.key + " = " + (field.masked ? "***" : value) + ": " + error.message;
}

}  // namespace

ConfigRegistry::Section& ConfigRegistry::open(const std::string& section) {
  assert(std::ranges::find(sections_, section, &Section::name) == sections_.end() &&
         "a section belongs to one struct");
  return sections_.emplace_back(Section{section, {}, nullptr});
}

ConfigField& ConfigRegistry::append(Section& section, ConfigField field) {
  assert(well_named(field.name) && "a key is in [a-z0-9_], without two underscores in a row");
  assert(std::ranges::find(section.fields, field.name, &ConfigField::name) ==
             section.fields.end() &&
         "a key is described once");
  field.key = section.name.empty() ? field.name : section.name + "." + field.name;
  return section.fields.emplace_back(std::move(field));
}

Result<> ConfigRegistry::load(const ConfigSource& source) {
  std::set<std::string> known_keys;
  for (const Section& section : sections_) {
    for (const ConfigField& field : section.fields) known_keys.insert(field.key);
  }
  ConfigSource::Values values = source.values(known_keys);
  warnings_ = std::move(values.warnings);

  std::vector<std::string> problems = std::move(values.problems);
  for (const Section& section : sections_) {
    for (const ConfigField& field : section.fields) {
      const auto found = values.by_key.find(field.key);
      if (found != values.by_key.end()) {
        const ConfigValue& value = found->second;
        Result<> accepted = field.accepts(value);
        if (!accepted) {
          problems.push_back(
              problem(field, value.origin, config::written(value), accepted.error()));
        }
      } else if (!section.foreign && !field.default_accepted) {
        problems.push_back(
            problem(field, "default", field.default_toml, field.default_accepted.error()));
      }
    }
  }
  if (!problems.empty()) {
    std::string all;
    for (const std::string& one : problems) all += (all.empty() ? "" : "\n") + one;
    return fail(ErrorCode::InvalidArgument, std::move(all));
  }

  for (Section& section : sections_) {
    for (ConfigField& field : section.fields) {
      const auto found = values.by_key.find(field.key);
      field.origin = found == values.by_key.end() ? "default" : found->second.origin;
      if (found == values.by_key.end()) {
        field.reset();
      } else {
        field.take(found->second);
      }
    }
  }
  return {};
}

std::vector<const ConfigRegistry::Section*> ConfigRegistry::in_file_order() const {
  // TOML's keys outside any section stand before the first section.
  std::vector<const Section*> order;
  for (const Section& section : sections_) {
    order.insert(section.name.empty() ? order.begin() : order.end(), &section);
  }
  return order;
}

}  // namespace flare
