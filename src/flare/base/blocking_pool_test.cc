#include "flare/base/blocking_pool.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <thread>

#include "flare/base/run.h"

namespace flare {
namespace {

using namespace std::chrono_literals;

Task<bool> runs_elsewhere(BlockingPool* pool) {
  const auto loop_thread = std::this_thread::get_id();
  const auto pool_thread =
      co_await pool->run({}, [] { return Result<std::thread::id>(std::this_thread::get_id()); });
  co_return pool_thread != loop_thread&& std::this_thread::get_id() == loop_thread;
}

TEST(BlockingPoolTest, RunsElsewhereAndContinuesOnTheLoop) {
  BlockingPool pool({.name = "test"});

  EXPECT_TRUE(run(runs_elsewhere(&pool)).value());
}

TEST(BlockingPoolTest, AFailureIsTheFunctionsOwn) {
  BlockingPool pool({.name = "test"});

  Result<> result = run(pool.run({}, [] { return Result<>(fail(ErrorCode::DataLoss, "torn")); }));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::DataLoss);
}

TEST(BlockingPoolTest, WhatIsNoLongerWantedDoesNotRun) {
  BlockingPool pool({.name = "test"});
  std::stop_source stop;
  stop.request_stop();
  Context late;
  late.deadline = std::chrono::steady_clock::now() - 1s;
  bool ran = false;
  const auto function = [&ran] {
    ran = true;
    return Result<>();
  };

  Result<> cancelled = run(pool.run({.stop = stop.get_token()}, function));
  Result<> expired = run(pool.run(late, function));

  EXPECT_EQ(cancelled.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(expired.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_FALSE(ran);
}

Task<std::vector<ErrorCode>> fill(BlockingPool* pool, Scope* scope, std::promise<void>* release,
                                  std::promise<void>* held) {
  scope->spawn(pool->run({}, [release, held] {
    held->set_value();
    release->get_future().wait();
    return Result<>();
  }));
  held->get_future().wait();
  scope->spawn(pool->run({}, [] { return Result<>(); }));
  Result<> third = co_await attempt(pool->run({}, [] { return Result<>(); }));
  release->set_value();
  co_await scope->close();
  co_return third ? std::vector<ErrorCode>{} : std::vector{third.error().code};
}

struct NoFaults final : Faults {
  void report(std::string_view, const Error& error) override { ADD_FAILURE() << error.message; }
};

TEST(BlockingPoolTest, AFullQueueRefuses) {
  BlockingPool pool({.name = "test", .threads = 1, .queue_max = 1});
  NoFaults faults;
  Scope scope("test", faults);
  std::promise<void> release;
  std::promise<void> held;

  Result<std::vector<ErrorCode>> codes = run(fill(&pool, &scope, &release, &held));

  EXPECT_EQ(codes.value(), std::vector{ErrorCode::ResourceExhausted});
}

}  // namespace
}  // namespace flare
