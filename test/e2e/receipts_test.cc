// Unread counts, read receipts and delivery receipts.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class Receipts : public Story {
 protected:
  static model::ConversationView view(Client& client, const std::string& conversation) {
    const auto found = find_view(client, conversation);
    if (!found) throw std::runtime_error(conversation + " is not listed");
    return *found;
  }
  const std::string chat = single_chat_id("ann", "bob");
};

TEST_F(Receipts, UnreadCountsWhatOthersSaidSinceTheCursor) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 5);
  send_many(bob, Target::user("ann"), 2);

  EXPECT_EQ(view(bob, chat).unread(), 5u);
  EXPECT_EQ(view(ann, chat).unread(), 2u);

  must(bob.read(chat, 3));
  EXPECT_TRUE(wait_until([&] { return view(bob, chat).unread() == 2; }))
      << view(bob, chat).unread();
  EXPECT_EQ(view(bob, chat).read_seq(), 3u);

  must(bob.read(chat, 7));
  EXPECT_TRUE(wait_until([&] { return view(bob, chat).unread() == 0; }))
      << view(bob, chat).unread();
  send_many(ann, Target::user("bob"), 1);
  EXPECT_EQ(view(bob, chat).unread(), 1u);
}

TEST_F(Receipts, TheReadCursorMovesForwardOnly) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 5);

  must(bob.read(chat, 4));
  must(bob.read(chat, 2));
  must(bob.read(chat, 5));

  EXPECT_TRUE(wait_until([&] { return view(bob, chat).read_seq() == 5; }));
  must(bob.read(chat, 1));
  send_many(ann, Target::user("bob"), 1);
  EXPECT_EQ(view(bob, chat).read_seq(), 5u);
  EXPECT_EQ(view(bob, chat).unread(), 1u);
}

TEST_F(Receipts, TheSenderHearsThatItWasRead) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 3);

  must(bob.read(chat, 2));

  const auto receipt =
      find_receipt(ann, "bob", [](const wire::Receipt& r) { return r.read_seq() != 0; });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->conversation_id(), chat);
  EXPECT_EQ(receipt->read_seq(), 2u);
  EXPECT_EQ(view(ann, chat).peer_read_seq(), 2u);
}

TEST_F(Receipts, TheSenderHearsThatItWasDelivered) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 3);
  for (int i = 0; i < 3; ++i) next_message(bob);

  must(bob.ack(chat, 3));
  must(bob.read(chat, 1));  // also lets the acknowledgement out of this client

  const auto receipt =
      find_receipt(ann, "bob", [](const wire::Receipt& r) { return r.delivered_seq() == 3; });
  ASSERT_TRUE(receipt);
  EXPECT_EQ(receipt->conversation_id(), chat);
  EXPECT_TRUE(wait_until([&] { return view(ann, chat).peer_delivered_seq() == 3; }));
}

TEST_F(Receipts, AnAcknowledgementBeyondTheEndIsNotBelieved) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  send_many(ann, Target::user("bob"), 3);

  must(bob.ack(chat, 1'000'000));
  must(bob.ack(chat, 3));  // an honest one behind it, to wait for
  (void)bob.read(chat, 1'000'000);

  EXPECT_TRUE(wait_until([&] { return view(ann, chat).peer_delivered_seq() >= 3; }));
  EXPECT_EQ(view(ann, chat).peer_delivered_seq(), 3u);
  send_many(ann, Target::user("bob"), 1);
  EXPECT_EQ(view(bob, chat).unread(), 1u) << "a message from after the read is unread";
}

TEST_F(Receipts, InAGroupEveryMemberHasACursor) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  Client carol = users.login("carol");
  const std::string group =
      must(ann.create_group(
               {.title = "g", .member_ids = {"bob", "carol"}, .client_operation_id = {}}))
          .conversation_id();
  const uint64_t last = send_many(ann, Target::conversation(group), 4).back().seq;

  must(bob.read(group, last));

  EXPECT_TRUE(wait_until([&] { return view(bob, group).unread() == 0; }));
  EXPECT_EQ(view(carol, group).unread(), 4u);
  EXPECT_TRUE(wait_until([&] {
    for (const auto& member : must(carol.members(group)).members()) {
      if (member.user_id() == "bob") return member.read_seq() == last;
    }
    return false;
  }));
}

TEST_F(Receipts, CountsSurviveACrash) {
  {
    Client ann = users.login("ann");
    Client bob = users.login("bob");
    send_many(ann, Target::user("bob"), 5);
    must(bob.read(chat, 3));
  }

  flare.restart();

  Client bob = users.login("bob");
  EXPECT_TRUE(wait_until([&] { return view(bob, chat).unread() == 2; }))
      << view(bob, chat).unread();
}

}  // namespace
}  // namespace flare::e2e
