// Too fast, too slow, too silent: every limit answers, none drops quietly.
#include "e2e/follower.h"
#include "e2e/story.h"

namespace flare::e2e {
namespace {

class RateLimit : public Story {
 protected:
  RateLimit() : Story({{config::kSendsPerSecond, "5"}, {config::kSendsBurst, "5"}}) {}

  static wire::Frame message(int number) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id("m" + std::to_string(number));
    frame.mutable_send()->mutable_content()->set_text(std::to_string(number));
    return frame;
  }
};

TEST_F(RateLimit, RefusesWithATimeToComeBack) {
  Client ann = users.connect();
  const wire::Welcome welcome = must(ann.login(users.token("ann")));
  std::vector<uint64_t> requests;
  for (int i = 0; i < 100; ++i) requests.push_back(must(ann.start(message(i))));

  int accepted = 0;
  std::optional<sdk::Error> refusal;
  for (const uint64_t request : requests) {
    const auto answer = ann.finish(request);
    if (answer) {
      ++accepted;
    } else {
      refusal = answer.error();
    }
  }

  EXPECT_EQ(welcome.sends_per_second(), 5u);
  EXPECT_GE(accepted, 1);
  EXPECT_LT(accepted, 50);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->failure, Failure::Refused);
  EXPECT_EQ(refusal->code, ErrorCode::ResourceExhausted);
  EXPECT_TRUE(refusal->retry);
  EXPECT_GT(refusal->retry_after.count(), 0);
  EXPECT_LT(refusal->retry_after, 10s);
}

TEST_F(RateLimit, LetsThroughWhoComesBackWhenTold) {
  Client ann = users.login("ann");
  sdk::Result<wire::Frame> answer = wire::Frame();
  int number = 0;
  while (answer && number < 100) answer = ann.request(message(number++));
  ASSERT_TRUE(refused(answer, ErrorCode::ResourceExhausted));

  // This wait is the promise itself: after so many milliseconds it works.
  find_push(ann, [](const wire::Frame&) { return false; }, answer.error().retry_after + 20ms);

  EXPECT_TRUE(allowed(ann.request(message(number))));
}

TEST_F(RateLimit, IsNobodyElses) {
  Client ann = users.login("ann");
  Client carol = users.login("carol");
  sdk::Result<wire::Frame> answer = wire::Frame();
  for (int i = 0; answer && i < 100; ++i) answer = ann.request(message(i));
  ASSERT_FALSE(answer);

  EXPECT_TRUE(allowed(carol.request(message(1))));
}

using SlowConnection = Story;

// Bob's socket is full because he does not read. What is left out he is told as a Resync, and
// History has it; ann never notices.
TEST_F(SlowConnection, IsToldToResyncAndMissesNothing) {
  constexpr size_t kTextBytes = 32 * 1024;
  constexpr uint64_t kMessages = 1'500;  // 48 MB: more than the kernel and the server will hold
  Client ann = users.login("ann");
  // A small window, or the kernel would swallow megabytes for him.
  Client bob = users.login("bob", {.receive_buffer_bytes = 16 * 1024});
  const std::string text(kTextBytes, 'x');
  for (uint64_t i = 0; i < kMessages; ++i) must(ann.send_text(Target::user("bob"), text));

  Follower follower(single_chat_id("ann", "bob"));
  bool told = false;
  sdk::Result<> followed;
  while (followed && follower.last_seq() < kMessages) {
    const auto push = bob.next_push(kPatience);
    if (!push || !*push) break;  // closed for being too slow, or silent: both looked at below
    if ((*push)->has_resync()) {
      told = true;
      EXPECT_EQ((*push)->resync().conversation_id(), single_chat_id("ann", "bob"));
      EXPECT_GT((*push)->resync().from_seq(), 0u);
      EXPECT_LE((*push)->resync().from_seq(), kMessages);
      followed = follower.catch_up(bob);
    } else if ((*push)->has_deliver()) {
      EXPECT_LE((*push)->deliver().message().seq(), kMessages);
    }
  }

  if (bob.closed()) {
    bob = users.login("bob");
    followed = follower.catch_up(bob);
  }
  EXPECT_TRUE(told) << "neither everything arrived nor a Resync";
  EXPECT_TRUE(allowed(followed));
  EXPECT_EQ(seqs(follower.messages()), one_to(kMessages));
  EXPECT_EQ(follower.holes(), 0);
}

class Silence : public Story {
 protected:
  Silence() : Story({{config::kHeartbeatInterval, "300ms"}, {config::kHeartbeatTimeout, "1s"}}) {}
};

TEST_F(Silence, IsTakenForDead) {
  Client ann = users.login("ann", {.heartbeats = false});

  EXPECT_TRUE(ends(ann));
}

TEST_F(Silence, HeartbeatsKeepAConnection) {
  Client ann = users.connect();
  const wire::Welcome welcome = must(ann.login(users.token("ann")));

  EXPECT_LE(welcome.heartbeat_ms(), 1'000u) << "who sends this often must not be taken for dead";
  EXPECT_FALSE(find_push(ann, [](const wire::Frame&) { return true; }, 2'500ms));
  EXPECT_FALSE(ann.closed());
}

}  // namespace
}  // namespace flare::e2e
