// A device that comes and goes misses nothing and sees nothing twice.
#include <atomic>
#include <thread>

#include "e2e/follower.h"
#include "e2e/story.h"

namespace flare::e2e {
namespace {

using Reconnect = Story;

TEST_F(Reconnect, NothingMissedNothingDoubled) {
  constexpr int kMessages = 1'000;
  constexpr uint64_t kMessagesBetweenDrops = 60;
  std::atomic<bool> failed = false;
  Client ann = users.login("ann");
  std::jthread sender([&](std::stop_token stop) {
    for (int i = 1; i <= kMessages && !failed && !stop.stop_requested(); ++i) {
      if (!ann.send_text(Target::user("bob"), std::to_string(i))) failed = true;
    }
  });
  Follower follower(single_chat_id("ann", "bob"));

  while (follower.last_seq() < kMessages && !failed) {
    Client bob = users.login("bob");
    ASSERT_TRUE(allowed(follower.catch_up(bob)));
    const uint64_t drop_at = follower.last_seq() + kMessagesBetweenDrops;
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    while (follower.last_seq() < std::min<uint64_t>(drop_at, kMessages)) {
      ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "stuck at " << follower.last_seq();
      ASSERT_TRUE(allowed(follower.follow(bob, 100ms)));
    }
  }

  sender.join();
  ASSERT_FALSE(failed);
  EXPECT_EQ(seqs(follower.messages()), one_to(kMessages));
  EXPECT_EQ(follower.holes(), 0);
  for (int i = 0; i < kMessages; ++i) {
    ASSERT_EQ(follower.messages()[static_cast<size_t>(i)].content().text(), std::to_string(i + 1));
  }
}

// Live delivery begins with the login, so between the answer of a sync and the first push there is
// no window for a message to fall through.
TEST_F(Reconnect, NoWindowBetweenSyncAndLive) {
  Client ann = users.login("ann");
  const std::string conversation = single_chat_id("ann", "bob");
  std::jthread sender([&](std::stop_token stop) {
    while (!stop.stop_requested()) (void)ann.send_text(Target::user("bob"), "tick");
  });
  Client other = users.login("bob", {.id = "tablet"});
  ASSERT_TRUE(wait_until([&] { return find_view(other, conversation).has_value(); }));

  for (int round = 0; round < 20; ++round) {
    Client bob = users.login("bob");
    const wire::SyncResult synced = whole_sync(bob);
    ASSERT_EQ(synced.conversations_size(), 1);
    const uint64_t have = synced.conversations(0).messages().rbegin()->seq();

    uint64_t first_live = 0;
    do {
      first_live = next_message(bob).seq();
    } while (first_live <= have);

    EXPECT_EQ(first_live, have + 1);
  }
}

TEST_F(Reconnect, PushesGoOnAfterAServerRestart) {
  Follower follower(single_chat_id("ann", "bob"));
  {
    Client ann = users.login("ann");
    send_many(ann, Target::user("bob"), 5);
    Client bob = users.login("bob");
    must(follower.catch_up(bob));
  }

  flare.restart();
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 5);
  must(follower.catch_up(bob));

  EXPECT_TRUE(wait_until([&] {
    must(follower.follow(bob, 50ms));
    return follower.last_seq() == 10;
  }));
  EXPECT_EQ(seqs(follower.messages()), one_to(10));
}

}  // namespace
}  // namespace flare::e2e
