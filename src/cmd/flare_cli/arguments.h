// The command line as a settled choice: what to run, and with which settings.
#pragma once

#include <expected>
#include <functional>

#include "exit_code.h"

namespace flare::cli {

// What to run, or the exit code after help, version or a mistake was printed.
std::expected<std::function<ExitCode()>, ExitCode> parse(int argc, char** argv);

}  // namespace flare::cli
