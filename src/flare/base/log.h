// Logging: an event and its fields, one line an event.
//
//   log_warning("message_refused", {{"code", "PERMISSION_DENIED"}, {"trace", ctx.trace}});
//   2026-01-01T00:00:00.000Z warning message_refused code=PERMISSION_DENIED trace=00c0ffee
//
// error: a person must act. warning: it healed, or the client was wrong in a new way. info:
// lifecycle. debug: the rest. Written to standard error; any thread.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

#include "flare/base/result.h"

namespace flare {

enum class LogLevel { Debug, Info, Warning, Error };

struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, const flare::Error& e)
      : key(k), value(std::string(name(e.code)) + " " + e.message) {}
  template <class N>
    requires std::is_arithmetic_v<N>
  LogField(std::string_view k, N v) : key(k), value(std::to_string(v)) {}
};

using LogFields = std::initializer_list<LogField>;

// "debug", "info", "warning", "error"; anything else is InvalidArgument.
Result<LogLevel> log_level_from(std::string_view text);
void set_log_level(LogLevel level);

void log_debug(std::string_view event, LogFields fields = {});
void log_info(std::string_view event, LogFields fields = {});
void log_warning(std::string_view event, LogFields fields = {});
void log_error(std::string_view event, LogFields fields = {});

}  // namespace flare
