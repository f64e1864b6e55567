// Everything the command line can say, with its defaults.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace flare::bench {

enum class Scenario : uint8_t {
  Chat,
  Latency,
  Fanout,
  Idle,
  History,
  DurabilityRun,
  DurabilityVerify
};

struct Options {
  Scenario scenario = Scenario::Chat;
  bool floor_only = false;  // the subcommand `floor`

  // The server.
  std::vector<std::string> urls = {"ws://127.0.0.1:60051/ws"};
  std::string token_key_file;
  std::string token_key_id;
  std::vector<pid_t> server_pids;
  std::string durability_class = "D2";  // what the server under test promises by its receipt

  // The load.
  uint32_t connections = 0;  // 0: the scenario's own default
  uint32_t in_flight = 1;
  double duration_s = 10;
  double warmup_s = 2;
  uint32_t text_bytes = 128;
  bool ack_persisted = false;
  double rate = 20'000;
  uint32_t members = 1000;
  uint32_t offline_members = 0;
  double hold_s = 5;
  uint32_t first_user = 0;  // so that several processes can share the work
  uint32_t stored = 500;
  uint32_t login_window = 128;
  uint32_t ack_ms = 50;
  uint32_t ack_deliveries = 64;

  // Durability.
  std::string journal;
  uint32_t group_size = 8;
  uint32_t retry_every = 16;

  // Rounds and results.
  uint32_t rounds = 1;
  bool with_floor = false;
  bool floor_unsynced = false;
  std::string work_folder;  // for the floor's log and the noise probe
  std::string json_file;
};

}  // namespace flare::bench
