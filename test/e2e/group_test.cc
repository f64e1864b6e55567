// Groups: who is in, who is not, and since when.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class Group : public Story {
 protected:
  std::string create(Client& owner, std::vector<std::string> member_ids) {
    return must(owner.create_group({.title = "friends",
                                    .member_ids = std::move(member_ids),
                                    .client_operation_id = {}}))
        .conversation_id();
  }
  static sdk::Result<wire::ConversationChanged> add(Client& by, const std::string& group,
                                                    const std::string& user) {
    return by.add_members(group, std::vector{user});
  }
  static sdk::Result<wire::ConversationChanged> remove(Client& by, const std::string& group,
                                                       const std::string& user) {
    return by.remove_members(group, std::vector{user});
  }
};

TEST_F(Group, EveryMemberHearsOfItAndInIt) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  Client carol = users.login("carol");

  const std::string group = create(ann, {"bob", "carol"});
  must(ann.send_text(Target::conversation(group), "welcome"));

  EXPECT_TRUE(group.starts_with("group:")) << group;
  const auto created = find_push(bob, [&](const wire::Frame& frame) {
    return frame.has_deliver() &&
           frame.deliver().message().content().operation().has_conversation_created();
  });
  ASSERT_TRUE(created);
  EXPECT_EQ(created->deliver().message().conversation_id(), group);
  EXPECT_EQ(created->deliver().message().seq(), 1u);
  EXPECT_EQ(message_saying(bob, "welcome").seq(), 2u);
  EXPECT_EQ(message_saying(carol, "welcome").conversation_id(), group);
}

TEST_F(Group, ListsItsMembersWithTheirRoles) {
  Client ann = users.login("ann");
  const std::string group = create(ann, {"bob", "carol"});

  const wire::MemberPage page = must(ann.members(group));

  EXPECT_EQ(page.member_count(), 3u);
  std::map<std::string, model::MemberRole> roles;
  for (const auto& member : page.members()) roles[member.user_id()] = member.role();
  EXPECT_EQ(roles,
            (std::map<std::string, model::MemberRole>{{"ann", model::MEMBER_ROLE_OWNER},
                                                      {"bob", model::MEMBER_ROLE_MEMBER},
                                                      {"carol", model::MEMBER_ROLE_MEMBER}}));
  const auto view = find_view(ann, group);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->title(), "friends");
  EXPECT_EQ(view->member_count(), 3u);
}

TEST_F(Group, CreatedTwiceWithOneIdIsOneGroup) {
  Client ann = users.login("ann");
  const sdk::GroupDraft draft{
      .title = "once", .member_ids = {"bob"}, .client_operation_id = "create-1"};

  const auto first = must(ann.create_group(draft));
  const auto again = must(ann.create_group(draft));

  EXPECT_EQ(first.conversation_id(), again.conversation_id());
  EXPECT_EQ(first.message_id(), again.message_id());
  EXPECT_EQ(first.seq(), again.seq());
  EXPECT_EQ(whole_history(ann, first.conversation_id()).size(), 1u);
}

TEST_F(Group, WhoIsNotInItCanNeitherReadNorWrite) {
  Client ann = users.login("ann");
  Client eve = users.login("eve");
  const std::string group = create(ann, {"bob"});

  EXPECT_TRUE(refused(eve.send_text(Target::conversation(group), "let me in"),
                      ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(eve.history(group), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(eve.members(group), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(eve.read(group, 1), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(add(eve, group, "eve"), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(eve.rename(group, "mine"), ErrorCode::PermissionDenied));
  EXPECT_FALSE(find_view(eve, group));
}

TEST_F(Group, AMemberMayNotManageMembers) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const std::string group = create(ann, {"bob", "carol"});

  EXPECT_TRUE(refused(add(bob, group, "dave"), ErrorCode::PermissionDenied));
  EXPECT_TRUE(refused(remove(bob, group, "carol"), ErrorCode::PermissionDenied));
}

TEST_F(Group, ALateJoinerSeesNothingFromBefore) {
  Client ann = users.login("ann");
  Client dave = users.login("dave");
  const std::string group = create(ann, {"bob"});
  send_many(ann, Target::conversation(group), 3);

  const auto added = must(add(ann, group, "dave"));
  must(ann.send_text(Target::conversation(group), "hello dave"));

  EXPECT_EQ(message_saying(dave, "hello dave").seq(), added.seq() + 1);
  const auto visible = whole_history(dave, group);
  EXPECT_EQ(texts(visible), (std::vector<std::string>{"hello dave"}));
  for (const auto& message : visible) EXPECT_GE(message.seq(), added.seq());
  const wire::SyncResult synced = whole_sync(dave);
  ASSERT_EQ(synced.conversations_size(), 1);
  for (const auto& message : synced.conversations(0).messages()) {
    EXPECT_GE(message.seq(), added.seq());
  }
  EXPECT_EQ(synced.conversations(0).view().join_seq(), added.seq());
  const auto before =
      must(ann.history(group, {.from_seq = 2, .to_seq = 2, .limit = 1, .backwards = false}));
  ASSERT_EQ(before.messages_size(), 1);
  const auto peek = dave.get_message(before.messages(0).message_id());
  EXPECT_FALSE(peek) << "a message from before was shown by its id";
}

TEST_F(Group, WhoWasRemovedHearsNothingMore) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const std::string group = create(ann, {"bob", "carol"});
  must(ann.send_text(Target::conversation(group), "before"));
  message_saying(bob, "before");

  const auto removed = must(remove(ann, group, "bob"));
  must(ann.send_text(Target::conversation(group), "after"));
  must(ann.send_text(Target::user("bob"), "sorry"));

  EXPECT_TRUE(
      refused(bob.send_text(Target::conversation(group), "hey"), ErrorCode::PermissionDenied));
  const auto leak = find_push(
      bob,
      [](const wire::Frame& frame) {
        return frame.has_deliver() && frame.deliver().message().content().text() != "sorry";
      },
      300ms);
  EXPECT_FALSE(leak && leak->deliver().message().seq() > removed.seq());
  const auto page = bob.history(group);
  if (page) {
    for (const auto& message : page->messages()) EXPECT_LE(message.seq(), removed.seq());
  }
  EXPECT_EQ(must(ann.members(group)).member_count(), 2u);
}

TEST_F(Group, AMemberMayLeave) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const std::string group = create(ann, {"bob"});

  EXPECT_TRUE(allowed(remove(bob, group, "bob")));

  EXPECT_TRUE(
      refused(bob.send_text(Target::conversation(group), "hey"), ErrorCode::PermissionDenied));
  EXPECT_EQ(must(ann.members(group)).member_count(), 1u);
}

TEST_F(Group, BackAgainAfterARemoval) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const std::string group = create(ann, {"bob"});
  must(remove(ann, group, "bob"));
  must(ann.send_text(Target::conversation(group), "while you were away"));

  const auto added = must(add(ann, group, "bob"));
  must(ann.send_text(Target::conversation(group), "welcome back"));

  EXPECT_EQ(message_saying(bob, "welcome back").seq(), added.seq() + 1);
  for (const auto& message : whole_history(bob, group)) {
    EXPECT_NE(message.content().text(), "while you were away");
  }
}

TEST_F(Group, ANewTitleIsPartOfTheHistory) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  const std::string group = create(ann, {"bob"});

  const auto renamed = must(ann.rename(group, "best friends"));

  const auto heard = find_push(bob, [](const wire::Frame& frame) {
    return frame.has_deliver() &&
           frame.deliver().message().content().operation().has_conversation_renamed();
  });
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->deliver().message().seq(), renamed.seq());
  EXPECT_EQ(find_view(bob, group)->title(), "best friends");
}

}  // namespace
}  // namespace flare::e2e
