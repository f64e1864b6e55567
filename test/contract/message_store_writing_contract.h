// Applying, loading, and what survives. Part of message_store_contract.h.
#pragma once

#include <atomic>
#include <thread>

#include "contract/message_store_contract.h"

namespace flare::contract {

TEST_P(MessageStoreContract, AnUnknownPartitionStandsAtZero) {
  EXPECT_EQ(applied(), 0u);
  EXPECT_EQ(store().durable(kPartition), 0u);
}

TEST_P(MessageStoreContract, ApplyMovesThePartitionsOffset) {
  ASSERT_TRUE(run(store().apply({}, {.partition = 1, .expected_offset = 0, .next_offset = 17})));
  ASSERT_TRUE(run(store().apply({}, {.partition = 2, .expected_offset = 0, .next_offset = 4})));
  ASSERT_TRUE(run(store().apply({}, {.partition = 1, .expected_offset = 17, .next_offset = 18})));

  EXPECT_EQ(applied(1), 18u);
  EXPECT_EQ(applied(2), 4u);
}

TEST_P(MessageStoreContract, AWriterThatLostItsPartitionAppliesNothing) {
  const WriterConversation room = given("room", {"ann", "ben"}, 3);
  WriterConversation late = room;
  port::ApplyBatch batch{.partition = kPartition, .expected_offset = 0, .next_offset = 9};
  late.add_member("eve");
  late.post(batch, "ann");
  late.create_in(batch);
  batch.removed_members.push_back(room.member_key("ben"));

  Result<> result = run(store().apply({}, std::move(batch)));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Conflict);
  EXPECT_EQ(applied(), 1u);
  EXPECT_EQ(read({.conversation = room.key}), (Seqs{1, 2, 3}));
  EXPECT_EQ(member_names(room.key), (Names{"ann", "ben"}));
  EXPECT_FALSE(run(store().find_message(tenant(), message_id("acme", "room", 4))).value());
}

TEST_P(MessageStoreContract, AnOffsetAheadIsAConflictToo) {
  Result<> result =
      run(store().apply({}, {.partition = 1, .expected_offset = 5, .next_offset = 6}));

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::Conflict);
  EXPECT_EQ(applied(1), 0u);
}

// While a partition moves, the old and the new writer may apply at the same time.
TEST_P(MessageStoreContract, OfTwoWritersAtOneOffsetOneApplies) {
  std::atomic<uint64_t> wins = 0;
  const auto write = [&] {
    for (uint64_t at = 0; at < 200; ++at) {
      Result<> result = run(store().apply(
          {}, {.partition = kPartition, .expected_offset = at, .next_offset = at + 1}));
      if (result) {
        ++wins;
      } else {
        EXPECT_EQ(result.error().code, ErrorCode::Conflict);
      }
      while (applied() <= at) std::this_thread::yield();
    }
  };
  std::thread other(write);
  write();
  other.join();

  EXPECT_EQ(wins, 200u);
  EXPECT_EQ(applied(), 200u);
}

TEST_P(MessageStoreContract, LoadGivesWhatWasApplied) {
  const WriterConversation room = given("room", {"ann", "ben"}, 3);

  const auto loaded =
      run(store().load(tenant(), {.conversations = {room.key},
                                  .members = {room.member_key("ann"), room.member_key("ben")},
                                  .messages = {{room.key.tenant, message_id("acme", "room", 2)}}}));

  ASSERT_TRUE(loaded);
  const port::ConversationState& state = loaded->conversations.at(0).value();
  EXPECT_EQ(state.conversation.id.text, "room");
  EXPECT_EQ(state.conversation.type, model::ConversationType::Group);
  EXPECT_EQ(state.conversation.title, "about room");
  EXPECT_EQ(state.conversation.metadata, room.conversation.metadata);
  EXPECT_EQ(state.conversation.creator.text, "ann");
  EXPECT_EQ(state.conversation.created_ms, room.conversation.created_ms);
  EXPECT_EQ(state.conversation.member_count, 2u);
  EXPECT_EQ(state.head.last_seq, 3u);
  EXPECT_EQ(state.head.ordinal, 3u);
  EXPECT_EQ(state.head.last_time_ms, room.head.last_time_ms);
  EXPECT_EQ(loaded->members.at(0)->sent_ordinal, 3u);
  EXPECT_EQ(loaded->members.at(0)->last_sent_seq, 3u);
  EXPECT_EQ(loaded->members.at(1)->sent_ordinal, 0u);
  EXPECT_EQ(loaded->members.at(1)->join_seq, 1u);
  EXPECT_EQ(seq_of(loaded->messages.at(0).value()), 2u);
}

TEST_P(MessageStoreContract, LoadAnswersInOrderAndLeavesGapsForTheAbsent) {
  const WriterConversation first = given("first", {"ann"}, 1);
  const WriterConversation second = given("second", {"ben"}, 1);
  const port::ConversationKey nowhere{{"acme"}, {"nowhere"}};

  const auto loaded = run(store().load(
      tenant(), {.conversations = {second.key, nowhere, first.key, second.key},
                 .members = {first.member_key("ben"), first.member_key("ann")},
                 .messages = {{{"acme"}, message_id("acme", "nowhere", 1)},
                              {{"acme"}, message_id("acme", "second", 1)}},
                 .read_points = {{second.member_key("ben"), 1}, {first.member_key("ann"), 0}}}));

  ASSERT_TRUE(loaded);
  ASSERT_EQ(loaded->conversations.size(), 4u);
  EXPECT_EQ(loaded->conversations[0]->conversation.id.text, "second");
  EXPECT_FALSE(loaded->conversations[1]);
  EXPECT_EQ(loaded->conversations[2]->conversation.id.text, "first");
  EXPECT_EQ(loaded->conversations[3]->conversation.id.text, "second");
  ASSERT_EQ(loaded->members.size(), 2u);
  EXPECT_FALSE(loaded->members[0]);
  EXPECT_EQ(loaded->members[1]->user.text, "ann");
  ASSERT_EQ(loaded->messages.size(), 2u);
  EXPECT_FALSE(loaded->messages[0]);
  EXPECT_TRUE(loaded->messages[1]);
  ASSERT_EQ(loaded->read_points.size(), 2u);
  EXPECT_EQ(loaded->read_points[0].ordinal, 1u);
  EXPECT_EQ(loaded->read_points[1].ordinal, 0u);
}

TEST_P(MessageStoreContract, LoadingNothingIsFine) {
  const auto loaded = run(store().load(tenant(), {}));

  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->conversations.empty());
}

TEST_P(MessageStoreContract, ALargeLoadFindsThePresentAmongTheAbsent) {
  given("room", {"ann"}, 200);
  port::LoadRequest request;
  for (Sequence seq = 1; seq <= 1000; ++seq) {
    request.messages.push_back({{"acme"}, message_id("acme", seq % 5 ? "none" : "room", seq / 5)});
  }

  const auto loaded = run(store().load(tenant(), std::move(request)));

  ASSERT_TRUE(loaded);
  for (Sequence seq = 1; seq <= 1000; ++seq) {
    EXPECT_EQ(loaded->messages[seq - 1].has_value(), seq % 5 == 0) << seq;
  }
}

TEST_P(MessageStoreContract, ARowReplacesTheRowWithItsKey) {
  WriterConversation room = given("room", {"ann", "ben"}, 2);
  room.conversation.title = "renamed";
  room.head.last_seq = 9;
  room.members["ben"].read_seq = 2;
  room.members["ben"].read_ordinal = 2;
  room.members["ben"].role = model::MemberRole::Admin;
  port::ApplyBatch batch;
  batch.conversations.push_back({room.key.tenant, room.conversation});
  batch.heads.push_back({room.key, room.head});
  batch.members.push_back({room.key, room.members["ben"]});
  batch.messages.push_back({room.key, message_id("acme", "room", 2), 2,
                            Bytes::copy(stored_message("ann", 2, 2, 2, "edited"))});

  ASSERT_TRUE(apply(std::move(batch)));

  const auto state = run(store().find_conversation(tenant(), room.key)).value();
  EXPECT_EQ(state->conversation.title, "renamed");
  EXPECT_EQ(state->head.last_seq, 9u);
  const auto ben = run(store().find_member(tenant(), room.member_key("ben"))).value();
  EXPECT_EQ(ben->read_ordinal, 2u);
  EXPECT_EQ(ben->role, model::MemberRole::Admin);
  const auto message = run(store().find_message(tenant(), message_id("acme", "room", 2))).value();
  EXPECT_NE(message->view().find("edited"), std::string_view::npos);
  EXPECT_EQ(read({.conversation = room.key}), (Seqs{1, 2}));
}

TEST_P(MessageStoreContract, AConversationWithoutMessagesHasAnEmptyHead) {
  const WriterConversation room = given("room", {"ann"}, 0);

  const auto state = run(store().find_conversation(tenant(), room.key)).value();

  ASSERT_TRUE(state);
  EXPECT_EQ(state->head.last_seq, 0u);
}

TEST_P(MessageStoreContract, ARemovedMemberIsGoneEverywhere) {
  const WriterConversation room = given("room", {"ann", "ben"}, 1);
  given("other", {"ben"}, 1);

  ASSERT_TRUE(apply({.removed_members = {room.member_key("ben")}}));

  EXPECT_FALSE(run(store().find_member(tenant(), room.member_key("ben"))).value());
  EXPECT_EQ(member_names(room.key), Names{"ann"});
  EXPECT_EQ(conversations_of("ben"), Names{"other"});
}

TEST_P(MessageStoreContract, ARemovedMemberMayComeBack) {
  const WriterConversation room = given("room", {"ann", "ben"}, 1);
  ASSERT_TRUE(apply({.removed_members = {room.member_key("ben")}}));

  ASSERT_TRUE(apply({.members = {{room.key, room.members.at("ben")}}}));

  EXPECT_EQ(member_names(room.key), (Names{"ann", "ben"}));
  EXPECT_EQ(conversations_of("ben"), Names{"room"});
}

TEST_P(MessageStoreContract, RemovingAnAbsentMemberIsFine) {
  EXPECT_TRUE(apply({.removed_members = {{{"acme"}, {"nowhere"}, {"nobody"}}}}));
}

// ---- what survives

TEST_P(MessageStoreContract, DurableNeverExceedsApplied) {
  WriterConversation room = given("room", {"ann"}, 1);
  for (int i = 0; i < 20; ++i) {
    port::ApplyBatch batch;
    room.post(batch, "ann");
    ASSERT_TRUE(apply(std::move(batch)));
    EXPECT_LE(store().durable(kPartition), applied());
    if (i % 7 == 0) stores->make_durable();
  }

  stores->make_durable();

  EXPECT_EQ(store().durable(kPartition), applied());
}

TEST_P(MessageStoreContract, ACleanStopKeepsEverything) {
  const WriterConversation room = given("room", {"ann", "ben"}, 5);

  stores->reopen();

  EXPECT_EQ(applied(), 1u);
  EXPECT_EQ(store().durable(kPartition), 1u);
  EXPECT_EQ(read({.conversation = room.key}), (Seqs{1, 2, 3, 4, 5}));
  EXPECT_EQ(member_names(room.key), (Names{"ann", "ben"}));
  EXPECT_EQ(conversations_of("ben"), Names{"room"});
  EXPECT_TRUE(run(store().find_message(tenant(), message_id("acme", "room", 5))).value());
}

TEST_P(MessageStoreContract, ACrashLeavesTheStateOfTheLastDurableOffset) {
  WriterConversation room = given("room", {"ann"}, 5);
  stores->make_durable();
  const uint64_t durable_at_least = store().durable(kPartition);
  for (int i = 0; i < 5; ++i) {
    port::ApplyBatch batch;
    room.post(batch, "ann");
    ASSERT_TRUE(apply(std::move(batch)));
  }

  stores->reopen_after_crash();

  // One message was applied a step after the first step's five.
  const uint64_t at = applied();
  EXPECT_GE(at, durable_at_least);
  EXPECT_EQ(store().durable(kPartition), at);
  const Sequence last = 5 + (at - 1);
  EXPECT_EQ(read({.conversation = room.key}).size(), last);
  EXPECT_EQ(run(store().find_conversation(tenant(), room.key)).value()->head.last_seq, last);
  EXPECT_EQ(run(store().find_member(tenant(), room.member_key("ann"))).value()->last_sent_seq,
            last);
  for (Sequence seq = 1; seq <= 10; ++seq) {
    const auto found = run(store().find_message(tenant(), message_id("acme", "room", seq)));
    EXPECT_EQ(found.value().has_value(), seq <= last) << seq;
  }
}

TEST_P(MessageStoreContract, AfterACrashTheSameStepsGiveTheSameStore) {
  const WriterConversation start("acme", "room", {"ann", "ben"});
  const auto play = [&] {
    WriterConversation room = start;
    for (uint64_t step = 0; step < 10; ++step) {
      port::ApplyBatch batch{
          .partition = kPartition, .expected_offset = step, .next_offset = step + 1};
      if (step == 0) room.create_in(batch);
      room.post(batch, step % 2 ? "ann" : "ben");
      if (step < applied()) continue;
      ASSERT_TRUE(run(store().apply({}, std::move(batch))));
      if (step == 4) stores->make_durable();
    }
  };
  play();
  stores->reopen_after_crash();

  play();

  EXPECT_EQ(applied(), 10u);
  EXPECT_EQ(read({.conversation = start.key}), (Seqs{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(run(store().find_member(tenant(), start.member_key("ann"))).value()->sent_ordinal, 5u);
  EXPECT_EQ(conversations_of("ben"), Names{"room"});
}

}  // namespace flare::contract
