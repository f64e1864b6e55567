#include <set>

#include "flare/service/storage_reader/reader_fixture.h"

namespace flare::storage_reader {
namespace {

using namespace std::chrono_literals;
using Sequences = std::vector<Sequence>;

struct SyncTest : ReaderFixture {
  api::SyncResult sync(api::SyncRequest request) {
    Result<api::SyncResult> result = run(reader.sync(ctx, std::move(request)));
    EXPECT_TRUE(result);
    return result ? std::move(*result) : api::SyncResult();
  }
  api::SyncResult sync(const std::string& name, uint64_t digest = 0) {
    return sync(sync_request(name, digest));
  }
  // As a client that has everything up to the heads, and synced with `digest`.
  api::SyncResult sync_again(const std::string& name, uint64_t digest) {
    api::SyncRequest request = sync_request(name, digest);
    for (const auto& [key, seq] : had) request.positions.push_back({{key}, seq});
    return sync(std::move(request));
  }
  void has(const std::string& id, Sequence seq) { had[id] = seq; }

  std::map<std::string, Sequence> had;
};

TEST_F(SyncTest, NewDeviceGetsTheNewestConversationsFirst) {
  open("group:old", {"ann"});
  open("group:new", {"ann"});
  say_many("group:old", "ann", 3);
  say_many("group:new", "ann", 2);

  const api::SyncResult result = sync("ann");

  ASSERT_EQ(result.conversations.size(), 2u);
  EXPECT_EQ(result.conversations[0].view.conversation.id.text, "group:new");
  EXPECT_EQ(seqs(result.conversations[0].messages), (Sequences{1, 2}));
  EXPECT_EQ(seq_of(result.conversations[0].view.preview), 2u);
  EXPECT_FALSE(result.conversations[0].more);
  EXPECT_NE(result.digest, 0u);
  EXPECT_TRUE(result.next_page_token.empty());
}

TEST_F(SyncTest, NothingNewIsOneComparisonAndReadsNoMessages) {
  open("group:g", {"ann"});
  say("group:g", "ann", "hi");
  const uint64_t digest = sync("ann").digest;
  store.calls = {};

  const api::SyncResult again = sync("ann", digest);

  EXPECT_TRUE(again.unchanged);
  EXPECT_EQ(again.digest, digest);
  EXPECT_EQ(store.calls.reads, 0u);
  EXPECT_EQ(store.calls.memberships, 1u);
  EXPECT_EQ(store.calls.loads, 0u);
}

TEST_F(SyncTest, AUserWithNothingHasADigestToo) {
  const api::SyncResult first = sync("ann");

  EXPECT_NE(first.digest, 0u);
  EXPECT_FALSE(first.unchanged);
  EXPECT_TRUE(sync("ann", first.digest).unchanged);
}

TEST_F(SyncTest, TellsWhichConversationsTheUserHasLeftMeanwhile) {
  open("group:g", {"ann"});
  const uint64_t digest = sync("ann").digest;
  has("group:g", 0);
  has("group:gone", 4);
  has("single:ann:bob", 0);
  open("group:new", {"ann"});

  const api::SyncResult result = sync_again("ann", digest);

  EXPECT_EQ(result.left, (std::vector<ConversationId>{{"group:gone"}}));
}

TEST_F(SyncTest, OnlyWhatIsNewComes) {
  open("group:quiet", {"ann", "bob"});
  open("group:busy", {"ann", "bob"});
  say_many("group:quiet", "bob", 2);
  say_many("group:busy", "bob", 2);
  const uint64_t digest = sync("ann").digest;
  has("group:quiet", 2);
  has("group:busy", 2);
  say_many("group:busy", "bob", 3);

  const api::SyncResult result = sync_again("ann", digest);

  ASSERT_EQ(result.conversations.size(), 1u);
  EXPECT_EQ(result.conversations[0].view.conversation.id.text, "group:busy");
  EXPECT_EQ(seqs(result.conversations[0].messages), (Sequences{3, 4, 5}));
  EXPECT_FALSE(result.conversations[0].more);
}

TEST_F(SyncTest, TheNewestMessagesComeAndTheRestIsSaidToBeMore) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 30);
  api::SyncRequest request = sync_request("ann", 1);
  request.positions = {{{"group:g"}, 10}};
  request.messages_max = 5;

  const api::SyncResult result = sync(request);

  ASSERT_EQ(result.conversations.size(), 1u);
  EXPECT_EQ(seqs(result.conversations[0].messages), (Sequences{26, 27, 28, 29, 30}));
  EXPECT_TRUE(result.conversations[0].more);
}

TEST_F(SyncTest, FloorHidesOlderMessagesInMessagesAndPreview) {
  open("group:g", {"ann"});
  say_many("group:g", "ann", 3);
  open("group:g", {"bob"}, 4);

  const api::SyncResult before = sync("bob");
  say("group:g", "ann", "welcome");
  const api::SyncResult after = sync("bob");

  ASSERT_EQ(before.conversations.size(), 1u);
  EXPECT_TRUE(before.conversations[0].messages.empty());
  EXPECT_TRUE(before.conversations[0].view.preview.empty());
  EXPECT_EQ(seqs(after.conversations[0].messages), (Sequences{4}));
  EXPECT_FALSE(after.conversations[0].more);
  for (const port::ReadRange& range : store.read_ranges) EXPECT_GE(range.from_seq, 4u);
}

TEST_F(SyncTest, DigestChangesWhenAnythingChanges) {
  open("group:g", {"ann", "bob"});
  std::set<uint64_t> digests = {sync("ann").digest};

  say("group:g", "bob", "hi");
  digests.insert(sync("ann").digest);
  read_all("group:g", "ann");
  digests.insert(sync("ann").digest);
  member_of("group:g", "ann").role = model::MemberRole::Admin;
  digests.insert(sync("ann").digest);
  store.conversations[{ctx.tenant, {"group:g"}}].title = "Friends";
  digests.insert(sync("ann").digest);
  store.conversations[{ctx.tenant, {"group:g"}}].metadata["topic"] = "chess";
  digests.insert(sync("ann").digest);
  open("group:h", {"ann"});
  digests.insert(sync("ann").digest);
  store.members.erase({ctx.tenant, {"group:g"}, {"ann"}});
  digests.insert(sync("ann").digest);

  EXPECT_EQ(digests.size(), 8u);
}

TEST_F(SyncTest, DigestDoesNotChangeWhenOthersRead) {
  open("group:g", {"ann", "bob"});
  say("group:g", "ann", "hi");
  const uint64_t digest = sync("ann").digest;

  read_all("group:g", "bob");

  EXPECT_TRUE(sync("ann", digest).unchanged);
}

// Read on the phone, the conversation must not stay unread on the desktop, though no seq has moved.
// (What was read within a minute of the digest's newest receipt comes once more.)
TEST_F(SyncTest, WhatAnotherDeviceHasReadComesWithoutMessages) {
  for (const std::string id : {"group:before", "group:meanwhile", "group:newest"}) {
    open(id, {"ann", "bob"});
    say(id, "bob", "hi");
    has(id, 1);
  }
  read_all("group:before", "ann");
  clock.advance(1h);
  read_all("group:newest", "ann");
  const uint64_t digest = sync("ann").digest;
  clock.advance(1h);
  read_all("group:meanwhile", "ann");

  const api::SyncResult result = sync_again("ann", digest);

  ASSERT_EQ(result.conversations.size(), 2u);
  EXPECT_EQ(result.conversations[0].view.conversation.id.text, "group:newest");
  const api::SyncedConversation& meanwhile = result.conversations[1];
  EXPECT_EQ(meanwhile.view.conversation.id.text, "group:meanwhile");
  EXPECT_EQ(meanwhile.view.unread, 0u);
  EXPECT_TRUE(meanwhile.messages.empty());
  EXPECT_EQ(seq_of(meanwhile.view.preview), 1u);
}

TEST_F(SyncTest, TicksThatMovedMeanwhileComeWithTheNextSync) {
  open("single:ann:bob", {"ann", "bob"});
  say("single:ann:bob", "ann", "hi");
  const uint64_t digest = sync("ann").digest;
  has("single:ann:bob", 1);
  clock.advance(1h);
  deliver("single:ann:bob", "bob", 1);
  const api::SyncResult delivered = sync_again("ann", digest);
  clock.advance(1h);
  read_all("single:ann:bob", "bob");

  const api::SyncResult read = sync_again("ann", delivered.digest);

  ASSERT_EQ(delivered.conversations.size(), 1u);
  EXPECT_EQ(delivered.conversations[0].view.peer, UserId{"bob"});
  EXPECT_EQ(delivered.conversations[0].view.peer_delivered_seq, 1u);
  EXPECT_EQ(delivered.conversations[0].view.peer_read_seq, 0u);
  ASSERT_EQ(read.conversations.size(), 1u);
  EXPECT_EQ(read.conversations[0].view.peer_read_seq, 1u);
  EXPECT_TRUE(sync_again("ann", read.digest).unchanged);
}

TEST_F(SyncTest, PeersOfAPageAreAskedForTogether) {
  for (const std::string peer : {"bob", "cid", "dan", "eli"}) {
    open("single:ann:" + peer, {"ann", peer});
    say("single:ann:" + peer, "ann", "hi");
  }

  const api::SyncResult result = sync("ann");

  EXPECT_EQ(result.conversations.size(), 4u);
  EXPECT_EQ(store.calls.loads, 1u);
  EXPECT_EQ(store.calls.delivered, 1u);
  EXPECT_EQ(store.calls.reads, 4u);
}

TEST_F(SyncTest, PagesCoverEverythingOnceAndTheLastCarriesTheDigest) {
  for (int i = 0; i < 7; ++i) {
    const std::string id = "group:" + std::to_string(i);
    open(id, {"ann"});
    say(id, "ann", "hi");
  }
  api::SyncRequest request = sync_request("ann");
  request.conversations_max = 3;

  std::vector<std::string> ids;
  std::vector<uint64_t> digests;
  do {
    const api::SyncResult page = sync(request);
    for (const auto& synced : page.conversations) ids.push_back(synced.view.conversation.id.text);
    digests.push_back(page.digest);
    request.page_token = page.next_page_token;
  } while (!request.page_token.empty() && digests.size() < 10);

  EXPECT_EQ(ids, (std::vector<std::string>{"group:6", "group:5", "group:4", "group:3", "group:2",
                                           "group:1", "group:0"}));
  ASSERT_EQ(digests.size(), 3u);
  EXPECT_EQ(digests[0], 0u);
  EXPECT_EQ(digests[1], 0u);
  EXPECT_TRUE(sync("ann", digests[2]).unchanged);
}

TEST_F(SyncTest, WhatChangesBetweenTwoPagesShowsInTheNextSync) {
  for (const std::string id : {"group:1", "group:2", "group:3"}) {
    open(id, {"ann", "bob"});
    say(id, "bob", "hi");
  }
  api::SyncRequest request = sync_request("ann");
  request.conversations_max = 2;
  request.page_token = sync(request).next_page_token;
  say("group:3", "bob", "between");
  const api::SyncResult last = sync(request);
  for (const std::string id : {"group:1", "group:2", "group:3"}) has(id, 1);

  const api::SyncResult next = sync_again("ann", last.digest);

  EXPECT_TRUE(last.next_page_token.empty());
  ASSERT_EQ(next.conversations.size(), 1u);
  EXPECT_EQ(seqs(next.conversations[0].messages), (Sequences{2}));
}

TEST_F(SyncTest, EquallyNewConversationsAreNotLostBetweenPages) {
  for (const std::string id : {"group:a", "group:b", "group:c"}) {
    open(id, {"ann"});
    say(id, "ann", "hi");
    store.heads[{ctx.tenant, {id}}].last_time_ms = 7;
  }
  api::SyncRequest request = sync_request("ann");
  request.conversations_max = 1;

  std::vector<std::string> ids;
  do {
    const api::SyncResult page = sync(request);
    for (const auto& synced : page.conversations) ids.push_back(synced.view.conversation.id.text);
    request.page_token = page.next_page_token;
  } while (!request.page_token.empty() && ids.size() < 10);

  EXPECT_EQ(ids, (std::vector<std::string>{"group:a", "group:b", "group:c"}));
}

// A sync that broke off goes on: what the client got has a position, what it did not get has none.
TEST_F(SyncTest, ABrokenOffFirstSyncIsResumedByPositions) {
  open("group:got", {"ann"});
  open("group:missed", {"ann"});
  say("group:got", "ann", "hi");
  say("group:missed", "ann", "hi");
  has("group:got", 1);

  const api::SyncResult result = sync_again("ann", 0);

  ASSERT_EQ(result.conversations.size(), 1u);
  EXPECT_EQ(result.conversations[0].view.conversation.id.text, "group:missed");
}

TEST_F(SyncTest, APageEndsAtItsBytesAndGoesOn) {
  for (const std::string id : {"group:1", "group:2", "group:3"}) {
    open(id, {"ann"});
    say(id, "ann", std::string(700 << 10, 'x'));
  }

  const api::SyncResult first = sync("ann");
  api::SyncRequest request = sync_request("ann");
  request.page_token = first.next_page_token;
  const api::SyncResult second = sync(request);

  EXPECT_EQ(first.conversations.size(), 2u);
  EXPECT_EQ(second.conversations.size(), 1u);
  EXPECT_TRUE(second.next_page_token.empty());
}

TEST_F(SyncTest, UnreadIsExactAndDoesNotCountOnesOwn) {
  open("group:g", {"ann", "bob"});
  say_many("group:g", "bob", 3);
  read_all("group:g", "ann");
  say_many("group:g", "bob", 2);
  say_many("group:g", "ann", 4);

  const api::SyncResult result = sync("ann");

  EXPECT_EQ(result.conversations[0].view.unread, 2u);
}

TEST_F(SyncTest, ForeignPageTokensAreRefusedByName) {
  const std::string other_list = encode(PageToken{.kind = PageKind::Members, .after = "ann"});
  const std::string too_long(2000, '0');

  for (const std::string& token : {std::string("nonsense"), other_list, too_long}) {
    api::SyncRequest request = sync_request("ann");
    request.page_token = token;
    const auto result = run(reader.sync(ctx, request));

    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
    EXPECT_TRUE(result.error().message.starts_with("page_token"));
  }
}

}  // namespace
}  // namespace flare::storage_reader
