// A checker that finds nothing is worthless until it has been seen to find something: each test
// breaks one promise and looks for its name.
#include "cmd/flare_bench/history_check.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>

#include "cmd/flare_bench/conversation_check.h"
#include "cmd/flare_bench/failure.h"

namespace flare::bench {
namespace {

constexpr size_t kTextBytes = 64;

struct Stored {
  std::string message_id;
  std::string client_id;
  std::string text;
  uint64_t seq = 0;

  MessageView view() const {
    return {.conversation_id = "room",
            .message_id = message_id,
            .sender_id = "bench-000001",
            .client_message_id = client_id,
            .text = text,
            .seq = seq};
  }
};

Stored store(uint32_t number, uint64_t seq) {
  const MessageKey key{.run = 7, .sender = 1, .slot = 0, .number = number};
  Stored stored{.message_id = std::string(16, static_cast<char>('a' + number)), .seq = seq};
  encode_client_id(stored.client_id, key);
  encode_text(stored.text, key, kTextBytes);
  return stored;
}

Promise promise(const Stored& stored) {
  return {*decode_client_id(stored.client_id), to_message_id(stored.message_id), stored.seq};
}

struct HistoryCheckTest : testing::Test {
  Violations check(const std::vector<Promise>& promises, const std::vector<Stored>& history) {
    Violations violations;
    HistoryCheck checker("room", promises, violations);
    for (const Stored& stored : history) checker.add(stored.view());
    checker.finish();
    return violations;
  }

  void expect_only(const Violations& violations, Violation expected) {
    EXPECT_GT(violations.count(expected), 0u);
    EXPECT_EQ(violations.total(), violations.count(expected));
    ASSERT_FALSE(violations.examples().empty());
    EXPECT_NE(violations.examples()[0].find("room"), std::string::npos);
  }

  const Stored one = store(1, 1);
  const Stored two = store(2, 2);
  const Stored three = store(3, 3);
};

TEST_F(HistoryCheckTest, AKeptPromiseIsNoViolation) {
  EXPECT_EQ(check({promise(one), promise(three)}, {one, two, three}).total(), 0u);
}

TEST_F(HistoryCheckTest, AMissingMessageIsLost) {
  expect_only(check({promise(one), promise(two)}, {one}), Violation::Lost);
}

TEST_F(HistoryCheckTest, AMissingSeqIsAGap) {
  expect_only(check({promise(one)}, {one, three}), Violation::Gap);
  expect_only(check({}, {two, three}), Violation::Gap);
}

TEST_F(HistoryCheckTest, AMessageStoredTwiceIsRepeated) {
  Stored again = one;
  again.seq = 2;
  expect_only(check({}, {one, again}), Violation::Repeated);

  again.message_id = std::string(16, 'z');
  expect_only(check({}, {one, again}), Violation::Repeated);
}

TEST_F(HistoryCheckTest, ASeqUsedTwiceIsADuplicate) {
  Stored clash = two;
  clash.seq = 1;
  expect_only(check({}, {one, clash}), Violation::Duplicate);
}

TEST_F(HistoryCheckTest, SwappedMessagesBreakTheSendersOrder) {
  Stored late = store(1, 2);
  Stored early = store(2, 1);
  expect_only(check({}, {early, late}), Violation::SenderOrder);
}

TEST_F(HistoryCheckTest, AnotherMessageIdThanPromised) {
  Promise other = promise(one);
  other.message_id[0] = 'z';
  expect_only(check({other}, {one}), Violation::MessageId);
}

TEST_F(HistoryCheckTest, ARetryAnsweredDifferently) {
  Promise other = promise(one);
  other.message_id[0] = 'z';
  expect_only(check({promise(one), other}, {one}), Violation::MessageId);
  EXPECT_EQ(check({promise(one), promise(one)}, {one}).total(), 0u);
}

TEST_F(HistoryCheckTest, AnotherSeqThanPromised) {
  Promise other = promise(one);
  other.seq = 5;
  expect_only(check({other}, {one}), Violation::OrderDiffers);
  other.seq = 0;  // its receipt had none
  EXPECT_EQ(check({other}, {one}).total(), 0u);
}

TEST_F(HistoryCheckTest, AChangedByteOfText) {
  Stored changed = one;
  changed.text.back() ^= 1;
  expect_only(check({}, {changed}), Violation::Text);
}

TEST(MessageKeyTest, ClientIdsComeBack) {
  const MessageKey key{.run = 0xdeadbeef, .sender = 0xabcdef, .slot = 200, .number = 4'000'000'000};
  std::string id;

  encode_client_id(id, key);

  EXPECT_EQ(id.size(), kClientIdBytes);
  EXPECT_EQ(decode_client_id(id), key);
  EXPECT_FALSE(decode_client_id("somebody else's id 12345"));
}

struct JournalTest : testing::Test {
  const std::string path = testing::TempDir() + "/journal-" + std::to_string(getpid());
  ~JournalTest() override { std::remove(path.c_str()); }

  void append(const std::string& text) {
    std::FILE* file = std::fopen(path.c_str(), "ab");
    std::fputs(text.c_str(), file);
    std::fclose(file);
  }
};

TEST_F(JournalTest, WhatWasWrittenIsRead) {
  const Stored one = store(1, 1);
  {
    JournalWriter writer(path, kTextBytes);
    writer.add(promise(one), "a room");
    writer.add(promise(store(2, 0)), "another");
  }

  const Journal journal = read_journal(path);

  EXPECT_EQ(journal.text_bytes, kTextBytes);
  EXPECT_EQ(journal.promises, 2u);
  const Promise& read = journal.conversations.at("a room").at(0);
  EXPECT_EQ(read.key, promise(one).key);
  EXPECT_EQ(read.message_id, promise(one).message_id);
  EXPECT_EQ(read.seq, 1u);
}

TEST_F(JournalTest, AnInterruptedLastLineIsIgnoredAndAnyOtherIsNot) {
  {
    JournalWriter(path, kTextBytes).add(promise(store(1, 1)), "room");
  }
  append("A 0000");
  EXPECT_EQ(read_journal(path).promises, 1u);

  append("\n");
  EXPECT_THROW(read_journal(path), Failure);
}

TEST(ConversationViewTest, MembersTogetherMustSeeEverySeqOnce) {
  ConversationView view;

  EXPECT_EQ(view.see(5, 50), ConversationView::Sight::First);
  EXPECT_EQ(view.see(7, 70), ConversationView::Sight::First);
  EXPECT_EQ(view.see(5, 50), ConversationView::Sight::Agrees);
  EXPECT_EQ(view.see(7, 71), ConversationView::Sight::Differs);
  EXPECT_EQ(view.missing(), 1u);
  EXPECT_EQ(view.see(6, 60), ConversationView::Sight::First);
  EXPECT_EQ(view.missing(), 0u);
}

TEST(MemberViewTest, ASeqIsSeenOnceAndInOrder) {
  MemberView view;

  EXPECT_TRUE(view.see(5));
  EXPECT_TRUE(view.see(8));
  EXPECT_EQ(view.missing, 2u);
  EXPECT_FALSE(view.see(8));
  EXPECT_FALSE(view.see(6));
}

}  // namespace
}  // namespace flare::bench
