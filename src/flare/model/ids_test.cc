#include "flare/model/ids.h"

#include <gtest/gtest.h>

namespace flare::model {
namespace {

TEST(IdsTest, ASingleChatHasOneIdWhoeverWritesFirst) {
  EXPECT_EQ(single_conversation({"bob"}, {"ann"}), single_conversation({"ann"}, {"bob"}));
  EXPECT_EQ(single_conversation({"bob"}, {"ann"}).text, "single:ann:bob");
}

TEST(IdsTest, OnlyTheSortedSpellingIsASingleChat) {
  ASSERT_TRUE(users_of_single("single:ann:bob"));
  EXPECT_EQ(users_of_single("single:ann:bob")->second.text, "bob");
  EXPECT_FALSE(users_of_single("single:bob:ann"));
  EXPECT_FALSE(users_of_single("single:ann"));
  EXPECT_FALSE(users_of_single("single:ann:b:c"));
  EXPECT_FALSE(users_of_single("group:abc"));
}

TEST(IdsTest, AMessageIdFollowsFromTheSendAlone) {
  const MessageId id = message_id({"t"}, {"c"}, {"ann"}, "1");

  EXPECT_EQ(id, message_id({"t"}, {"c"}, {"ann"}, "1"));
  EXPECT_NE(id, message_id({"t"}, {"c"}, {"ann"}, "2"));
  EXPECT_NE(id, message_id({"u"}, {"c"}, {"ann"}, "1"));
  EXPECT_NE(message_id({"t"}, {"ca"}, {"nn"}, "1"), message_id({"t"}, {"c"}, {"ann"}, "1"));
}

// Stored messages are found by this id for ever, so it may never change.
TEST(IdsTest, AMessageIdIsTheSameInEveryVersion) {
  EXPECT_EQ(to_hex(message_id({"default"}, {"single:ann:bob"}, {"ann"}, "1")),
            "b41dce84dcb6d773a1e057fbde9baec6");
}

TEST(IdsTest, HexGoesBothWays) {
  const MessageId id = message_id({"t"}, {"c"}, {"ann"}, "1");
  EXPECT_EQ(message_id_from_hex(to_hex(id)), id);
  EXPECT_FALSE(message_id_from_hex("12"));
  EXPECT_FALSE(message_id_from_hex(std::string(32, 'g')));
}

TEST(IdsTest, BadIdsAreRefusedByName) {
  EXPECT_TRUE(check_id("user", "ann.b+c@x=1_-"));
  EXPECT_FALSE(check_id("user", ""));
  EXPECT_FALSE(check_id("user", std::string(65, 'a')));
  EXPECT_FALSE(check_id("user", "a:b"));
  EXPECT_NE(check_id("user", "a b").error().message.find("user"), std::string::npos);
}

TEST(IdsTest, PartitionsAreSpreadEvenly) {
  std::array<int, 4> count{};
  for (int i = 0; i < 4000; ++i) {
    ++count[partition_hash("default", "single:u" + std::to_string(i) + ":v") % count.size()];
  }
  for (const int n : count) EXPECT_NEAR(n, 1000, 150);
}

}  // namespace
}  // namespace flare::model
