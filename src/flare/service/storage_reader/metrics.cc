#include "flare/service/storage_reader/metrics.h"

namespace flare::storage_reader {
namespace {

Counter& requests(MetricRegistry& registry, const std::string& call, std::string_view code) {
  return registry.counter("flare_storage_reader_requests_total", "Calls that ended, by code.",
                          {{"call", call}, {"code", std::string(code)}});
}

}  // namespace

CallMetrics::CallMetrics(MetricRegistry& registry, const std::string& call)
    : ok_(requests(registry, call, "OK")),
      seconds_(registry.histogram("flare_storage_reader_request_seconds", "Duration of a call.",
                                  {{"call", call}})),
      in_flight_(registry.gauge("flare_storage_reader_requests_in_flight",
                                "Calls that have begun and not ended.", {{"call", call}})) {
  for (size_t code = 0; code < errors_.size(); ++code) {
    errors_[code] = &requests(registry, call, name(static_cast<ErrorCode>(code)));
  }
}

Metrics::Metrics(MetricRegistry& registry)
    : sync(registry, "sync"),
      history(registry, "history"),
      get_message(registry, "get_message"),
      list_conversations(registry, "list_conversations"),
      list_members(registry, "list_members"),
      where(registry, "where"),
      groups_of(registry, "groups_of"),
      syncs_unchanged(registry.counter("flare_storage_reader_syncs_unchanged_total",
                                       "Syncs answered by comparing digests.")),
      messages_read(registry.counter("flare_storage_reader_messages_total",
                                     "Messages handed out, previews included.")) {}

}  // namespace flare::storage_reader
