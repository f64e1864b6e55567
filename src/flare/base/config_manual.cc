// What ConfigRegistry writes for people: effective values, the reference, the example file.
#include <ostream>
#include <string_view>

#include "flare/base/config.h"

namespace flare {
namespace {

std::string shown(const ConfigField& field) {
  const std::string value = field.to_toml();
  const bool is_set = value != R"("")" && value != "[]";
  return field.masked && is_set ? R"("***")" : value;
}

// A bar would end the cell, also inside a code span.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string code(const std::string& text) { return "`" + cell(text) + "`"; }

}  // namespace

void ConfigRegistry::print(std::ostream& out) const {
  std::string_view between = "";
  for (const Section* section : in_file_order()) {
    if (section->foreign) continue;
    out << between;
    between = "\n";
    if (!section->name.empty()) out << '[' << section->name << "]\n";
    for (const ConfigField& field : section->fields) {
      out << field.name << " = " << shown(field) << "  # " << field.origin << '\n';
    }
  }
}

void ConfigRegistry::write_reference_markdown(std::ostream& out) const {
  out << "# Configuration reference\n\n"
         "Generated from the `describe()` of each room's config struct; do not edit.\n\n"
         "Values come from the TOML files in order, then from the environment. A time is written\n"
         "with its unit (`500ms`, `10s`, `5m`, `1h`), a size as `64KiB`, `1MiB`, `2GiB` or a\n"
         "number of bytes. A list in the environment is separated by commas.\n";
  for (const Section* section : in_file_order()) {
    out << "\n## " << (section->name.empty() ? "Outside any section" : section->name)
        << "\n\n"
           "| key | type | default | limits | meaning | reloadable | environment |\n"
           "|---|---|---|---|---|---|---|\n";
    for (const ConfigField& field : section->fields) {
      out << "| " << code(field.name) << " | " << field.type << (field.masked ? ", secret" : "")
          << " | " << (field.default_accepted ? code(field.default_toml) : "required") << " | "
          << cell(field.limits) << " | " << cell(field.doc) << " | "
          << (field.reloads ? "yes" : "no") << " | " << code(config::environment_name(field.key))
          << " |\n";
    }
  }
}

void ConfigRegistry::write_example_toml(std::ostream& out) const {
  out << "# Every key with its default. Generated; copy it, then remove the # before what you "
         "set.\n"
         "# The meaning of types and the environment's names: docs/reference/config.md\n";
  for (const Section* section : in_file_order()) {
    out << '\n';
    if (!section->name.empty()) out << '[' << section->name << "]\n";
    std::string_view between = section->name.empty() ? "" : "\n";
    for (const ConfigField& field : section->fields) {
      out << between << "# " << field.doc;
      between = "\n";
      if (!field.limits.empty()) out << " Limits: " << field.limits << '.';
      if (!field.default_accepted) out << " Required.";
      out << "\n# " << field.name << " = " << field.default_toml << '\n';
    }
  }
}

}  // namespace flare
