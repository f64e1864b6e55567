#include "flare/base/backoff.h"
#include "flare/base/log.h"
#include "flare/port/event_log.h"

namespace flare::port {

Task<> append_until_done(Context ctx, LogTopic* topic, std::vector<LogRecord> records,
                         Durability durability) {
  Backoff backoff;
  while (true) {
    Result<std::vector<LogPosition>> appended =
        co_await attempt(topic->append_batch(ctx, records, durability));
    if (appended) co_return;
    if (appended.error().code == ErrorCode::Cancelled || !worth_retrying(appended.error())) {
      co_await fail(std::move(appended).error().during("append to " + topic->name()));
    }
    log_warning("append_failed", {{"topic", topic->name()}, {"error", appended.error()}});
    co_await backoff.wait(ctx);
  }
}

}  // namespace flare::port
