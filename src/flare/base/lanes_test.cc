#include "flare/base/lanes.h"

#include <gtest/gtest.h>

#include "flare/base/run.h"

namespace flare {
namespace {

struct NoFaults final : Faults {
  void report(std::string_view, const Error& error) override { ADD_FAILURE() << error.message; }
};

struct LanesTest : testing::Test {
  Lanes lanes;
  NoFaults faults;
  std::vector<std::string> story;

  Task<> visit(Context ctx, std::string key, std::string who, std::chrono::milliseconds stay) {
    Result<Lanes::Turn> turn = co_await attempt(lanes.enter(ctx, key));
    story.push_back(who + (turn ? " in" : " gave up"));
    if (!turn) co_return;
    co_await sleep_for({}, stay);
    story.push_back(who + " out");
  }

  Task<> all(Scope* scope, std::vector<Task<>*> visits) {
    for (Task<>* visit : visits) scope->spawn(std::move(*visit));
    while (scope->running() > 0) co_await sleep_for({}, std::chrono::milliseconds(1));
  }

  void play(std::vector<Task<>*> visits) {
    Scope scope("test", faults);
    ASSERT_TRUE(run(all(&scope, std::move(visits))));
  }
};

constexpr std::chrono::milliseconds kShort(3);

TEST_F(LanesTest, OneAtATimeInTheOrderOfEntering) {
  Task<> a = visit({}, "room", "ann", kShort);
  Task<> b = visit({}, "room", "bob", kShort);
  Task<> c = visit({}, "room", "cid", kShort);

  play({&a, &b, &c});

  EXPECT_EQ(story, (std::vector<std::string>{"ann in", "ann out", "bob in", "bob out", "cid in",
                                             "cid out"}));
}

TEST_F(LanesTest, OtherKeysDoNotWait) {
  Task<> a = visit({}, "room", "ann", kShort * 5);
  Task<> b = visit({}, "hall", "bob", kShort);

  play({&a, &b});

  EXPECT_EQ(story, (std::vector<std::string>{"ann in", "bob in", "bob out", "ann out"}));
}

TEST_F(LanesTest, WhoGivesUpDoesNotBlockTheNext) {
  Context hasty;
  hasty.deadline = std::chrono::steady_clock::now() + kShort;
  Task<> a = visit({}, "room", "ann", kShort * 5);
  Task<> b = visit(hasty, "room", "bob", kShort);
  Task<> c = visit({}, "room", "cid", kShort);

  play({&a, &b, &c});

  EXPECT_EQ(story, (std::vector<std::string>{"ann in", "bob gave up", "ann out", "cid in",
                                             "cid out"}));
}

}  // namespace
}  // namespace flare
