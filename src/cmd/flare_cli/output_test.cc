#include "output.h"

#include <gtest/gtest.h>

namespace flare::cli {
namespace {

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCellInCharacters) {
  Table table({"USER", "TEXT"});
  table.add({"Jürgen", "x"});
  table.add({"ann", ""});

  EXPECT_EQ(table.text(),
            "USER    TEXT\n"
            "Jürgen  x\n"
            "ann\n");
}

TEST(OutputTest, MessageIdsGoBothWays) {
  const std::string id(
      "\x00\x01\x7f\x80\xff"
      "bcdefghijkl",
      16);

  EXPECT_EQ(id_to_text(id), "00017f80ff62636465666768696a6b6c");
  EXPECT_EQ(id_from_text(id_to_text(id)), id);
  EXPECT_EQ(id_from_text("AAF/gP9iY2RlZmdoaWprbA=="), id);
  EXPECT_FALSE(id_from_text("not an id"));
  EXPECT_FALSE(id_from_text("zz017f80ff62636465666768696a6b6c"));
  EXPECT_FALSE(id_from_text(""));
}

TEST(OutputTest, AMessageCannotSteerTheTerminal) {
  sdk::model::Content content;
  content.set_text("a\033[2Jb\nc");

  EXPECT_EQ(content_line(content), "a [2Jb c");
  EXPECT_EQ(one_line("a\xc2\x9b"
                     "2Jb",
                     80),
            "a 2Jb");
  EXPECT_EQ(one_line("a\xc2\xa9", 80), "a\xc2\xa9");
}

TEST(OutputTest, LongTextIsCutBetweenCharacters) {
  EXPECT_EQ(one_line("äöü", 3), "äöü");
  EXPECT_EQ(one_line("äöü", 2), "äö...");
}

TEST(OutputTest, TimesAfterOneAnother) {
  EXPECT_EQ(time_after(1000, 1012), "+12 ms");
  EXPECT_EQ(time_after(1000, 998), "-2 ms");
  EXPECT_EQ(time_after(0, 12'340), "+12.3 s");
}

TEST(OutputTest, EnumNamesWithoutTheirPrefix) {
  EXPECT_EQ(type_name(sdk::model::CONVERSATION_TYPE_GROUP), "group");
  EXPECT_EQ(role_name(sdk::model::MEMBER_ROLE_OWNER), "owner");
}

}  // namespace
}  // namespace flare::cli
