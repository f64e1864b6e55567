// FakeWal: a write-ahead log whose every publish goes straight into a topic, when the gate lets it.
//
// Belongs to one loop.
#pragma once

#include <deque>
#include <functional>

#include "flare/port/write_ahead_log.h"
#include "kit/fakes/fake_log_topic.h"
#include "kit/fakes/gate.h"

namespace flare {

class FakeWal final : public port::WriteAheadLog {
 public:
  explicit FakeWal(FakeLogTopic& topic) : topic_(topic) {}

  Task<port::LogPosition> publish(Context ctx, port::LogRecord record) override {
    ++publishes;
    co_await gate.pass(ctx);
    if (!failures.empty()) {
      Error failure = std::move(failures.front());
      failures.pop_front();
      co_await fail(std::move(failure));
    }
    const port::LogPosition position = topic_.put(record.key_hash, record.body);
    if (published) published(record.body);
    co_return position;
  }

  Task<size_t> sweep(Context) override {
    ++sweeps;
    co_return 0;
  }
  size_t backlog() const override { return 0; }

  Gate gate;
  std::deque<Error> failures;  // of the next publishes, first to last
  std::function<void(const Bytes&)> published;  // called with what the topic has taken
  size_t publishes = 0;
  size_t sweeps = 0;

 private:
  FakeLogTopic& topic_;
};

}  // namespace flare
