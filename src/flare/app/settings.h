// Everything a process of this system can be told, by section of the configuration. Services know
// their own part only; what belongs to an engine or a transport is named here.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "flare/base/config.h"
#include "flare/service/access_gateway/config.h"
#include "flare/service/message_orchestrator/config.h"
#include "flare/service/push_server/config.h"
#include "flare/service/push_worker/config.h"
#include "flare/service/signaling_online/config.h"
#include "flare/service/storage_reader/config.h"
#include "flare/service/storage_writer/config.h"

namespace flare::app {

struct TopSettings {
  std::string data_dir = "data";
  std::string log_level = "info";
  uint32_t client_loops = 0;

  void describe(auto& field) {
    field(
        "data_dir", data_dir,
        "Where the embedded engines keep everything. Made when missing; the directory it stands in "
        "must exist.",
        config::not_empty());
    field("log_level", log_level, "What is logged.",
          config::one_of({"debug", "info", "warning", "error"}));
    field("client_loops", client_loops,
          "Event loops that serve clients, a thread each; 0: one for each core.",
          config::between(0, 256));
  }
};

struct BackendSettings {
  std::string event_log = "embedded";
  std::string message_store = "embedded";
  std::string presence_store = "embedded";

  void describe(auto& field) {
    field("event_log", event_log, "Engine of the event log.", config::one_of({"embedded"}));
    field("message_store", message_store, "Engine of the message store.",
          config::one_of({"embedded"}));
    field("presence_store", presence_store, "Engine of the presence store.",
          config::one_of({"embedded"}));
  }
};

struct EventLogSettings {
  uint32_t partitions = 4;
  std::string topic_storage_messages = "storage-messages";
  std::string topic_push_messages = "push-messages";
  std::string topic_push_dispatch = "push-dispatch";
  ByteSize segment_bytes = mib(64);
  ByteSize cache_bytes = mib(32);
  ByteSize retention_bytes = mib(256);
  ByteSize bytes_max = {0};

  void describe(auto& field) {
    field("partitions", partitions,
          "Partitions of every topic. Fixed once the data directory exists.",
          config::between(1, 256));
    field("topic_storage_messages", topic_storage_messages,
          "Topic of accepted messages, operations and read marks.", config::not_empty());
    field("topic_push_messages", topic_push_messages, "Topic of applied events.",
          config::not_empty());
    field("topic_push_dispatch", topic_push_dispatch, "Topic of dispatches to gateways.",
          config::not_empty());
    field("segment_bytes", segment_bytes, "Size of a log file; files are recycled, never grown.",
          config::between(kib(16), gib(1)));
    field("cache_bytes", cache_bytes, "Recent records of each topic kept in memory.",
          config::between(mib(1), gib(16)));
    field("retention_bytes", retention_bytes,
          "Applied messages kept in the log all the same, for replays.",
          config::between(ByteSize{0}, ByteSize{uint64_t{1} << 50}));
    field("bytes_max", bytes_max,
          "Room for the files of the accepted messages; 0: the disk. Full means new sends are "
          "refused until there is room.",
          config::between(ByteSize{0}, ByteSize{uint64_t{1} << 50}));
  }
};

struct MessageStoreSettings {
  ByteSize block_cache_bytes = mib(256);
  ByteSize write_buffer_bytes = mib(64);
  std::chrono::milliseconds flush_interval{10'000};

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("block_cache_bytes", block_cache_bytes, "Memory for what is read often.",
          config::between(mib(8), gib(64)));
    field("write_buffer_bytes", write_buffer_bytes, "Memory for rows before they are flushed.",
          config::between(mib(1), gib(4)));
    field("flush_interval", flush_interval,
          "How often rows are flushed at least; bounds the replay after a crash.",
          config::between(100ms, 10min));
  }
};

struct AccessGatewaySettings {
  access_gateway::Config service;
  std::string listen = "127.0.0.1:60051";
  std::string path = "/ws";
  std::vector<std::string> origins;
  uint32_t connections_max = 100'000;
  uint32_t connections_per_address_max = 20'000;
  uint32_t handshakes_in_flight_max = 1'024;
  ByteSize queue_bytes_max = mib(8);

  void describe(auto& field) {
    field("listen", listen, "Address WebSocket clients connect to; port 0 takes a free one.",
          config::not_empty());
    field("path", path, "Path of the WebSocket endpoint.", config::not_empty());
    field("origins", origins, "Web origins that may connect; empty: all.");
    field("connections_max", connections_max, "Connections of one client loop.",
          config::between(1, 10'000'000));
    field("connections_per_address_max", connections_per_address_max,
          "Connections of one client address and client loop.", config::between(1, 10'000'000));
    field("handshakes_in_flight_max", handshakes_in_flight_max,
          "Connections that have not finished their upgrade; further ones wait in the kernel.",
          config::between(1, 1'000'000));
    field("queue_bytes_max", queue_bytes_max,
          "Bytes queued for a connection above which it is closed and told to reconnect.",
          config::between(kib(64), gib(1)));
    service.describe(field);
  }
};

struct TokenSettings {
  std::string key_id = "demo";
  std::string secret;
  std::string issuer = "flare-im-core";
  std::string tenant = "default";
  std::chrono::milliseconds ttl{std::chrono::hours(24)};

  void describe(auto& field) {
    using namespace std::chrono_literals;
    field("key_id", key_id, "The `kid` of tokens signed with the secret.", config::not_empty());
    field("secret", secret,
          "HS256 secret, at least 32 bytes. Left out, a random one is made and kept in the data "
          "directory, which is allowed on loopback addresses only.")
        .secret();
    field("issuer", issuer, "What `iss` of a token must be.", config::not_empty());
    field("tenant", tenant, "The tenant whose tokens the secret may sign; empty: any.");
    field("ttl", ttl, "Lifetime of the tokens that the demo page is given.",
          config::between(1s, std::chrono::hours(24 * 365)));
  }
};

struct AdminSettings {
  std::string listen = "127.0.0.1:60080";

  void describe(auto& field) {
    field("listen", listen,
          "Address of the demo page, /metrics, /healthz and /readyz; port 0 takes a free one.",
          config::not_empty());
  }
};

struct Settings {
  TopSettings top;
  BackendSettings backend;
  EventLogSettings event_log;
  MessageStoreSettings message_store;
  AccessGatewaySettings access_gateway;
  message_orchestrator::Config message_orchestrator;
  storage_writer::Config storage_writer;
  storage_reader::Config storage_reader;
  push_server::Config push_server;
  push_worker::Config push_worker;
  signaling_online::Config signaling_online;
  TokenSettings token;
  AdminSettings admin;

  // The settings must stay where they are while the registry lives.
  void add_to(ConfigRegistry& registry);
};

}  // namespace flare::app
