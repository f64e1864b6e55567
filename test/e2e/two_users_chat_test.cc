// Two people talk: the first promise of all.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

using TwoUsersChat = Story;

TEST_F(TwoUsersChat, EachReadsTheOther) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  const sdk::SendReceipt receipt = must(ann.send_text(Target::user("bob"), "hello bob"));
  const model::Message heard = message_saying(bob, "hello bob");
  must(bob.send_text(Target::conversation(heard.conversation_id()), "hello ann"));
  const model::Message answer = message_saying(ann, "hello ann");

  EXPECT_EQ(receipt.conversation_id, single_chat_id("ann", "bob"));
  EXPECT_EQ(heard.conversation_id(), receipt.conversation_id);
  EXPECT_EQ(heard.message_id(), receipt.message_id);
  EXPECT_EQ(heard.message_id().size(), 16u);
  EXPECT_EQ(heard.sender_id(), "ann");
  EXPECT_EQ(heard.client_message_id(), receipt.client_message_id);
  EXPECT_EQ(heard.server_time_ms(), receipt.server_time_ms);
  EXPECT_EQ(heard.seq(), 1u);
  EXPECT_EQ(answer.sender_id(), "bob");
  EXPECT_EQ(answer.seq(), 2u);
}

TEST_F(TwoUsersChat, TheConversationAppearsInBothLists) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  send_many(ann, Target::user("bob"), 1);

  const auto of_ann = find_view(ann, single_chat_id("ann", "bob"));
  const auto of_bob = find_view(bob, single_chat_id("ann", "bob"));
  ASSERT_TRUE(of_ann && of_bob);
  EXPECT_EQ(of_ann->type(), model::CONVERSATION_TYPE_SINGLE);
  EXPECT_EQ(of_ann->peer_id(), "bob");
  EXPECT_EQ(of_bob->peer_id(), "ann");
  EXPECT_EQ(of_bob->last_seq(), 1u);
  EXPECT_EQ(of_bob->preview().content().text(), "message 1");
}

TEST_F(TwoUsersChat, TextsAndMetadataArriveAsTheyWereSent) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  wire::Frame frame;
  wire::Send& send = *frame.mutable_send();
  send.set_to_user_id("bob");
  send.set_client_message_id("m1");
  send.mutable_content()->set_text("Grüße, 你好, \xf0\x9f\x99\x82\n\tand a \"quote\"");
  (*send.mutable_metadata())["color"] = "blue";

  must(ann.request(frame));
  const model::Message heard = next_message(bob);

  EXPECT_EQ(heard.content().text(), send.content().text());
  EXPECT_EQ(heard.metadata().at("color"), "blue");
}

TEST_F(TwoUsersChat, CustomContentIsCarriedUnread) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  wire::Frame frame;
  wire::Send& send = *frame.mutable_send();
  send.set_to_user_id("bob");
  send.set_client_message_id("m1");
  send.mutable_content()->mutable_custom()->set_type("order_card");
  send.mutable_content()->mutable_custom()->set_data(std::string("\x00\xff\x80", 3));

  must(ann.request(frame));
  const model::Message heard = next_message(bob);

  EXPECT_EQ(heard.content().custom().type(), "order_card");
  EXPECT_EQ(heard.content().custom().data(), send.content().custom().data());
}

TEST_F(TwoUsersChat, ManyInFlightKeepTheirOrder) {
  constexpr int kCount = 200;  // below requests_in_flight_max
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  std::vector<uint64_t> requests;
  std::vector<std::string> expected;
  for (int i = 0; i < kCount; ++i) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id("m" + std::to_string(i));
    frame.mutable_send()->mutable_content()->set_text(std::to_string(i));
    requests.push_back(must(ann.start(frame)));
    expected.push_back(std::to_string(i));
  }

  for (const uint64_t request : requests) ASSERT_TRUE(allowed(ann.finish(request)));
  std::vector<model::Message> heard;
  while (heard.size() < kCount) heard.push_back(next_message(bob));

  EXPECT_EQ(texts(heard), expected);
  EXPECT_EQ(seqs(heard), one_to(kCount));
}

TEST_F(TwoUsersChat, SurvivesARestart) {
  {
    Client ann = users.login("ann");
    send_many(ann, Target::user("bob"), 3);
  }

  EXPECT_EQ(flare.stop().code, 0);
  flare.start();

  Client bob = users.login("bob");
  const auto messages = whole_history(bob, single_chat_id("ann", "bob"));
  EXPECT_EQ(texts(messages), (std::vector<std::string>{"message 1", "message 2", "message 3"}));
  Client ann = users.login("ann");
  EXPECT_EQ(send_many(ann, Target::user("bob"), 1).front().seq, 4u);
}

}  // namespace
}  // namespace flare::e2e
