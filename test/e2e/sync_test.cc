// Sync alone: what a device learns that was away. No live push is looked at here.
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class Sync : public Story {
 protected:
  static void position(wire::Sync& request, const std::string& conversation, uint64_t seq) {
    wire::Position& position = *request.add_positions();
    position.set_conversation_id(conversation);
    position.set_seq(seq);
  }
};

TEST_F(Sync, ANewDeviceLearnsEverything) {
  Client ann = users.login("ann");
  send_many(ann, Target::user("bob"), 3);

  Client bob = users.login("bob");
  const wire::SyncResult synced = whole_sync(bob);

  EXPECT_FALSE(synced.unchanged());
  EXPECT_NE(synced.digest(), 0u);
  ASSERT_EQ(synced.conversations_size(), 1);
  const wire::SyncedConversation& chat = synced.conversations(0);
  EXPECT_EQ(chat.view().conversation_id(), single_chat_id("ann", "bob"));
  EXPECT_EQ(chat.view().last_seq(), 3u);
  EXPECT_EQ(chat.view().unread(), 3u);
  EXPECT_EQ(chat.view().preview().content().text(), "message 3");
  EXPECT_FALSE(chat.more());
  EXPECT_EQ(seqs({chat.messages().begin(), chat.messages().end()}), one_to(3));
}

TEST_F(Sync, WithNothingNewIsUnchanged) {
  Client ann = users.login("ann");
  send_many(ann, Target::user("bob"), 3);
  Client bob = users.login("bob");
  wire::Sync request;
  request.set_digest(whole_sync(bob).digest());
  position(request, single_chat_id("ann", "bob"), 3);

  const wire::SyncResult again = whole_sync(bob, request);

  EXPECT_TRUE(again.unchanged());
  EXPECT_EQ(again.conversations_size(), 0);
}

TEST_F(Sync, IsUnchangedForANewConnectionToo) {
  Client ann = users.login("ann");
  send_many(ann, Target::user("bob"), 1);
  wire::Sync request;
  {
    Client bob = users.login("bob");
    request.set_digest(whole_sync(bob).digest());
  }

  Client bob = users.login("bob");

  EXPECT_TRUE(whole_sync(bob, request).unchanged());
}

TEST_F(Sync, OfNobodyWhoEverTalkedIsEmpty) {
  Client bob = users.login("bob");

  EXPECT_EQ(whole_sync(bob).conversations_size(), 0);
}

TEST_F(Sync, HoldsOnlyWhatChanged) {
  Client ann = users.login("ann");
  Client bob = users.login("bob");
  Client carol = users.login("carol");
  send_many(ann, Target::user("bob"), 2);
  send_many(carol, Target::user("bob"), 2);
  wire::Sync request;
  request.set_digest(whole_sync(bob).digest());
  position(request, single_chat_id("ann", "bob"), 2);
  position(request, single_chat_id("carol", "bob"), 2);

  must(ann.send_text(Target::user("bob"), "news",
                     {.client_message_id = {}, .ack_level = wire::ACK_LEVEL_PERSISTED}));
  const wire::SyncResult synced = whole_sync(bob, request);

  EXPECT_FALSE(synced.unchanged());
  EXPECT_NE(synced.digest(), request.digest());
  ASSERT_EQ(synced.conversations_size(), 1);
  EXPECT_EQ(synced.conversations(0).view().conversation_id(), single_chat_id("ann", "bob"));
  ASSERT_EQ(synced.conversations(0).messages_size(), 1);
  EXPECT_EQ(synced.conversations(0).messages(0).content().text(), "news");
}

TEST_F(Sync, SaysWhenOlderMessagesWereLeftOut) {
  Client ann = users.login("ann");
  send_many(ann, Target::user("bob"), 30);
  Client bob = users.login("bob");
  wire::Sync request;
  request.set_messages_max(5);
  position(request, single_chat_id("ann", "bob"), 10);

  const wire::SyncResult synced = whole_sync(bob, request);

  ASSERT_EQ(synced.conversations_size(), 1);
  const wire::SyncedConversation& chat = synced.conversations(0);
  EXPECT_EQ(seqs({chat.messages().begin(), chat.messages().end()}),
            (std::vector<uint64_t>{26, 27, 28, 29, 30}));
  EXPECT_TRUE(chat.more());
}

TEST_F(Sync, PagesTheNewestConversationsFirst) {
  Client bob = users.login("bob");
  std::vector<std::string> expected;
  for (int i = 0; i < 7; ++i) {
    const std::string friend_id = "friend" + std::to_string(i);
    Client other = users.login(friend_id);
    expected.insert(expected.begin(),
                    send_many(other, Target::user("bob"), 1).front().conversation_id);
    // Newest by the millisecond of the server's clock.
    const int64_t now = find_view(bob, expected.front())->last_time_ms();
    wait_until([&] {
      return must(bob.request([] {
               wire::Frame f;
               f.mutable_ping();
               return f;
             }()))
                 .pong()
                 .server_time_ms() > now;
    });
  }
  wire::Sync request;
  request.set_conversations_max(3);

  const wire::SyncResult first = must(bob.sync(request));
  const wire::SyncResult all = whole_sync(bob, request);

  EXPECT_EQ(first.conversations_size(), 3);
  EXPECT_FALSE(first.next_page_token().empty());
  std::vector<std::string> order;
  for (const auto& chat : all.conversations()) order.push_back(chat.view().conversation_id());
  EXPECT_EQ(order, expected);
  EXPECT_NE(all.digest(), 0u);
}

TEST_F(Sync, AfterACrashHoldsTheSame) {
  {
    Client ann = users.login("ann");
    send_many(ann, Target::user("bob"), 5);
  }

  flare.restart();

  Client bob = users.login("bob");
  const wire::SyncResult synced = whole_sync(bob);
  ASSERT_EQ(synced.conversations_size(), 1);
  EXPECT_EQ(synced.conversations(0).view().unread(), 5u);
  EXPECT_EQ(synced.conversations(0).messages_size(), 5);
}

}  // namespace
}  // namespace flare::e2e
