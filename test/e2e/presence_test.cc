// Who is online, and who was told to leave.
#include <set>

#include "e2e/story.h"

namespace flare::e2e {
namespace {

class Presence : public Story {
 protected:
  static wire::UserPresence of(Client& asking, const std::string& user) {
    const wire::PresenceResult result = must(asking.presence(std::vector{user}));
    if (result.users_size() != 1)
      throw std::runtime_error("one user asked for, another count told");
    return result.users(0);
  }
};

TEST_F(Presence, OnlineWhileConnected) {
  Client ann = users.login("ann");
  EXPECT_FALSE(of(ann, "bob").online());

  std::optional<Client> bob = users.login("bob");
  EXPECT_TRUE(wait_until([&] { return of(ann, "bob").online(); }));
  EXPECT_EQ(of(ann, "bob").platforms(0), "linux");

  bob.reset();
  EXPECT_TRUE(wait_until([&] { return !of(ann, "bob").online(); }));
}

TEST_F(Presence, NamesEveryPlatformOnce) {
  Client ann = users.login("ann");
  Client phone = users.login("bob", {.id = "phone", .platform = "ios"});
  Client laptop = users.login("bob", {.id = "laptop", .platform = "linux"});
  Client second_laptop = users.login("bob", {.id = "laptop2", .platform = "linux"});

  EXPECT_TRUE(wait_until([&] { return of(ann, "bob").platforms_size() == 2; }));
  const wire::UserPresence bob = of(ann, "bob");
  EXPECT_EQ(std::set<std::string>(bob.platforms().begin(), bob.platforms().end()),
            (std::set<std::string>{"ios", "linux"}));
}

TEST_F(Presence, AnswersInTheOrderAsked) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  const wire::PresenceResult result =
      must(ann.presence(std::vector<std::string>{"carol", "bob", "ann"}));

  ASSERT_EQ(result.users_size(), 3);
  EXPECT_EQ(result.users(0).user_id(), "carol");
  EXPECT_FALSE(result.users(0).online());
  EXPECT_TRUE(result.users(1).online());
  EXPECT_TRUE(result.users(2).online());
}

TEST_F(Presence, LogoutEndsTheConnection) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  EXPECT_TRUE(allowed(bob.logout()));

  EXPECT_TRUE(ends(bob));
  EXPECT_TRUE(wait_until([&] { return !of(ann, "bob").online(); }));
}

using Kick = Presence;

TEST_F(Kick, TheSameDeviceAgainReplacesTheOldConnection) {
  Client old_phone = users.login("ann");
  Client new_phone = users.login("ann");

  const auto kicked =
      find_push(old_phone, [](const wire::Frame& frame) { return frame.has_kicked(); });
  ASSERT_TRUE(kicked);
  EXPECT_FALSE(kicked->kicked().reason().empty());
  EXPECT_TRUE(ends(old_phone));
  must(new_phone.send_text(Target::user("bob"), "still here"));
  EXPECT_TRUE(of(new_phone, "ann").online());
}

// Faster than the server's clock ticks, and each on whichever loop of the server it comes to: who
// was welcomed before is always the older one.
TEST_F(Kick, TheLatestLoginAlwaysWins) {
  std::optional<Client> phone;

  for (int i = 0; i < 200; ++i) {
    Client next = users.connect();
    const auto welcome = next.login(users.token("ann"));
    ASSERT_TRUE(allowed(welcome)) << "login " << i;
    phone = std::move(next);
  }

  EXPECT_TRUE(allowed(phone->send_text(Target::user("bob"), "still here")));
}

TEST_F(Kick, AnotherDeviceOfTheUserStays) {
  Client phone = users.login("ann");
  Client tablet = users.login("ann", {.id = "tablet", .platform = "ios"});

  must(phone.send_text(Target::user("bob"), "both"));

  EXPECT_EQ(message_saying(tablet, "both").sender_id(), "ann");
  EXPECT_FALSE(phone.closed());
}

TEST_F(Kick, TheKickedDeviceGetsNoMoreMessages) {
  Client bob = users.login("bob");
  Client old_phone = users.login("ann");
  Client new_phone = users.login("ann");
  ASSERT_TRUE(find_push(old_phone, [](const wire::Frame& frame) { return frame.has_kicked(); }));

  must(bob.send_text(Target::user("ann"), "hello"));

  EXPECT_EQ(message_saying(new_phone, "hello").sender_id(), "bob");
  EXPECT_FALSE(find_push(old_phone, [](const wire::Frame& frame) { return frame.has_deliver(); }));
}

}  // namespace
}  // namespace flare::e2e
