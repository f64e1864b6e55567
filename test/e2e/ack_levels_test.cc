// What a sender is told, and when: accepted cannot be lost, persisted has its place.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class AckLevels : public Story {
 protected:
  static wire::Frame hello(wire::AckLevel level) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id(sdk::random_id());
    frame.mutable_send()->set_ack_level(level);
    frame.mutable_send()->mutable_content()->set_text("hello");
    return frame;
  }
};

TEST_F(AckLevels, PersistedCarriesTheSeqAndCanBeRead) {
  Client ann = users.login("ann");

  const wire::Frame answer = must(ann.request(hello(wire::ACK_LEVEL_PERSISTED)));

  ASSERT_TRUE(answer.has_persisted());
  EXPECT_EQ(answer.persisted().seq(), 1u);
  EXPECT_EQ(answer.persisted().conversation_id(), single_chat_id("ann", "bob"));
  EXPECT_GT(answer.persisted().server_time_ms(), 0);
  EXPECT_EQ(must(ann.get_message(answer.persisted().message_id())).seq(), 1u);
}

// An all-in-one may answer an accepted send with the seq, which it has anyway.
TEST_F(AckLevels, AcceptedIsInTheHistorySoon) {
  Client ann = users.login("ann");

  const sdk::SendReceipt receipt =
      must(sdk::to_receipt(must(ann.request(hello(wire::ACK_LEVEL_ACCEPTED)))));

  EXPECT_EQ(receipt.message_id.size(), 16u);
  EXPECT_GT(receipt.server_time_ms, 0);
  ASSERT_TRUE(wait_until([&] { return ann.get_message(receipt.message_id).has_value(); }));
  const model::Message stored = must(ann.get_message(receipt.message_id));
  EXPECT_EQ(stored.server_time_ms(), receipt.server_time_ms);
  if (receipt.seq != 0) EXPECT_EQ(stored.seq(), receipt.seq);
}

TEST_F(AckLevels, AcceptedSurvivesACrash) {
  std::vector<std::string> ids;
  {
    Client ann = users.login("ann");
    for (int i = 0; i < 20; ++i) {
      ids.push_back(
          must(sdk::to_receipt(must(ann.request(hello(wire::ACK_LEVEL_ACCEPTED))))).message_id);
    }
    flare.kill9();
  }

  flare.start();

  Client ann = users.login("ann");
  for (const std::string& id : ids) {
    EXPECT_TRUE(wait_until([&] { return ann.get_message(id).has_value(); }));
  }
  EXPECT_EQ(whole_history(ann, single_chat_id("ann", "bob")).size(), ids.size());
}

}  // namespace
}  // namespace flare::e2e
