#include "flare/service/storage_reader/reader_fixture.h"

namespace flare::storage_reader {
namespace {

using Sequences = std::vector<Sequence>;

struct HistoryTest : ReaderFixture {};

TEST_F(HistoryTest, GivesARangeWithBothEnds) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 9);

  const auto page = history("group:g", "ann", 3, 5);

  EXPECT_EQ(seqs(page->messages), (Sequences{3, 4, 5}));
  EXPECT_FALSE(page->more);
}

TEST_F(HistoryTest, BackwardsGivesTheNewestFirst) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 9);

  const auto page = history("group:g", "ann", 0, 0, 3, true);
  const auto last = history("group:g", "ann", 0, 1, 3, true);

  EXPECT_EQ(seqs(page->messages), (Sequences{9, 8, 7}));
  EXPECT_TRUE(page->more);
  EXPECT_EQ(seqs(last->messages), (Sequences{1}));
  EXPECT_FALSE(last->more);
}

TEST_F(HistoryTest, PagesCoverEverythingOnce) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 10);

  Sequences all;
  for (bool more = true; more;) {
    const auto page = history("group:g", "ann", all.size() + 1, 0, 3);
    ASSERT_TRUE(page);
    for (const Sequence seq : seqs(page->messages)) all.push_back(seq);
    more = page->more;
  }

  EXPECT_EQ(all, (Sequences{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
}

TEST_F(HistoryTest, APageEndsAtItsBytes) {
  open("group:g", {"ann"});
  for (int i = 0; i < 5; ++i) say("group:g", "ann", std::string(400 << 10, 'x'));

  const auto page = history("group:g", "ann");

  EXPECT_EQ(seqs(page->messages), (Sequences{1, 2, 3}));
  EXPECT_TRUE(page->more);
}

TEST_F(HistoryTest, NobodyGetsMoreThanTheMaximum) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 250);

  const auto page = history("group:g", "ann", 0, 0, 1000);

  EXPECT_EQ(page->messages.size(), api::StorageReader::kMessagesMax);
  EXPECT_TRUE(page->more);
}

TEST_F(HistoryTest, LateJoinerSeesNothingFromBefore) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 5);
  open("group:g", {"bob"}, 4);

  const auto forwards = history("group:g", "bob", 1, 5);
  const auto backwards = history("group:g", "bob", 0, 0, 50, true);
  const auto before = history("group:g", "bob", 1, 3);

  EXPECT_EQ(seqs(forwards->messages), (Sequences{4, 5}));
  EXPECT_EQ(seqs(backwards->messages), (Sequences{5, 4}));
  EXPECT_FALSE(backwards->more);
  EXPECT_TRUE(before->messages.empty());
}

TEST_F(HistoryTest, NonMemberIsRefused) {
  open("group:g", {"ann"});
  say("group:g", "ann", "secret");

  const auto page = history("group:g", "eve");

  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::PermissionDenied);
  EXPECT_EQ(store.calls.reads, 0u);
}

TEST_F(HistoryTest, AbsentConversationIsNotFound) {
  const auto page = history("group:none", "ann");

  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::NotFound);
}

TEST_F(HistoryTest, SingleChatIsThereBeforeItsFirstMessage) {
  const auto page = history("single:ann:bob", "bob");

  ASSERT_TRUE(page);
  EXPECT_TRUE(page->messages.empty());
  EXPECT_FALSE(page->more);
}

TEST_F(HistoryTest, SingleChatOfTwoOthersIsRefusedWhetherItExistsOrNot) {
  open("single:ann:bob", {"ann", "bob"});

  EXPECT_EQ(history("single:ann:bob", "eve").error().code, ErrorCode::PermissionDenied);
  EXPECT_EQ(history("single:ann:cid", "eve").error().code, ErrorCode::PermissionDenied);
}

TEST_F(HistoryTest, AnotherTenantsConversationDoesNotExist) {
  open("group:g", {"ann"});
  Context other = ctx;
  other.tenant = {"globex"};

  const auto page = run(reader.history(other, {user("ann"), {"group:g"}}));

  EXPECT_EQ(page.error().code, ErrorCode::NotFound);
}

TEST_F(HistoryTest, UpsideDownRangeIsTheCallersFault) {
  open("group:g", {"ann"});

  EXPECT_EQ(history("group:g", "ann", 5, 4).error().code, ErrorCode::InvalidArgument);
}

TEST_F(HistoryTest, RangeBeyondTheEndIsEmpty) {
  open("group:g", {"ann"});
  say("group:g", "ann", "hi");

  const auto page = history("group:g", "ann", 2);

  ASSERT_TRUE(page);
  EXPECT_TRUE(page->messages.empty());
}

TEST_F(HistoryTest, MessageByIdGoesToMembersOnly) {
  open("group:g", {"ann"});
  const MessageId id = say("group:g", "ann", "hi");

  const auto seen = run(reader.get_message(ctx, user("ann"), id));
  const auto refused = run(reader.get_message(ctx, user("eve"), id));
  const auto unknown = run(reader.get_message(ctx, user("ann"), MessageId{}));

  ASSERT_TRUE(seen);
  EXPECT_EQ(seq_of(*seen), 1u);
  EXPECT_EQ(refused.error().code, ErrorCode::PermissionDenied);
  EXPECT_EQ(unknown.error().code, ErrorCode::NotFound);
}

TEST_F(HistoryTest, FloorHidesOlderMessagesById) {
  open("group:g", {"ann"});
  const MessageId before = say("group:g", "ann", "before");
  open("group:g", {"bob"}, 2);
  const MessageId after = say("group:g", "ann", "after");

  EXPECT_EQ(run(reader.get_message(ctx, user("bob"), before)).error().code, ErrorCode::NotFound);
  EXPECT_TRUE(run(reader.get_message(ctx, user("bob"), after)));
}

TEST_F(HistoryTest, AStoreThatIsAwayIsUnavailableAndCounted) {
  store.failure = Error{ErrorCode::Unavailable, "store: away"};

  const auto page = history("group:g", "ann");

  EXPECT_EQ(page.error().code, ErrorCode::Unavailable);
  EXPECT_NE(registry.text().find("flare_storage_reader_requests_total{call=\"history\","
                                 "code=\"UNAVAILABLE\"} 1"),
            std::string::npos);
}

}  // namespace
}  // namespace flare::storage_reader
