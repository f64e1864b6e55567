#include "flare/service/storage_writer/plan_fixture.h"

namespace flare::storage_writer {
namespace {

constexpr char kRoom[] = "group:room";

struct ApplyOperationsTest : PlanFixture {};

TEST_F(ApplyOperationsTest, ACreationMakesTheGroupAndItsOwner) {
  model::ConversationCreated created;
  created.type = model::ConversationType::Channel;
  created.title = "news";
  created.members = users({"bob", "carl"});
  created.metadata = {{"colour", "red"}};
  created.business_type = "shop";

  const Plan plan = apply({operate(kRoom, "ann", "create", created, 7)});

  EXPECT_EQ(conversation(kRoom).type, model::ConversationType::Channel);
  EXPECT_EQ(conversation(kRoom).title, "news");
  EXPECT_EQ(conversation(kRoom).metadata.at("colour"), "red");
  EXPECT_EQ(conversation(kRoom).business_type, "shop");
  EXPECT_EQ(conversation(kRoom).creator, UserId{"ann"});
  EXPECT_EQ(conversation(kRoom).created_ms, 1'000);
  EXPECT_EQ(conversation(kRoom).member_count, 3u);
  EXPECT_EQ(member(kRoom, "ann").role, model::MemberRole::Owner);
  EXPECT_EQ(member(kRoom, "bob").role, model::MemberRole::Member);
  EXPECT_EQ(plan.outcomes.at(7).at(0).seq, 1u);
}

TEST_F(ApplyOperationsTest, TheCreatorIsTheOwnerEvenWhenNamedAmongTheMembers) {
  apply({create(kRoom, "ann", {"ann", "bob"})});

  EXPECT_EQ(conversation(kRoom).member_count, 2u);
  EXPECT_EQ(member(kRoom, "ann").role, model::MemberRole::Owner);
}

TEST_F(ApplyOperationsTest, WhoIsAddedSeesFromTheAdditionOnAndHasReadWhatWasBefore) {
  apply({create(kRoom, "ann", {"bob"}), say(kRoom, "bob", "1"), say(kRoom, "ann", "2")});

  apply({add(kRoom, "ann", {"carl"}), say(kRoom, "bob", "3")});

  EXPECT_EQ(member(kRoom, "carl").join_seq, 4u);
  EXPECT_EQ(member(kRoom, "carl").read_seq, 3u);
  EXPECT_EQ(unread(kRoom, "carl"), 1u);
  EXPECT_EQ(conversation(kRoom).member_count, 3u);
}

TEST_F(ApplyOperationsTest, AddingAMemberAgainChangesNothingOfHim) {
  apply({create(kRoom, "ann", {"bob"}), say(kRoom, "ann", "1")});

  apply({add(kRoom, "ann", {"bob", "ann"})});

  EXPECT_EQ(member(kRoom, "bob").join_seq, 1u);
  EXPECT_EQ(member(kRoom, "ann").role, model::MemberRole::Owner);
  EXPECT_EQ(conversation(kRoom).member_count, 2u);
  EXPECT_EQ(unread(kRoom, "bob"), 1u);
}

TEST_F(ApplyOperationsTest, WhoIsRemovedIsNoMemberAnyMore) {
  apply({create(kRoom, "ann", {"bob", "carl"})});
  state.clear();

  const Plan plan = apply({remove(kRoom, "ann", {"bob", "nobody"})});

  EXPECT_FALSE(is_member(kRoom, "bob"));
  EXPECT_TRUE(is_member(kRoom, "carl"));
  EXPECT_EQ(conversation(kRoom).member_count, 2u);
  EXPECT_EQ(plan.batch.removed_members.size(), 1u);
  EXPECT_EQ(head(kRoom).last_seq, 2u);
}

TEST_F(ApplyOperationsTest, RemovedAndAddedInOneBatchStartsAnew) {
  apply({create(kRoom, "ann", {"bob"}), say(kRoom, "ann", "1")});

  apply({remove(kRoom, "ann", {"bob"}), add(kRoom, "ann", {"bob"}), say(kRoom, "ann", "2")});

  EXPECT_EQ(member(kRoom, "bob").join_seq, 4u);
  EXPECT_EQ(conversation(kRoom).member_count, 2u);
  EXPECT_EQ(unread(kRoom, "bob"), 1u);
}

TEST_F(ApplyOperationsTest, WhoComesBackCountsHisUnreadFromTheReturn) {
  apply({create(kRoom, "ann", {"bob"}), say(kRoom, "bob", "1"), say(kRoom, "bob", "2")});
  apply({remove(kRoom, "ann", {"bob"}), add(kRoom, "ann", {"bob"})});
  apply({say(kRoom, "ann", "3"), say(kRoom, "bob", "4"), say(kRoom, "ann", "5")});
  state.clear();

  apply({mark_read(kRoom, "bob", 6)});

  EXPECT_EQ(member(kRoom, "bob").read_seq, 6u);
  EXPECT_EQ(unread(kRoom, "bob"), 1u);
}

TEST_F(ApplyOperationsTest, ARenameIsInTheRowAndInTheHistory) {
  apply({create(kRoom, "ann", {})});

  const Plan plan = apply({operate(kRoom, "ann", "rename", model::ConversationRenamed{"new"})});

  EXPECT_EQ(conversation(kRoom).title, "new");
  EXPECT_EQ(announced(plan), (std::vector<Sequence>{2}));
  EXPECT_EQ(plan.batch.conversations.size(), 1u);
}

TEST_F(ApplyOperationsTest, EveryOperationSaysThatItsConversationChanged) {
  const Plan plan =
      apply({create(kRoom, "ann", {"bob"}), say(kRoom, "ann", "1"), remove(kRoom, "ann", {"bob"})});

  EXPECT_EQ(plan.changed, (std::vector<port::ConversationKey>{key(kRoom), key(kRoom)}));
}

TEST_F(ApplyOperationsTest, AnOperationOnNoConversationIsRefused) {
  const Plan plan = apply({add(kRoom, "ann", {"bob"})});

  EXPECT_EQ(plan.refused, 1u);
  EXPECT_TRUE(plan.changed.empty());
  EXPECT_FALSE(is_member(kRoom, "bob"));
}

TEST_F(ApplyOperationsTest, AnOperationTwiceIsDoneOnce) {
  apply({create(kRoom, "ann", {"bob"}), remove(kRoom, "ann", {"bob"}), add(kRoom, "ann", {"bob"})});

  const Plan plan = apply({remove(kRoom, "ann", {"bob"})});

  EXPECT_EQ(plan.duplicates, 1u);
  EXPECT_TRUE(is_member(kRoom, "bob"));
}

}  // namespace
}  // namespace flare::storage_writer
