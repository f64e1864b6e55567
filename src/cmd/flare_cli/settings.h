// What the command line says, apart from the command itself.
#pragma once

#include <string>

namespace flare::cli {

struct Settings {
  std::string url = "ws://127.0.0.1:60051/ws";

  // Who we are: a token, a file with one, or a user and the key to make one with.
  std::string token;
  std::string token_file;
  std::string user_id;
  std::string key_file;
  std::string key_id = "demo";
  std::string tenant_id = "default";
  std::string device_id;  // empty: "cli-<command>", so that a tail and a send do not meet

  bool json = false;  // one line of JSON a thing, for machines
  std::string command;
};

}  // namespace flare::cli
