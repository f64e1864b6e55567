#include "flare/service/storage_writer/plan_fixture.h"

namespace flare::storage_writer {
namespace {

constexpr char kChat[] = "single:ann:bob";
constexpr char kRoom[] = "group:room";
using Sequences = std::vector<Sequence>;

struct ApplyMessagesTest : PlanFixture {};

TEST_F(ApplyMessagesTest, SeqsAreContiguousInEachConversation) {
  const Plan first = apply({say(kChat, "ann", "1"), say("single:ann:carl", "ann", "1"),
                            say(kChat, "bob", "2"), say(kChat, "ann", "3")});
  const Plan second = apply({say(kChat, "bob", "4"), say("single:ann:carl", "carl", "2")});

  EXPECT_EQ(announced(first), (Sequences{1, 1, 2, 3}));
  EXPECT_EQ(announced(second), (Sequences{4, 2}));
  EXPECT_EQ(head(kChat).last_seq, 4u);
  EXPECT_EQ(head("single:ann:carl").last_seq, 2u);
}

TEST_F(ApplyMessagesTest, AStoredMessageKnowsItsPlaceAndItsRecord) {
  apply({say(kChat, "ann", "1"), say(kChat, "bob", "2"), say(kChat, "ann", "3")});

  const model::MessageView message = stored(kChat, 3);

  EXPECT_EQ(message.client_message_id, "3");
  EXPECT_EQ(message.seq, 3u);
  EXPECT_EQ(message.ordinal, 3u);
  EXPECT_EQ(message.sender_ordinal, 2u);
  EXPECT_EQ(message.applied_time_ms, now_ms);
  EXPECT_EQ(message.log_partition, 0u);
  EXPECT_EQ(message.log_offset, 2u);
}

TEST_F(ApplyMessagesTest, OperationsTakeASeqButCountAsUnreadForNobody) {
  apply({create(kRoom, "ann", {"bob"}), say(kRoom, "ann", "1"), add(kRoom, "ann", {"carl"}),
         say(kRoom, "ann", "2")});

  EXPECT_EQ(head(kRoom).last_seq, 4u);
  EXPECT_EQ(head(kRoom).ordinal, 2u);
  EXPECT_EQ(stored(kRoom, 3).ordinal, 1u);
  EXPECT_EQ(unread(kRoom, "bob"), 2u);
  EXPECT_EQ(unread(kRoom, "ann"), 0u);
}

TEST_F(ApplyMessagesTest, AMessageTwiceInABatchIsOneMessage) {
  const Plan plan =
      apply({say(kChat, "ann", "1", 7), say(kChat, "ann", "1", 8), say(kChat, "ann", "2")});

  EXPECT_EQ(plan.applied, 2u);
  EXPECT_EQ(plan.duplicates, 1u);
  EXPECT_EQ(announced(plan), (Sequences{1, 2}));
  EXPECT_EQ(plan.outcomes.at(7).at(0).seq, 1u);
  EXPECT_EQ(plan.outcomes.at(8).at(0).seq, 1u);
}

TEST_F(ApplyMessagesTest, AMessageTheStoreHasIsNotAppliedAgain) {
  apply({say(kChat, "ann", "1"), say(kChat, "bob", "2")});
  state.clear();

  const Plan plan = apply({say(kChat, "ann", "1", 7), say(kChat, "ann", "3")});

  EXPECT_EQ(plan.duplicates, 1u);
  EXPECT_EQ(plan.outcomes.at(7).at(0).seq, 1u);
  EXPECT_EQ(announced(plan), (Sequences{3}));
  EXPECT_EQ(head(kChat).last_seq, 3u);
  EXPECT_EQ(member(kChat, "ann").sent_ordinal, 2u);
}

TEST_F(ApplyMessagesTest, TheSameClientIdOfTwoSendersOrTenantsIsTwoMessages) {
  const Bytes elsewhere = message_event(kChat, "ann", "1", "\x0a\x01x", 0, {"other"});

  const Plan plan = apply({say(kChat, "ann", "1"), say(kChat, "bob", "1"), elsewhere});

  EXPECT_EQ(plan.applied, 3u);
  EXPECT_EQ(announced(plan), (Sequences{1, 2, 1}));
  EXPECT_EQ(store.heads.at({{"other"}, {kChat}}).last_seq, 1u);
}

TEST_F(ApplyMessagesTest, TheFirstMessageMakesTheSingleChatWithBoth) {
  apply({say(kChat, "bob", "1")});

  EXPECT_EQ(conversation(kChat).type, model::ConversationType::Single);
  EXPECT_EQ(conversation(kChat).member_count, 2u);
  EXPECT_EQ(member(kChat, "ann").join_seq, 1u);
  EXPECT_EQ(unread(kChat, "ann"), 1u);
  EXPECT_EQ(unread(kChat, "bob"), 0u);
}

TEST_F(ApplyMessagesTest, AChatWithOneselfHasOneMember) {
  apply({say("single:ann:ann", "ann", "1")});

  EXPECT_EQ(conversation("single:ann:ann").member_count, 1u);
  EXPECT_EQ(unread("single:ann:ann", "ann"), 0u);
}

TEST_F(ApplyMessagesTest, AMessageToNoConversationIsRefusedAndLeavesNoTrace) {
  const Plan plan = apply({say(kRoom, "ann", "1", 7)});

  EXPECT_EQ(plan.refused, 1u);
  ASSERT_EQ(plan.outcomes.at(7).size(), 1u);
  EXPECT_EQ(plan.outcomes.at(7)[0].seq, 0u);
  EXPECT_EQ(plan.outcomes.at(7)[0].code, ErrorCode::NotFound);
  EXPECT_TRUE(plan.announcements.empty());
  EXPECT_TRUE(store.heads.empty());
  EXPECT_TRUE(store.by_id.empty());
}

TEST_F(ApplyMessagesTest, OutcomesGoToTheOrchestratorThatWaits) {
  const Plan plan = apply({say(kChat, "ann", "1", 7), say(kChat, "bob", "2", 9),
                           say(kChat, "ann", "3", 7), say(kChat, "ann", "4")});

  ASSERT_EQ(plan.outcomes.size(), 2u);
  ASSERT_EQ(plan.outcomes.at(7).size(), 2u);
  EXPECT_EQ(plan.outcomes.at(7)[1].seq, 3u);
  EXPECT_EQ(plan.outcomes.at(7)[1].id, model::message_id(kAcme, {kChat}, {"ann"}, "3"));
  EXPECT_EQ(plan.outcomes.at(9).at(0).seq, 2u);
}

TEST_F(ApplyMessagesTest, ARowIsWrittenOnceABatch) {
  const Plan plan = apply({say(kChat, "ann", "1"), say(kChat, "bob", "2"), say(kChat, "ann", "3"),
                           mark_read(kChat, "bob", 1), mark_read(kChat, "bob", 3)});

  EXPECT_EQ(plan.batch.messages.size(), 3u);
  EXPECT_EQ(plan.batch.heads.size(), 1u);
  EXPECT_EQ(plan.batch.conversations.size(), 1u);
  EXPECT_EQ(plan.batch.members.size(), 2u);
}

TEST_F(ApplyMessagesTest, AKnownConversationIsNotWrittenAgainByAMessage) {
  apply({say(kChat, "ann", "1")});

  const Plan plan = apply({say(kChat, "ann", "2")});

  EXPECT_TRUE(plan.batch.conversations.empty());
  EXPECT_TRUE(plan.changed.empty());
  EXPECT_EQ(plan.batch.members.size(), 1u);
}

TEST_F(ApplyMessagesTest, WhatIsAnnouncedIsWhatIsStored) {
  const Plan plan = apply({say(kChat, "ann", "1")});

  const model::EventView event = model::scan_event(plan.announcements.at(0).body.view()).value();
  EXPECT_EQ(event.message, store.messages.at(key(kChat)).at(1).view());
  EXPECT_EQ(event.origin_gateway, "g1");
  EXPECT_EQ(event.trace, "trace");
  EXPECT_EQ(plan.announcements[0].key_hash, model::partition_hash("acme", kChat));
}

// A crash between applying and announcing: the log delivers again what the store has.
TEST_F(ApplyMessagesTest, WhatWasAppliedIsAnnouncedAgainAndChangesNothing) {
  const std::vector<Bytes> records = {say(kChat, "ann", "1", 7), say(kChat, "bob", "2"),
                                      mark_read(kChat, "ann", 2)};
  const Plan first = apply(records);
  state.clear();

  const Plan again = apply_at(0, records);

  EXPECT_EQ(announced(again), (Sequences{1, 2, 2}));
  EXPECT_EQ(again.announcements[0].body.view(), first.announcements[0].body.view());
  EXPECT_EQ(again.outcomes.at(7).at(0).seq, 1u);
  EXPECT_EQ(again.applied, 0u);
  EXPECT_TRUE(again.batch.messages.empty());
  EXPECT_TRUE(again.batch.heads.empty());
  EXPECT_TRUE(again.batch.members.empty());
  EXPECT_EQ(store.offsets[0], 3u);
}

TEST_F(ApplyMessagesTest, ABatchThatWasAppliedHalfContinuesWhereItStopped) {
  apply({say(kChat, "ann", "1"), say(kChat, "ann", "2")});
  state.clear();

  const Plan plan = apply_at(1, {say(kChat, "ann", "2"), say(kChat, "ann", "3")});

  EXPECT_EQ(announced(plan), (Sequences{2, 3}));
  EXPECT_EQ(plan.applied, 1u);
  EXPECT_EQ(plan.batch.expected_offset, 2u);
  EXPECT_EQ(plan.batch.next_offset, 3u);
}

TEST_F(ApplyMessagesTest, ARecordThatIsNoEventIsNamedByItsPlace) {
  const port::LogBatch batch{
      .partition = 3, .first_offset = 10, .records = {say(kChat, "ann", "1"), Bytes::copy("?")}};

  const Result<std::vector<Scanned>> events = read_events(batch);

  ASSERT_FALSE(events);
  EXPECT_EQ(events.error().code, ErrorCode::DataLoss);
  EXPECT_TRUE(events.error().message.starts_with("partition 3 offset 11: "));
}

}  // namespace
}  // namespace flare::storage_writer
