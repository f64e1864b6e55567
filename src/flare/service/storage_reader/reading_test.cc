// Conversations, members, and where a message is.
#include "flare/service/storage_reader/reader_fixture.h"

namespace flare::storage_reader {
namespace {

using Names = std::vector<std::string>;

struct ConversationsTest : ReaderFixture {
  api::ConversationPage list(const std::string& name, size_t limit = 0,
                             const std::string& token = {}) {
    auto page = run(reader.list_conversations(ctx, user(name), limit, token));
    EXPECT_TRUE(page);
    return page ? std::move(*page) : api::ConversationPage();
  }
};

TEST_F(ConversationsTest, NewestFirstWithPreviewUnreadAndPeer) {
  open("group:g", {"ann", "bob"});
  open("single:ann:bob", {"ann", "bob"});
  say("single:ann:bob", "ann", "hi");
  say_many("group:g", "bob", 3);
  deliver("single:ann:bob", "bob", 1);
  read_all("single:ann:bob", "bob");

  const api::ConversationPage page = list("ann");

  ASSERT_EQ(page.conversations.size(), 2u);
  const api::ConversationView& group = page.conversations[0];
  const api::ConversationView& single = page.conversations[1];
  EXPECT_EQ(seq_of(group.preview), 3u);
  EXPECT_EQ(group.unread, 3u);
  EXPECT_FALSE(group.peer.has_value());
  EXPECT_EQ(single.peer, UserId{"bob"});
  EXPECT_EQ(single.peer_read_seq, 1u);
  EXPECT_EQ(single.peer_delivered_seq, 1u);
  EXPECT_EQ(single.unread, 0u);
}

TEST_F(ConversationsTest, PagesCoverEverythingOnce) {
  for (int i = 0; i < 5; ++i) {
    open("group:" + std::to_string(i), {"ann"});
    say("group:" + std::to_string(i), "ann", "hi");
  }

  Names ids;
  std::string token;
  do {
    const api::ConversationPage page = list("ann", 2, token);
    for (const auto& view : page.conversations) ids.push_back(view.conversation.id.text);
    token = page.next_page_token;
  } while (!token.empty() && ids.size() < 10);

  EXPECT_EQ(ids, (Names{"group:4", "group:3", "group:2", "group:1", "group:0"}));
}

TEST_F(ConversationsTest, FloorHidesThePreview) {
  open("group:g", {"ann"});
  say("group:g", "ann", "before");
  open("group:g", {"bob"}, 2);

  EXPECT_TRUE(list("bob").conversations[0].preview.empty());
}

TEST_F(ConversationsTest, ForeignPageTokenIsRefused) {
  const auto page = run(reader.list_conversations(ctx, user("ann"), 10, "xyz"));

  EXPECT_EQ(page.error().code, ErrorCode::InvalidArgument);
}

TEST_F(ConversationsTest, GroupsLeaveOutSingleChats) {
  open("group:g", {"ann"});
  open("single:ann:bob", {"ann", "bob"});

  const auto groups = run(reader.groups_of(ctx, user("ann")));

  ASSERT_TRUE(groups);
  EXPECT_EQ(*groups, std::vector<ConversationId>{{"group:g"}});
}

struct MembersTest : ReaderFixture {
  Result<api::MemberPage> list(const std::string& id, const std::string& name, size_t limit = 0,
                               const std::string& token = {}) {
    return run(reader.list_members(ctx, user(name), {id}, limit, token));
  }
};

TEST_F(MembersTest, PagesCoverEverybodyOnceWithWhatTheirDevicesHave) {
  open("group:g", {"ann", "bob", "cid", "dan"});
  deliver("group:g", "cid", 7);

  const auto first = list("group:g", "ann", 2);
  const auto second = list("group:g", "ann", 2, first->next_page_token);

  ASSERT_EQ(first->members.size(), 2u);
  ASSERT_EQ(second->members.size(), 2u);
  EXPECT_EQ(first->member_count, 4u);
  EXPECT_EQ(first->members[1].member.user, user("bob"));
  EXPECT_EQ(second->members[0].member.user, user("cid"));
  EXPECT_EQ(second->members[0].delivered_seq, 7u);
  EXPECT_TRUE(second->next_page_token.empty());
}

TEST_F(MembersTest, NonMemberIsRefused) {
  open("group:g", {"ann"});

  EXPECT_EQ(list("group:g", "eve").error().code, ErrorCode::PermissionDenied);
}

TEST_F(MembersTest, UntouchedSingleChatHasItsTwoUsers) {
  const auto page = list("single:ann:bob", "bob");

  ASSERT_TRUE(page);
  ASSERT_EQ(page->members.size(), 2u);
  EXPECT_EQ(page->members[0].member.user, user("ann"));
  EXPECT_EQ(page->members[1].member.user, user("bob"));
  EXPECT_EQ(page->member_count, 2u);
}

struct WhereTest : ReaderFixture {
  static Names names(const api::Whereabouts& answer) {
    Names all;
    for (const api::Hop& hop : answer.hops) {
      all.push_back(hop.user.empty() ? hop.name : hop.name + " " + hop.user.text);
    }
    return all;
  }
};

TEST_F(WhereTest, TellsEveryHopInOrderOfTime) {
  open("group:g", {"ann", "bob", "cid", "dan"});
  const MessageId id = say("group:g", "ann", "hi");
  deliver("group:g", "cid", 1);
  deliver("group:g", "bob", 1);
  read_all("group:g", "cid");

  const auto answer = run(reader.where(ctx, user("ann"), id));

  ASSERT_TRUE(answer);
  EXPECT_EQ(names(*answer),
            (Names{"accepted", "logged", "applied", "delivered cid", "delivered bob", "read cid"}));
  EXPECT_EQ(answer->hops[1].detail, "partition 3, offset 101");
  EXPECT_EQ(answer->hops[2].detail, "seq 1");
  EXPECT_EQ(seq_of(answer->message), 1u);
}

TEST_F(WhereTest, UnknownTimesKeepTheirPlaceInThePipeline) {
  open("group:g", {"ann", "bob", "cid"});
  const MessageId id = say("group:g", "ann", "hi");
  deliver("group:g", "bob", 1);
  deliver("group:g", "cid", 1);
  store.delivered[{ctx.tenant, {"group:g"}, {"cid"}}].time_ms = 0;

  const auto answer = run(reader.where(ctx, user("ann"), id));

  EXPECT_EQ(names(*answer),
            (Names{"accepted", "logged", "applied", "delivered cid", "delivered bob"}));
}

TEST_F(WhereTest, LateJoinersAndTheSenderAreNoReceivers) {
  open("group:g", {"ann", "bob"});
  const MessageId id = say("group:g", "ann", "hi");
  open("group:g", {"cid"}, 2);
  say("group:g", "ann", "again");
  for (const std::string name : {"ann", "cid"}) {
    deliver("group:g", name, 2);
    read_all("group:g", name);
  }

  const auto answer = run(reader.where(ctx, user("ann"), id));

  EXPECT_EQ(names(*answer), (Names{"accepted", "logged", "applied"}));
}

TEST_F(WhereTest, LargeGroupsAreCutOffAndSaySo) {
  Names everybody;
  for (int i = 1000; i < 1150; ++i) everybody.push_back("u" + std::to_string(i));
  open("group:g", everybody);
  const MessageId id = say("group:g", "u1000", "hi");
  for (const std::string& name : everybody) deliver("group:g", name, 1);

  const auto answer = run(reader.where(ctx, user("u1001"), id));

  ASSERT_EQ(answer->hops.size(), 3u + 99u);  // the sender is one of the hundred
  EXPECT_EQ(answer->hops[2].detail, "seq 1; receipts of the first 100 of 150 members");
  EXPECT_EQ(store.calls.delivered, 1u);
}

TEST_F(WhereTest, FloorAndMembershipHoldHereToo) {
  open("group:g", {"ann"});
  const MessageId id = say("group:g", "ann", "before");
  open("group:g", {"bob"}, 2);

  EXPECT_EQ(run(reader.where(ctx, user("bob"), id)).error().code, ErrorCode::NotFound);
  EXPECT_EQ(run(reader.where(ctx, user("eve"), id)).error().code, ErrorCode::PermissionDenied);
}

}  // namespace
}  // namespace flare::storage_reader
