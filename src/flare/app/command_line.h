// What every server binary takes on its command line.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace flare::app {

struct CommandLine {
  std::vector<std::string> config_files;
  bool check_config = false;
  bool print_config = false;
  bool write_reference = false;
  bool write_example = false;
};

// Returns an exit code when there is nothing left to do: --help, --version, or a mistake.
std::optional<int> read_command_line(int argc, char** argv, const std::string& name,
                                     CommandLine& line);

}  // namespace flare::app
