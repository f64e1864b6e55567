// Reading pages, lists and positions. Part of message_store_contract.h.
#pragma once

#include <atomic>
#include <thread>

#include "contract/message_store_contract.h"

namespace flare::contract {

TEST_P(MessageStoreContract, ReadsForwardsFromTheOldest) {
  const WriterConversation room = given("room", {"ann"}, 7);

  EXPECT_EQ(read({.conversation = room.key}), (Seqs{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(read({.conversation = room.key, .from_seq = 3, .to_seq = 5}), (Seqs{3, 4, 5}));
  EXPECT_EQ(read({.conversation = room.key, .from_seq = 3, .limit = 2}), (Seqs{3, 4}));
  EXPECT_EQ(read({.conversation = room.key, .from_seq = 0, .to_seq = 1}), (Seqs{1}));
}

TEST_P(MessageStoreContract, ReadsBackwardsFromTheNewest) {
  const WriterConversation room = given("room", {"ann"}, 7);

  EXPECT_EQ(read({.conversation = room.key, .backwards = true}), (Seqs{7, 6, 5, 4, 3, 2, 1}));
  EXPECT_EQ(read({.conversation = room.key, .from_seq = 3, .to_seq = 5, .backwards = true}),
            (Seqs{5, 4, 3}));
  EXPECT_EQ(read({.conversation = room.key, .to_seq = 5, .limit = 2, .backwards = true}),
            (Seqs{5, 4}));
}

TEST_P(MessageStoreContract, ReadsNothingWhereNothingIs) {
  const WriterConversation room = given("room", {"ann"}, 3);

  EXPECT_EQ(read({.conversation = room.key, .from_seq = 4}), Seqs{});
  EXPECT_EQ(read({.conversation = room.key, .from_seq = 3, .to_seq = 2}), Seqs{});
  EXPECT_EQ(read({.conversation = room.key, .limit = 0}), Seqs{});
  EXPECT_EQ(read({.conversation = {{"acme"}, {"nowhere"}}}), Seqs{});
  EXPECT_EQ(read({.conversation = {{"acme"}, {"nowhere"}}, .backwards = true}), Seqs{});
}

TEST_P(MessageStoreContract, APageEndsWithTheMessageThatReachesItsSize) {
  WriterConversation room("acme", "room", {"ann"});
  port::ApplyBatch batch;
  for (int i = 0; i < 5; ++i) room.post(batch, "ann", std::string(1000, 'x'));
  ASSERT_TRUE(apply(std::move(batch)));

  EXPECT_EQ(read({.conversation = room.key, .bytes_max = 2500}), (Seqs{1, 2, 3}));
  EXPECT_EQ(read({.conversation = room.key, .bytes_max = 2500, .backwards = true}),
            (Seqs{5, 4, 3}));
  EXPECT_EQ(read({.conversation = room.key, .bytes_max = 1}), (Seqs{1}));
}

TEST_P(MessageStoreContract, MessagesComeBackByteForByte) {
  const WriterConversation room = given("room", {"ann"}, 0);
  const std::string bytes("\x00\x01\xff not protobuf \x00", 18);
  const std::string large(1 << 20, '\x80');
  port::ApplyBatch batch;
  batch.messages.push_back({room.key, message_id("acme", "room", 1), 1, Bytes::copy(bytes)});
  batch.messages.push_back({room.key, message_id("acme", "room", 2), 2, Bytes::copy(large)});

  ASSERT_TRUE(apply(std::move(batch)));

  const auto page = run(store().read(tenant(), {.conversation = room.key, .bytes_max = 8 << 20}));
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].view(), bytes);
  EXPECT_EQ((*page)[1].view(), large);
  const auto found = run(store().find_message(tenant(), message_id("acme", "room", 2))).value();
  EXPECT_EQ(found->view(), large);
}

TEST_P(MessageStoreContract, OrderIsByNumberAcrossEveryWidth) {
  const WriterConversation room = given("room", {"ann"}, 0);
  port::ApplyBatch batch;
  const Seqs seqs = {1, 2, 127, 128, 255, 256, 65535, 65536, uint64_t{1} << 32, uint64_t{1} << 40};
  for (const Sequence seq : seqs) {
    batch.messages.push_back({room.key, message_id("acme", "room", seq), seq,
                              Bytes::copy(stored_message("ann", seq, 0, 0, "x"))});
  }

  ASSERT_TRUE(apply(std::move(batch)));

  EXPECT_EQ(read({.conversation = room.key}), seqs);
}

TEST_P(MessageStoreContract, IdsThatBeginAlikeDoNotMix) {
  const WriterConversation a = given("a", {"b", "bb"}, 2);
  const WriterConversation ab = given("ab", {"b"}, 3);
  const WriterConversation longest = given(std::string(128, 'a'), {std::string(64, 'b')}, 1);

  EXPECT_EQ(read({.conversation = a.key}).size(), 2u);
  EXPECT_EQ(read({.conversation = ab.key, .backwards = true}).size(), 3u);
  EXPECT_EQ(read({.conversation = longest.key}).size(), 1u);
  EXPECT_EQ(member_names(a.key), (Names{"b", "bb"}));
  EXPECT_EQ(member_names(ab.key), Names{"b"});
  EXPECT_EQ(conversations_of("b"), (Names{"a", "ab"}));
  EXPECT_EQ(conversations_of("bb"), Names{"a"});
}

TEST_P(MessageStoreContract, TenantsWithTheSameIdsAreStrangers) {
  const WriterConversation acme = given("room", {"ann"}, 3, "acme");
  const WriterConversation apex = given("room", {"ann", "ben"}, 1, "apex");

  ASSERT_TRUE(apply({.removed_members = {apex.member_key("ann")}}));

  EXPECT_EQ(read({.conversation = acme.key}).size(), 3u);
  EXPECT_EQ(read({.conversation = apex.key}).size(), 1u);
  EXPECT_EQ(member_names(acme.key), Names{"ann"});
  EXPECT_EQ(conversations_of("ann", "acme"), Names{"room"});
  EXPECT_EQ(conversations_of("ann", "apex"), Names{});
  EXPECT_EQ(run(store().find_conversation(tenant(), acme.key)).value()->head.last_seq, 3u);
  const MessageId id = message_id("acme", "room", 1);
  EXPECT_TRUE(run(store().find_message(tenant("acme"), id)).value());
  EXPECT_FALSE(run(store().find_message(tenant("apex"), id)).value());
}

TEST_P(MessageStoreContract, FindsNothingWithoutFailing) {
  EXPECT_FALSE(run(store().find_conversation(tenant(), {{"acme"}, {"nowhere"}})).value());
  EXPECT_FALSE(run(store().find_member(tenant(), {{"acme"}, {"nowhere"}, {"ann"}})).value());
  EXPECT_FALSE(run(store().find_message(tenant(), message_id("acme", "nowhere", 1))).value());
  EXPECT_EQ(member_names({{"acme"}, {"nowhere"}}), Names{});
  EXPECT_EQ(conversations_of("nobody"), Names{});
}

TEST_P(MessageStoreContract, MembersAreListedInOrderAndInPages) {
  const WriterConversation room = given("room", {"eve", "ann", "ben", "dan", "cat"}, 1);

  EXPECT_EQ(member_names(room.key), (Names{"ann", "ben", "cat", "dan", "eve"}));
  EXPECT_EQ(member_names(room.key, "", 2), (Names{"ann", "ben"}));
  EXPECT_EQ(member_names(room.key, "ben", 2), (Names{"cat", "dan"}));
  EXPECT_EQ(member_names(room.key, "bert", 2), (Names{"cat", "dan"}));
  EXPECT_EQ(member_names(room.key, "eve"), Names{});
}

TEST_P(MessageStoreContract, MembershipsCarryTheConversationAndTheMember) {
  given("b", {"ann"}, 2);
  given("a", {"ann", "ben"}, 3);
  given("c", {"ben"}, 1);

  const auto memberships = run(store().list_memberships(tenant(), {"ann"}));

  ASSERT_TRUE(memberships);
  ASSERT_EQ(memberships->size(), 2u);
  EXPECT_EQ((*memberships)[0].state.conversation.title, "about a");
  EXPECT_EQ((*memberships)[0].state.head.last_seq, 3u);
  EXPECT_EQ((*memberships)[0].member.user.text, "ann");
  EXPECT_EQ((*memberships)[0].member.sent_ordinal, 3u);
  EXPECT_EQ((*memberships)[1].state.conversation.id.text, "b");
}

// Every seq of a history of three senders and messages that do not count, for each member and for a
// stranger, against what the writer knew at that time.
TEST_P(MessageStoreContract, AReadPointIsWhatTheWriterKnewAtThatSeq) {
  WriterConversation room("acme", "room", {"ann", "ben", "cat", "dan"});
  port::ApplyBatch batch;
  room.create_in(batch);
  const std::vector<std::pair<std::string, bool>> history = {
      {"ann", false}, {"ann", true}, {"ben", true}, {"ben", false}, {"ann", true},
      {"cat", false}, {"cat", true}, {"ann", true}, {"ben", true},  {"cat", false},
  };
  for (const auto& [sender, counts] : history) room.post(batch, sender, "x", counts);
  ASSERT_TRUE(apply(std::move(batch)));

  for (const std::string user : {"ann", "ben", "cat", "dan"}) {
    for (Sequence seq = 1; seq <= history.size(); ++seq) {
      const port::ReadPoint point = read_point(room.member_key(user), seq);
      EXPECT_EQ(point.ordinal, room.ordinals[seq - 1]) << user << " at " << seq;
      EXPECT_EQ(point.sent_ordinal, room.sent[user][seq - 1]) << user << " at " << seq;
    }
    EXPECT_EQ(read_point(room.member_key(user), 0).ordinal, 0u);
    EXPECT_EQ(read_point(room.member_key(user), 0).sent_ordinal, 0u);
  }
}

TEST_P(MessageStoreContract, AReadPointPastTheEndIsTheHead) {
  const WriterConversation room = given("room", {"ann", "ben"}, 4);

  EXPECT_EQ(read_point(room.member_key("ann"), 100).ordinal, 4u);
  EXPECT_EQ(read_point(room.member_key("ann"), 100).sent_ordinal, 4u);
  EXPECT_EQ(read_point(room.member_key("ben"), 100).sent_ordinal, 0u);
}

TEST_P(MessageStoreContract, DeliveredMovesForwardOnly) {
  const WriterConversation room = given("room", {"ann", "ben"}, 5);
  const auto note = [&](Sequence seq, int64_t time_ms) {
    ASSERT_TRUE(run(store().note_delivered(tenant(), {{room.member_key("ann"), seq, time_ms}})));
  };

  note(3, 30);
  note(2, 40);

  const auto found = run(store().find_delivered(
      tenant(), {room.member_key("ben"), room.member_key("ann"), room.member_key("ann")}));
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].seq, 0u);
  EXPECT_EQ((*found)[1].seq, 3u);
  EXPECT_EQ((*found)[1].time_ms, 30);
  EXPECT_EQ((*found)[2].member.user.text, "ann");
  EXPECT_EQ((*found)[2].seq, 3u);
}

TEST_P(MessageStoreContract, DeliveredSurvivesACleanStop) {
  const WriterConversation room = given("room", {"ann"}, 5);
  ASSERT_TRUE(run(store().note_delivered(tenant(), {{room.member_key("ann"), 3, 30}})));
  stores->make_durable();
  ASSERT_TRUE(run(store().note_delivered(tenant(), {{room.member_key("ann"), 2, 40}})));
  stores->reopen();

  const auto found = run(store().find_delivered(tenant(), {room.member_key("ann")}));

  EXPECT_EQ(found->at(0).seq, 3u);
}

// A reader on a loop of its own never sees a head without the messages it speaks of.
TEST_P(MessageStoreContract, AStepIsSeenWholeByOtherLoops) {
  WriterConversation room = given("room", {"ann", "ben"}, 1);
  std::atomic<bool> done = false;
  std::thread reader([&] {
    while (!done) {
      const auto state = run(store().find_conversation(tenant(), room.key));
      const Sequence last = state.value()->head.last_seq;
      const auto page = run(store().read(
          tenant(), {.conversation = room.key, .from_seq = last, .limit = 1, .backwards = true}));
      ASSERT_FALSE(page->empty()) << last;
    }
  });

  for (int step = 0; step < 200; ++step) {
    port::ApplyBatch batch;
    for (int i = 0; i < 5; ++i) room.post(batch, i % 2 ? "ann" : "ben");
    batch.partition = kPartition;
    batch.expected_offset = applied();
    batch.next_offset = batch.expected_offset + 1;
    EXPECT_TRUE(run(store().apply({}, std::move(batch))));
    if (step % 50 == 49) stores->make_durable();
  }
  done = true;
  reader.join();
}

}  // namespace flare::contract
