// Live delivery alone: nobody here ever asks for anything.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

using LiveDelivery = Story;

TEST_F(LiveDelivery, ComesInOrderAndChained) {
  constexpr int kCount = 100;
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  send_many(ann, Target::user("bob"), kCount);

  for (uint64_t seq = 1; seq <= kCount; ++seq) {
    const auto push = find_push(bob, [](const wire::Frame& frame) { return frame.has_deliver(); });
    ASSERT_TRUE(push);
    EXPECT_EQ(push->request_id(), 0u);
    EXPECT_EQ(push->deliver().message().seq(), seq);
    EXPECT_EQ(push->deliver().prev_seq(), seq - 1);
  }
}

TEST_F(LiveDelivery, WhatIsPushedCanBeQueriedAtOnce) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  for (int i = 0; i < 50; ++i) {
    must(ann.send_text(Target::user("bob"), std::to_string(i)));
    const model::Message pushed = next_message(bob);
    const auto stored = bob.get_message(pushed.message_id());
    ASSERT_TRUE(allowed(stored));
    EXPECT_EQ(stored->seq(), pushed.seq());
  }
}

TEST_F(LiveDelivery, ReachesALargeGroup) {
  constexpr int kMembers = 100;
  Client ann = users.login("ann");
  std::vector<std::string> ids;
  std::vector<Client> members;
  for (int i = 0; i < kMembers; ++i) {
    ids.push_back("member" + std::to_string(i));
    members.push_back(users.login(ids.back()));
  }

  const auto group =
      must(ann.create_group({.title = "all", .member_ids = ids, .client_operation_id = {}}));
  must(ann.send_text(Target::conversation(group.conversation_id()), "everybody"));

  for (Client& member : members) EXPECT_EQ(message_saying(member, "everybody").seq(), 2u);
}

TEST_F(LiveDelivery, ReachesNobodyElse) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  Client eve = users.login("eve");

  must(ann.send_text(Target::user("bob"), "secret"));
  message_saying(bob, "secret");
  must(ann.send_text(Target::user("eve"), "hello eve"));

  EXPECT_EQ(next_message(eve).content().text(), "hello eve");
}

TEST_F(LiveDelivery, ANewMemberHearsTheNextMessageWithoutANewLogin) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const auto group =
      must(ann.create_group({.title = "g", .member_ids = {}, .client_operation_id = {}}));

  must(ann.add_members(group.conversation_id(), std::vector<std::string>{"bob"}));
  must(ann.send_text(Target::conversation(group.conversation_id()), "hello"));

  EXPECT_EQ(message_saying(bob, "hello").seq(), 3u);
}

}  // namespace
}  // namespace flare::e2e
