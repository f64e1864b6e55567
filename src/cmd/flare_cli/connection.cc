#include "connection.h"

#include <cstdio>
#include <fstream>
#include <sstream>

#include "flare/sdk/token.h"
#include "output.h"

namespace flare::cli {
namespace {

std::expected<std::string, ExitCode> find_token(const Settings& settings) {
  // --user with --key-file is a choice just made; a token may only be left in the environment.
  if (settings.user_id.empty() || settings.key_file.empty()) {
    if (!settings.token.empty()) return settings.token;
    if (!settings.token_file.empty()) {
      if (auto token = read_secret(settings.token_file)) return *token;
      return std::unexpected(misuse("cannot read the token file " + settings.token_file));
    }

    return std::unexpected(
        misuse("no token",
               "give --token, --token-file or FLARE_TOKEN, or --user NAME --key-file FILE\n"
               "with the server's key, for the demo <data directory>/token.key"));
  }
  const auto secret = read_secret(settings.key_file);
  if (!secret) {
    return std::unexpected(
        misuse("cannot read the key file " + settings.key_file,
               "the demo server writes it to <data directory>/token.key when it first starts"));
  }
  sdk::TokenClaims claims;
  claims.user_id = settings.user_id;
  claims.device_id = settings.device_id.empty() ? "cli-" + settings.command : settings.device_id;
  claims.tenant_id = settings.tenant_id;
  return sdk::mint_token(claims, {.id = settings.key_id, .secret = *secret});
}

std::string advice_for(const sdk::Error& error, const Settings& settings) {
  switch (error.failure) {
    case sdk::Failure::CannotConnect:
      if (error.code == sdk::ErrorCode::InvalidArgument) return "write --url ws://HOST:PORT/ws";
      return "is the server running? start it with: make run\n"
             "or name another one with --url (now " +
             settings.url + ")";
    case sdk::Failure::TimedOut:
      return "the outcome is unknown; a send may be repeated with the same --client-message-id";
    case sdk::Failure::Closed:
      return "run the command again to reconnect";
    case sdk::Failure::Malformed:
      return "is " + settings.url + " a flare server of this version?";
    case sdk::Failure::Refused:
      break;
  }
  switch (error.code) {
    case sdk::ErrorCode::Unauthenticated:
      return "the token may be expired or signed with another key; make a new one with: "
             "flare-cli token mint";
    case sdk::ErrorCode::PermissionDenied:
      return "see who may: flare-cli members list CONVERSATION";
    case sdk::ErrorCode::NotFound:
      return "see what there is: flare-cli conversations";
    default:
      break;
  }
  if (error.retry_after.count() > 0) {
    return "try again in " + std::to_string(error.retry_after.count()) + " ms";
  }
  return error.retry ? "the same command may succeed later" : "";
}

void print_error(const std::string& problem, const std::string& advice) {
  std::fflush(stdout);
  std::fprintf(stderr, "flare-cli: %s\n", problem.c_str());
  std::istringstream lines(advice);
  for (std::string line; std::getline(lines, line);) std::fprintf(stderr, "  %s\n", line.c_str());
}

}  // namespace

std::expected<Session, ExitCode> log_in(const Settings& settings) {
  const std::expected<std::string, ExitCode> token = find_token(settings);
  if (!token) return std::unexpected(token.error());
  sdk::ConnectOptions options;
  options.url = settings.url;
  options.client_name = "flare-cli/0.1";
  sdk::Result<sdk::Client> client = sdk::Client::connect(options);
  if (!client) {
    sdk::Error error = client.error();
    error.failure = sdk::Failure::CannotConnect;  // no connection in time is no connection
    return std::unexpected(explain(error, settings));
  }
  const sdk::Result<sdk::wire::Welcome> welcome = client->login(*token);
  if (!welcome) return std::unexpected(explain(welcome.error(), settings));
  return Session{.client = std::move(*client), .user_id = welcome->user_id()};
}

ExitCode explain(const sdk::Error& error, const Settings& settings) {
  const std::string advice = advice_for(error, settings);
  if (settings.json) {
    std::printf("{\"error\":{\"code\":%d,\"name\":%s,\"message\":%s,\"retry\":%s}}\n",
                static_cast<int>(error.code), json_text(sdk::name(error.code)).c_str(),
                json_text(error.message).c_str(), error.retry ? "true" : "false");
  }
  print_error(sdk::describe(error), advice);
  const bool usage = error.failure == sdk::Failure::CannotConnect &&
                     error.code == sdk::ErrorCode::InvalidArgument;  // a --url that is none
  if (usage) return ExitCode::Usage;
  const bool gone =
      error.failure == sdk::Failure::CannotConnect || error.failure == sdk::Failure::Closed;
  return gone ? ExitCode::CannotConnect : ExitCode::Refused;
}

ExitCode misuse(const std::string& problem, const std::string& advice) {
  print_error(problem, advice);
  return ExitCode::Usage;
}

std::optional<std::string> read_secret(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::ostringstream text;
  text << in.rdbuf();
  std::string secret = std::move(text).str();
  while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
  return secret;
}

}  // namespace flare::cli
