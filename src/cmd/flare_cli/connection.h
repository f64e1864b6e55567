// From the settings to a client that is logged in, and from an error to words that help.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "exit_code.h"
#include "flare/sdk/client.h"
#include "settings.h"

namespace flare::cli {

struct Session {
  sdk::Client client;
  std::string user_id;  // whom the server welcomed
};

// Connected and welcome; or the exit code, after the reason was printed.
std::expected<Session, ExitCode> log_in(const Settings& settings);

// Prints what went wrong and what to do next; the exit code it means.
ExitCode explain(const sdk::Error& error, const Settings& settings);

// Prints a mistake of the caller.
ExitCode misuse(const std::string& problem, const std::string& advice = {});

// The text of a file without the line ends behind it; nothing when it cannot be read.
std::optional<std::string> read_secret(const std::string& path);

}  // namespace flare::cli
