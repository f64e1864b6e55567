// The judge itself: a check that cannot fail proves nothing.
#include "e2e/journal.h"

#include <gtest/gtest.h>

namespace flare::e2e {
namespace {

sdk::model::Message message(uint64_t seq, uint64_t number) {
  sdk::model::Message out;
  out.set_seq(seq);
  out.set_sender_id("ann");
  out.set_client_message_id(Label{.sender_id = "ann", .number = number}.text());
  out.set_message_id("id " + std::to_string(number));
  out.mutable_content()->set_text("x");
  return out;
}

Promise promise(uint64_t seq, uint64_t number) {
  return {.client_message_id = Label{.sender_id = "ann", .number = number}.text(),
          .conversation_id = "group:g",
          .message_id = "id " + std::to_string(number),
          .seq = seq};
}

std::string judged(const std::vector<sdk::model::Message>& history,
                   const std::vector<Promise>& promises) {
  const auto broken = broken_promises("group:g", history, promises);
  return broken.empty() ? "" : broken.front();
}

TEST(Journal, KeptPromisesAreKept) {
  EXPECT_EQ(judged({message(1, 1), message(2, 2)}, {promise(1, 1), promise(0, 2)}), "");
}

TEST(Journal, FindsALostMessage) {
  EXPECT_EQ(judged({message(1, 1)}, {promise(1, 1), promise(2, 2)}),
            "ann/000002 was promised and is lost");
}

TEST(Journal, FindsAHole) {
  EXPECT_EQ(judged({message(1, 1), message(3, 2)}, {}), "seq 3 follows 1");
}

TEST(Journal, FindsADouble) {
  EXPECT_EQ(judged({message(1, 1), message(2, 1)}, {}), "ann/000001 is there twice");
}

TEST(Journal, FindsAnotherOrder) {
  EXPECT_EQ(judged({message(1, 2), message(2, 1)}, {}),
            "ann/000001 comes after number 2 of the same sender");
}

TEST(Journal, FindsAMovedMessage) {
  EXPECT_EQ(judged({message(1, 1)}, {promise(7, 1)}), "ann/000001 has seq 1, promised was 7");
}

}  // namespace
}  // namespace flare::e2e
