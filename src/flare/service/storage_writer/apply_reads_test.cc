#include "flare/service/storage_writer/plan_fixture.h"

namespace flare::storage_writer {
namespace {

constexpr char kChat[] = "single:ann:bob";
using Sequences = std::vector<Sequence>;

// Six messages are stored: ann, bob, ann, bob, ann, bob.
struct ApplyReadsTest : PlanFixture {
  ApplyReadsTest() {
    apply({say(kChat, "ann", "1"), say(kChat, "bob", "2"), say(kChat, "ann", "3"),
           say(kChat, "bob", "4"), say(kChat, "ann", "5"), say(kChat, "bob", "6")});
  }
};

TEST_F(ApplyReadsTest, AMarkAtTheHeadLeavesNothingUnread) {
  const Plan plan = apply({mark_read(kChat, "ann", 6)});

  EXPECT_EQ(unread(kChat, "ann"), 0u);
  EXPECT_EQ(unread(kChat, "bob"), 3u);
  EXPECT_EQ(member(kChat, "ann").read_ms, 2'000);
  EXPECT_EQ(announced(plan), (Sequences{6}));
}

TEST_F(ApplyReadsTest, AMarkInTheMiddleLeavesExactlyTheOthersMessagesAfterIt) {
  apply({mark_read(kChat, "ann", 3)});
  EXPECT_EQ(unread(kChat, "ann"), 2u);

  apply({mark_read(kChat, "bob", 1)});
  EXPECT_EQ(unread(kChat, "bob"), 2u);
}

TEST_F(ApplyReadsTest, AMarkBetweenTheStoredHeadAndTheBatchIsExact) {
  apply({say(kChat, "bob", "7"), say(kChat, "ann", "8"), say(kChat, "bob", "9"),
         mark_read(kChat, "ann", 7)});

  EXPECT_EQ(member(kChat, "ann").read_seq, 7u);
  EXPECT_EQ(unread(kChat, "ann"), 1u);
}

TEST_F(ApplyReadsTest, AMarkAtTheStoredHeadWithMessagesInTheBatchIsExact) {
  apply({say(kChat, "bob", "7"), say(kChat, "ann", "8"), mark_read(kChat, "ann", 6)});

  EXPECT_EQ(unread(kChat, "ann"), 1u);
}

TEST_F(ApplyReadsTest, AMarkBelowTheStoredHeadWithMessagesInTheBatchIsExact) {
  apply({say(kChat, "bob", "7"), say(kChat, "ann", "8"), mark_read(kChat, "ann", 4)});

  EXPECT_EQ(unread(kChat, "ann"), 2u);
}

TEST_F(ApplyReadsTest, TheCursorNeverMovesBack) {
  apply({mark_read(kChat, "ann", 4)});

  const Plan plan = apply({mark_read(kChat, "ann", 2), mark_read(kChat, "ann", 4)});

  EXPECT_EQ(member(kChat, "ann").read_seq, 4u);
  EXPECT_TRUE(plan.announcements.empty());
  EXPECT_TRUE(plan.batch.members.empty());
}

// A mark beyond the head, announced as it came, would tell bob that messages he has yet to write
// were read.
TEST_F(ApplyReadsTest, AMarkBeyondTheHeadReadsUpToTheHead) {
  const Plan plan = apply({mark_read(kChat, "ann", 1'000)});

  EXPECT_EQ(member(kChat, "ann").read_seq, 6u);
  EXPECT_EQ(announced(plan), (Sequences{6}));

  apply({say(kChat, "bob", "7")});
  EXPECT_EQ(unread(kChat, "ann"), 1u);
}

TEST_F(ApplyReadsTest, AMarkAppliedBeforeIsAnnouncedAgainAsItWas) {
  apply({mark_read(kChat, "ann", 1'000)});
  state.clear();

  const Plan again = apply_at(6, {mark_read(kChat, "ann", 1'000)});

  EXPECT_EQ(announced(again), (Sequences{6}));
  EXPECT_TRUE(again.batch.members.empty());
}

TEST_F(ApplyReadsTest, AStrangersMarkChangesNothing) {
  const Plan plan = apply({mark_read(kChat, "carl", 3), mark_read("group:none", "ann", 3)});

  EXPECT_TRUE(plan.announcements.empty());
  EXPECT_TRUE(plan.batch.members.empty());
  EXPECT_EQ(store.offsets[0], 8u);
}

TEST_F(ApplyReadsTest, AMarkTakesNoSeq) {
  apply({mark_read(kChat, "ann", 3), say(kChat, "bob", "7")});

  EXPECT_EQ(head(kChat).last_seq, 7u);
}

}  // namespace
}  // namespace flare::storage_writer
