// ConfigRegistry: the configuration structs of a process, by section: reads them from a
// ConfigSource, shows them, and writes their manual. Rooms include config_field.h only.
//
//   ConfigRegistry registry;
//   registry.add("access_gateway", gateway_config);
//   Result<> loaded = registry.load(source);     // all problems at once, one a line
//   for (const std::string& warning : registry.warnings()) log_warning(...);
//   registry.print(std::cout);                   // --print-config
//
// Belongs to one thread. The structs must outlive it and stay where they are.
#pragma once

#include <cassert>
#include <deque>
#include <functional>
#include <iosfwd>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "flare/base/config_source.h"
#include "flare/base/config_value.h"

namespace flare {

// One key, its type erased.
struct ConfigField {
  std::string key;   // "access_gateway.listen"
  std::string name;  // "listen"
  std::string doc;
  std::string type;
  std::string limits;
  std::string default_toml;
  std::string origin = "default";
  bool masked = false;
  bool reloads = false;

  // Whether a value would be taken; whether the default passes its own checks.
  std::function<Result<>(const ConfigValue&)> accepts;
  Result<> default_accepted;
  // Sets the member: to a value that accepts() agreed to; to its default.
  std::function<void(const ConfigValue&)> take;
  std::function<void()> reset;
  std::function<std::string()> to_toml;

  // Never shown by print() or in an error message.
  ConfigField& secret() {
    masked = true;
    return *this;
  }
  // May change while the process runs. Everything else needs a restart.
  ConfigField& reloadable() {
    reloads = true;
    return *this;
  }
};

class ConfigRegistry {
 public:
  // Binds `target` to a section; "" is the top of the file, "a.b" is nested. What the target holds
  // now are the defaults.
  template <class T>
  void add(const std::string& section, T& target) {
    Collector field{open(section)};
    target.describe(field);
  }

  // Lets another process's section stand in a shared file: its keys are known and their values
  // checked, but nothing of it is required, and print() leaves it out.
  template <class T>
  void allow(const std::string& section) {
    auto target = std::make_shared<T>();
    add(section, *target);
    sections_.back().foreign = std::move(target);
  }

  // Sets every bound member from its last place in `source`. Fails with InvalidArgument and one
  // line for each problem (unknown keys, wrong types, broken limits, required keys left out):
  //   config/flare.toml:3: access_gateway.frame_max = 0: must be between 1KiB and 16MiB
  // After a failure no member has changed. May be repeated: what no longer stands in the source
  // goes back to its default.
  Result<> load(const ConfigSource& source);

  // Of the last load(): one for each old name in use.
  const std::vector<std::string>& warnings() const { return warnings_; }

  // The effective values with their origins, as TOML; secrets that are set as "***".
  void print(std::ostream& out) const;

  // docs/reference/config.md: a table per section.
  void write_reference_markdown(std::ostream& out) const;

  // config/flare.toml: every key with its meaning and default, commented out.
  void write_example_toml(std::ostream& out) const;

 private:
  struct Section {
    std::string name;
    std::deque<ConfigField> fields;  // a deque: describe() holds references while it adds
    std::shared_ptr<void> foreign;   // set by allow()
  };

  // The `field` of describe(auto& field).
  struct Collector {
    Section& section;

    template <class T, class... Checks>
    ConfigField& operator()(const std::string& name, T& member, std::string doc, Checks... checks);
  };

  Section& open(const std::string& section);
  static ConfigField& append(Section& section, ConfigField field);
  std::vector<const Section*> in_file_order() const;

  std::deque<Section> sections_;
  std::vector<std::string> warnings_;
};

template <class T, class... Checks>
ConfigField& ConfigRegistry::Collector::operator()(const std::string& name, T& member,
                                                   std::string doc, Checks... checks) {
  const auto verdict = [checks...]([[maybe_unused]] const T& value) -> Result<> {
    std::string demand;
    ((demand.empty() && !checks.allows(value) ? void(demand = checks.demand()) : void()), ...);
    if (!demand.empty()) return fail(ErrorCode::InvalidArgument, std::move(demand));
    return {};
  };
  std::string limits;
  ((limits += (limits.empty() ? "" : ", ") + checks.limits()), ...);

  ConfigField field;
  field.name = name;
  field.doc = std::move(doc);
  field.type = config::type_name(member);
  field.limits = std::move(limits);
  field.default_toml = config::to_toml(member);
  field.accepts = [verdict](const ConfigValue& value) -> Result<> {
    T parsed{};
    Result<> read = config::read(value, parsed);
    return read ? verdict(parsed) : read;
  };
  field.default_accepted = verdict(member);
  field.take = [&member](const ConfigValue& value) {
    [[maybe_unused]] Result<> read = config::read(value, member);
    assert(read);
  };
  field.reset = [&member, initial = member] { member = initial; };
  field.to_toml = [&member] { return config::to_toml(member); };
  return append(section, std::move(field));
}

}  // namespace flare
