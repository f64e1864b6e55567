#include "flare/app/command_line.h"

#include <CLI/CLI.hpp>

namespace flare::app {

std::optional<int> read_command_line(int argc, char** argv, const std::string& name,
                                     CommandLine& line) {
  CLI::App app(
      "A server of flare-im-core. Every key of the configuration can also be set in the "
      "environment, as FLARE_<SECTION>__<KEY>.",
      name);
  app.set_version_flag("--version", std::string(FLARE_VERSION));
  app.add_option("--config", line.config_files,
                 "TOML file; may be given several times, later ones win")
      ->check(CLI::ExistingFile);
  app.add_flag("--check-config", line.check_config, "Check the configuration and exit");
  app.add_flag("--print-config", line.print_config,
               "Print the effective configuration, where each value came from, and exit");
  app.add_flag("--write-config-reference", line.write_reference,
               "Print the manual of all keys as Markdown and exit");
  app.add_flag("--write-config-example", line.write_example,
               "Print a commented configuration file and exit");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace flare::app
