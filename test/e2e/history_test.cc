// Reading back: forwards, backwards, by range and by id; and where a message is.
#include <set>

#include "e2e/story.h"

namespace flare::e2e {
namespace {

class History : public Story {
 protected:
  void SetUp() override {
    Story::SetUp();
    ann.emplace(users.login("ann"));
    receipts = send_many(*ann, Target::user("bob"), 25);
  }
  std::vector<uint64_t> ask(sdk::HistoryRange range, bool* more = nullptr) {
    const wire::HistoryPage page = must(ann->history(conversation, range));
    if (more != nullptr) *more = page.more();
    return seqs({page.messages().begin(), page.messages().end()});
  }

  const std::string conversation = single_chat_id("ann", "bob");
  std::optional<Client> ann;
  std::vector<sdk::SendReceipt> receipts;
};

TEST_F(History, Forwards) {
  bool more = false;

  EXPECT_EQ(ask({.from_seq = 1, .to_seq = 0, .limit = 10, .backwards = false}, &more), one_to(10));
  EXPECT_TRUE(more);
  EXPECT_EQ(ask({.from_seq = 21, .to_seq = 0, .limit = 10, .backwards = false}, &more),
            (std::vector<uint64_t>{21, 22, 23, 24, 25}));
  EXPECT_FALSE(more);
}

TEST_F(History, Backwards) {
  bool more = false;

  EXPECT_EQ(ask({.from_seq = 0, .to_seq = 0, .limit = 3, .backwards = true}, &more),
            (std::vector<uint64_t>{25, 24, 23}));
  EXPECT_TRUE(more);
  EXPECT_EQ(ask({.from_seq = 0, .to_seq = 2, .limit = 3, .backwards = true}, &more),
            (std::vector<uint64_t>{2, 1}));
  EXPECT_FALSE(more);
}

TEST_F(History, BothEndsAreIncluded) {
  EXPECT_EQ(ask({.from_seq = 5, .to_seq = 7, .limit = 0, .backwards = false}),
            (std::vector<uint64_t>{5, 6, 7}));
  EXPECT_EQ(ask({.from_seq = 5, .to_seq = 7, .limit = 0, .backwards = true}),
            (std::vector<uint64_t>{7, 6, 5}));
  EXPECT_EQ(ask({.from_seq = 25, .to_seq = 25, .limit = 0, .backwards = false}),
            (std::vector<uint64_t>{25}));
}

TEST_F(History, BeyondTheEndsIsEmpty) {
  EXPECT_TRUE(ask({.from_seq = 26, .to_seq = 0, .limit = 0, .backwards = false}).empty());
}

TEST_F(History, AnUpsideDownRangeIsRefused) {
  EXPECT_TRUE(refused(
      ann->history(conversation, {.from_seq = 7, .to_seq = 5, .limit = 0, .backwards = false}),
      ErrorCode::InvalidArgument));
}

TEST_F(History, TheLimitHasALimit) {
  send_many(*ann, Target::user("bob"), 200);
  bool more = false;

  EXPECT_EQ(ask({.from_seq = 1, .to_seq = 0, .limit = 10'000, .backwards = false}, &more).size(),
            200u);
  EXPECT_TRUE(more);
  EXPECT_EQ(ask({.from_seq = 1, .to_seq = 0, .limit = 0, .backwards = false}).size(), 50u);
}

TEST_F(History, ById) {
  const model::Message found = must(ann->get_message(receipts[6].message_id));

  EXPECT_EQ(found.seq(), 7u);
  EXPECT_EQ(found.content().text(), "message 7");
  EXPECT_EQ(found.conversation_id(), conversation);
  EXPECT_GE(found.applied_time_ms(), found.server_time_ms());
}

TEST_F(History, ByIdIsForMembersOnly) {
  Client eve = users.login("eve");

  const auto found = eve.get_message(receipts[6].message_id);

  // Whether there is such a message is nobody else's business either; both answers are fine.
  ASSERT_FALSE(found);
  EXPECT_TRUE(refused(found, ErrorCode::NotFound) || refused(found, ErrorCode::PermissionDenied));
  EXPECT_FALSE(eve.where(receipts[6].message_id));
}

TEST_F(History, WhereNamesEveryHop) {
  Client bob = users.login("bob");
  must(bob.ack(conversation, 25));
  must(bob.read(conversation, 25));

  std::set<std::string> names;
  EXPECT_TRUE(wait_until([&] {
    names.clear();
    for (const wire::Hop& hop : must(ann->where(receipts[6].message_id)).hops())
      names.insert(hop.name());
    return names.contains("delivered") && names.contains("read");
  }));

  EXPECT_TRUE(names.contains("accepted"));
  EXPECT_TRUE(names.contains("logged"));
  EXPECT_TRUE(names.contains("applied"));
  const wire::WhereResult where = must(ann->where(receipts[6].message_id));
  EXPECT_EQ(where.message().seq(), 7u);
  int64_t before = 0;
  for (const wire::Hop& hop : where.hops()) {
    if (hop.time_ms() == 0) continue;
    EXPECT_GE(hop.time_ms(), before) << hop.name();
    before = hop.time_ms();
  }
}

}  // namespace
}  // namespace flare::e2e
