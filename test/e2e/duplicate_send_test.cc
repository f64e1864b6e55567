// A send that is repeated with its client_message_id is still one message.
#include <set>

#include "e2e/story.h"

namespace flare::e2e {
namespace {

class DuplicateSend : public Story {
 protected:
  static sdk::SendReceipt send(Client& sender, const std::string& client_message_id,
                               const std::string& text = "hello") {
    return must(sender.send_text(
        Target::user("bob"), text,
        {.client_message_id = client_message_id, .ack_level = wire::ACK_LEVEL_PERSISTED}));
  }
};

TEST_F(DuplicateSend, GetsTheSameReceiptAndOneRow) {
  Client ann = users.login("ann");

  const auto first = send(ann, "m1");
  const auto again = send(ann, "m1");

  EXPECT_EQ(first.message_id, again.message_id);
  EXPECT_EQ(first.seq, again.seq);
  EXPECT_EQ(whole_history(ann, first.conversation_id).size(), 1u);
}

TEST_F(DuplicateSend, IsDeliveredOnce) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  send(ann, "m1");
  send(ann, "m1");
  send(ann, "m2", "next");

  EXPECT_EQ(next_message(bob).client_message_id(), "m1");
  EXPECT_EQ(next_message(bob).client_message_id(), "m2");
}

TEST_F(DuplicateSend, FromAnotherDeviceAfterAReconnectIsStillTheSame) {
  const auto first = [&] {
    Client ann = users.login("ann");
    return send(ann, "m1");
  }();

  Device tablet;
  tablet.id = "tablet";
  Client ann = users.login("ann", tablet);
  const auto again = send(ann, "m1");

  EXPECT_EQ(first.message_id, again.message_id);
  EXPECT_EQ(first.seq, again.seq);
}

TEST_F(DuplicateSend, AfterACrashIsStillTheSame) {
  const auto first = [&] {
    Client ann = users.login("ann");
    return send(ann, "m1");
  }();

  flare.restart();
  Client ann = users.login("ann");
  const auto again = send(ann, "m1");

  EXPECT_EQ(first.message_id, again.message_id);
  EXPECT_EQ(first.seq, again.seq);
  EXPECT_EQ(whole_history(ann, first.conversation_id).size(), 1u);
}

TEST_F(DuplicateSend, AllAtOnceAreOneMessage) {
  Client ann = users.login("ann");
  std::vector<uint64_t> requests;
  for (int i = 0; i < 50; ++i) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id("m1");
    frame.mutable_send()->mutable_content()->set_text("hello");
    requests.push_back(must(ann.start(frame)));
  }

  std::set<std::string> ids;
  for (const uint64_t request : requests) {
    ids.insert(must(sdk::to_receipt(must(ann.finish(request)))).message_id);
  }

  EXPECT_EQ(ids.size(), 1u);
  EXPECT_EQ(whole_history(ann, single_chat_id("ann", "bob")).size(), 1u);
}

TEST_F(DuplicateSend, TheFirstTextStays) {
  Client ann = users.login("ann");

  const auto first = send(ann, "m1", "first");
  const auto again = send(ann, "m1", "second");

  EXPECT_EQ(first.message_id, again.message_id);
  EXPECT_EQ(must(ann.get_message(first.message_id)).content().text(), "first");
}

TEST_F(DuplicateSend, OfTwoPeopleAreTwoMessages) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");

  const auto of_ann = send(ann, "m1");
  const auto of_bob =
      must(bob.send_text(Target::user("ann"), "hello",
                         {.client_message_id = "m1", .ack_level = wire::ACK_LEVEL_PERSISTED}));

  EXPECT_NE(of_ann.message_id, of_bob.message_id);
  EXPECT_EQ(of_ann.conversation_id, of_bob.conversation_id);
  EXPECT_EQ(of_bob.seq, of_ann.seq + 1);
}

}  // namespace
}  // namespace flare::e2e
