#include "flare/app/settings.h"

namespace flare::app {

void Settings::add_to(ConfigRegistry& registry) {
  registry.add("", top);
  registry.add("backend", backend);
  registry.add("event_log", event_log);
  registry.add("message_store", message_store);
  registry.add("access_gateway", access_gateway);
  registry.add("message_orchestrator", message_orchestrator);
  registry.add("storage_writer", storage_writer);
  registry.add("storage_reader", storage_reader);
  registry.add("push_server", push_server);
  registry.add("push_worker", push_worker);
  registry.add("signaling_online", signaling_online);
  registry.add("token", token);
  registry.add("admin", admin);
}

}  // namespace flare::app
