#include <gtest/gtest.h>

#include <thread>

#include "flare/base/pending.h"
#include "flare/base/run.h"

namespace flare {
namespace {

Task<int> answer() { co_return 42; }

Task<int> refused() {
  co_await fail(ErrorCode::PermissionDenied, "no");
  co_return 1;
}

Result<int> parsed(bool well) {
  if (!well) return fail(ErrorCode::InvalidArgument, "not a number");
  return 7;
}

Task<int> sum(bool well) {
  const int a = co_await answer();
  const int b = co_await parsed(well);
  co_return a + b;
}

Task<int> look_at_failure() {
  Result<int> result = co_await attempt(refused());
  co_return result ? 0 : -1;
}

TEST(TaskTest, GivesItsValueThroughLevels) { EXPECT_EQ(run(sum(true)).value(), 49); }

TEST(TaskTest, AFailureEndsEveryoneWhoAwaitedPlainly) {
  Result<int> result = run(sum(false));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
}

TEST(TaskTest, AttemptStopsAFailure) { EXPECT_EQ(run(look_at_failure()).value(), -1); }

struct Counted {
  explicit Counted(int* counter) : count(counter) { ++*count; }
  Counted(const Counted& other) : count(other.count) { ++*count; }
  ~Counted() { --*count; }
  int* count;
};

Task<> fails_with_locals(Counted argument) {
  Counted local = argument;
  co_await refused();
}

TEST(TaskTest, AFailureDestroysArgumentsAndLocals) {
  int alive = 0;
  EXPECT_FALSE(run(fails_with_locals(Counted(&alive))));
  EXPECT_EQ(alive, 0);
}

Task<int> wait_for(Pending<int> pending, Context ctx) { co_return co_await pending.wait(ctx); }

Task<int> from_another_thread(std::thread* other) {
  Pending<int> pending;
  *other = std::thread([pending] { pending.resolve(5); });
  co_return co_await wait_for(pending, {});
}

TEST(PendingTest, ResolvesFromAnotherThread) {
  std::thread other;
  EXPECT_EQ(run(from_another_thread(&other)).value(), 5);
  other.join();
}

Task<int> never(std::chrono::milliseconds budget) {
  Pending<int> pending;
  Context ctx;
  ctx.deadline = std::chrono::steady_clock::now() + budget;
  co_return co_await pending.wait(ctx);
}

TEST(PendingTest, ADeadlineEndsTheWait) {
  Result<int> result = run(never(std::chrono::milliseconds(5)));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::DeadlineExceeded);
}

struct SeenFaults final : Faults {
  void report(std::string_view, const Error& error) override { codes.push_back(error.code); }
  std::vector<ErrorCode> codes;
};

Task<> sleep_until_stopped(Context ctx) { co_await sleep_for(ctx, std::chrono::hours(1)); }
Task<> broken() { co_await fail(ErrorCode::DataLoss, "flipped bit"); }

Task<> open_and_close(Scope* scope) {
  Context ctx;
  ctx.stop = scope->stop_token();
  scope->spawn(sleep_until_stopped(ctx));
  scope->spawn(broken());
  co_await scope->close();
}

TEST(ScopeTest, ClosingEndsItsTasksAndOnlyRealErrorsAreFaults) {
  SeenFaults faults;
  Scope scope("test", faults);

  EXPECT_TRUE(run(open_and_close(&scope)));

  EXPECT_EQ(scope.running(), 0u);
  EXPECT_EQ(faults.codes, std::vector{ErrorCode::DataLoss});
}

}  // namespace
}  // namespace flare
