// What every OutcomeFeed promises.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include "flare/base/pending.h"
#include "flare/base/run.h"
#include "flare/port/outcome_feed.h"

namespace flare::contract {

struct OutcomeFeedBackend {
  std::string name;
  std::function<std::unique_ptr<port::OutcomeFeed>()> open;
};

class OutcomeFeedContract : public testing::TestWithParam<OutcomeFeedBackend> {
 protected:
  static port::Outcome outcome(std::string_view client_id, Sequence seq) {
    return {.id = model::message_id({"acme"}, {"single:ann:bob"}, {"ann"}, client_id), .seq = seq};
  }

  // What one orchestrator is told.
  struct Told {
    std::vector<Sequence> seqs;
    std::vector<std::string> changed;
  };
  port::OutcomeFeed::Handlers into(Told* told) {
    return {.outcomes =
                [told](const std::vector<port::Outcome>& outcomes) {
                  for (const port::Outcome& one : outcomes) told->seqs.push_back(one.seq);
                },
            .changed =
                [told](const std::vector<port::ConversationKey>& keys) {
                  for (const auto& key : keys) told->changed.push_back(key.conversation.text);
                }};
  }

  // Until the loop has done what was posted to it before, a few times over.
  Task<> settle() {
    for (int i = 0; i < 3; ++i) co_await sleep_for({}, std::chrono::milliseconds(1));
  }

  Task<> two_orchestrators() {
    const uint32_t a = feed->subscribe(into(&first));
    const uint32_t b = feed->subscribe(into(&second));
    numbers = {a, b};
    feed->publish(a, {outcome("1", 1), outcome("2", 2)});
    feed->publish(b, {outcome("3", 7)});
    feed->publish(a, {outcome("4", 3)});
    co_await settle();
  }

  Task<> one_leaves() {
    const uint32_t a = feed->subscribe(into(&first));
    feed->publish(a, {outcome("1", 1)});
    co_await settle();
    feed->unsubscribe(a);
    feed->publish(a, {outcome("2", 2)});
    feed->publish_changed({{{"acme"}, {"group:g"}}});
    co_await settle();
  }

  Task<> leaves_while_under_way() {
    const uint32_t a = feed->subscribe(into(&first));
    feed->publish(a, {outcome("1", 1)});
    feed->unsubscribe(a);
    co_await settle();
  }

  Task<> members_change() {
    feed->subscribe(into(&first));
    feed->subscribe(into(&second));
    feed->publish_changed({{{"acme"}, {"group:g"}}, {{"acme"}, {"group:h"}}});
    co_await settle();
  }

  // Loop thread only, like the handlers.
  Told first;
  Told second;
  std::vector<uint32_t> numbers;
  std::unique_ptr<port::OutcomeFeed> feed = GetParam().open();
};

using Sequences = std::vector<Sequence>;

TEST_P(OutcomeFeedContract, EachOrchestratorIsToldItsOwnInOrder) {
  ASSERT_TRUE(run(two_orchestrators()));

  EXPECT_EQ(first.seqs, (Sequences{1, 2, 3}));
  EXPECT_EQ(second.seqs, (Sequences{7}));
}

TEST_P(OutcomeFeedContract, NumbersAreDifferentAndNeverZero) {
  ASSERT_TRUE(run(two_orchestrators()));

  EXPECT_NE(numbers[0], numbers[1]);
  EXPECT_NE(numbers[0], 0u);
  EXPECT_NE(numbers[1], 0u);
}

TEST_P(OutcomeFeedContract, WhoHasLeftIsNotCalledAndNotMissed) {
  ASSERT_TRUE(run(one_leaves()));

  EXPECT_EQ(first.seqs, (Sequences{1}));
  EXPECT_TRUE(first.changed.empty());
}

TEST_P(OutcomeFeedContract, LeavingStopsWhatIsOnItsWay) {
  ASSERT_TRUE(run(leaves_while_under_way()));

  EXPECT_TRUE(first.seqs.empty());
}

TEST_P(OutcomeFeedContract, EverybodyHearsOfChangedMembers) {
  ASSERT_TRUE(run(members_change()));

  EXPECT_EQ(first.changed, (std::vector<std::string>{"group:g", "group:h"}));
  EXPECT_EQ(second.changed, first.changed);
}

}  // namespace flare::contract
