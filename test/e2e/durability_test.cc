// The promise the rest stands on: what was acknowledged is there, once, in its place, whatever
// kills the server and whenever.
//
// FLARE_DURABILITY_ROUNDS sets how often it is killed (5), FLARE_DURABILITY_SEED repeats a run. A
// kill of the process says nothing about power failures: those need fsync, which the event log's
// own tests look at.
#include <cstdlib>
#include <mutex>
#include <random>

#include "e2e/follower.h"
#include "e2e/journal.h"
#include "e2e/story.h"
#include "e2e/writer.h"

namespace flare::e2e {
namespace {

constexpr int kWriters = 4;
constexpr int kComplaintsShown = 20;

uint64_t number_from(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::stoull(text);
}

std::string writer_id(int number) { return "writer-" + std::to_string(number); }

// Where the server is now; its ports change with every restart.
class Whereabouts {
 public:
  void set(const std::string& url, const sdk::SigningKey& key) {
    const std::lock_guard lock(mutex_);
    url_ = url;
    key_ = key;
  }

  sdk::Result<Client> log_in(const std::string& user_id) const {
    sdk::ConnectOptions options;
    sdk::TokenClaims claims;
    claims.user_id = user_id;
    claims.device_id = "phone";
    std::string token;
    {
      const std::lock_guard lock(mutex_);
      options.url = url_;
      token = sdk::mint_token(claims, key_);
    }
    sdk::Result<Client> client = Client::connect(options);
    if (!client) return client;
    if (const auto welcome = client->login(token); !welcome)
      return std::unexpected(welcome.error());
    return client;
  }

 private:
  mutable std::mutex mutex_;
  std::string url_;
  sdk::SigningKey key_;
};

class Durability : public Story {
 protected:
  void SetUp() override {
    Story::SetUp();
    whereabouts.set(flare.url(), flare.token_key());
    Client founder = users.login(writer_id(0));
    std::vector<std::string> others{"reader"};
    for (int i = 1; i < kWriters; ++i) others.push_back(writer_id(i));
    for (const char* title : {"one", "two"}) {
      conversations.push_back(
          must(founder.create_group(
                   {.title = title, .member_ids = others, .client_operation_id = {}}))
              .conversation_id());
    }
  }

  void begin_writing() {
    for (int i = 0; i < kWriters; ++i) {
      const std::string user = writer_id(i);
      // Beside the shared groups, everybody writes to the reader alone.
      std::vector<std::string> mine = conversations;
      mine.push_back(single_chat_id(user, "reader"));
      writers.push_back(
          std::make_unique<Writer>(user, mine, [this, user] { return whereabouts.log_in(user); }));
    }
    for (int i = 0; i < kWriters; ++i)
      conversations.push_back(single_chat_id(writer_id(i), "reader"));
  }

  uint64_t promised() const {
    uint64_t sum = 0;
    for (const auto& writer : writers) sum += writer->promised();
    return sum;
  }

  void restart() {
    flare.kill9();
    flare.start();
    whereabouts.set(flare.url(), flare.token_key());
  }

  void expect_all_promises_kept() {
    std::vector<Promise> promises;
    int shown = 0;
    for (const auto& writer : writers) {
      promises.insert(promises.end(), writer->promises().begin(), writer->promises().end());
      for (const std::string& complaint : writer->complaints()) {
        if (++shown <= kComplaintsShown) ADD_FAILURE() << complaint;
      }
    }
    Client reader = users.login("reader");
    for (const std::string& conversation : conversations) {
      // What is late is not lost: Recovery looks at that. Here a server that still replays its log
      // is waited for.
      uint64_t promised_seq = 0;
      for (const Promise& promise : promises) {
        if (promise.conversation_id == conversation)
          promised_seq = std::max(promised_seq, promise.seq);
      }
      wait_until([&] {
        const auto view = find_view(reader, conversation);
        return view && view->last_seq() >= promised_seq;
      });
      for (const std::string& broken :
           broken_promises(conversation, whole_history(reader, conversation), promises)) {
        if (++shown <= kComplaintsShown) ADD_FAILURE() << conversation << ": " << broken;
      }
    }
    EXPECT_EQ(shown, 0) << "of " << promises.size() << " promises";
    std::printf("%zu messages promised, %d promises broken\n", promises.size(), shown);
  }

  Whereabouts whereabouts;
  std::vector<std::string> conversations;
  std::vector<std::unique_ptr<Writer>> writers;
};

TEST_F(Durability, NothingAcknowledgedIsLostDoubledOrMoved) {
  const uint64_t rounds = number_from("FLARE_DURABILITY_ROUNDS", 5);
  const uint64_t seed = number_from("FLARE_DURABILITY_SEED", std::random_device{}());
  std::printf("FLARE_DURABILITY_SEED=%llu\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  begin_writing();

  for (uint64_t round = 0; round < rounds; ++round) {
    // Under load: something was promised since the last kill. Then, at a random instant.
    const uint64_t before = promised();
    ASSERT_TRUE(wait_until([&] { return promised() > before; }, 3 * kPatience))
        << "round " << round;
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 500'000));
    restart();
  }
  for (const auto& writer : writers) writer->finish();
  restart();

  expect_all_promises_kept();
}

// The same from where a reader sits: live through all crashes, the story has no hole.
TEST_F(Durability, AFollowerThroughCrashesReadsTheWholeStory) {
  constexpr int kRounds = 3;
  begin_writing();
  const std::string group = conversations.front();
  Follower follower(group);
  std::jthread reader([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      sdk::Result<Client> client = whereabouts.log_in("reader");
      if (!client || !follower.catch_up(*client)) {
        std::this_thread::sleep_for(10ms);  // the server is down; this is a client's backoff
        continue;
      }
      while (!stop.stop_requested() && follower.follow(*client, 100ms)) {
      }
    }
  });

  for (int round = 0; round < kRounds; ++round) {
    const uint64_t before = promised();
    ASSERT_TRUE(wait_until([&] { return promised() > before + 200; }, 3 * kPatience));
    restart();
  }
  for (const auto& writer : writers) writer->finish();
  reader.request_stop();
  reader.join();

  Client client = users.login("reader");
  must(follower.catch_up(client));
  EXPECT_EQ(follower.holes(), 0);
  EXPECT_EQ(seqs(follower.messages()), seqs(whole_history(client, group)));
  expect_all_promises_kept();
}

using Recovery = Durability;

// Ready means that nobody is shown an older story than he was told before the crash: what was
// acknowledged as persisted is there from the first request on.
TEST_F(Recovery, ReadyMeansCaughtUp) {
  constexpr uint64_t kPromises = 5'000;
  begin_writing();
  ASSERT_TRUE(wait_until([&] { return promised() >= kPromises; }, 6 * kPatience));
  for (const auto& writer : writers) writer->finish();
  Client before = users.login("reader");
  std::map<std::string, uint64_t> heads;
  for (const auto& chat : whole_sync(before).conversations()) {
    heads[chat.view().conversation_id()] = chat.view().last_seq();
  }

  restart();

  Client after = users.login("reader");
  for (const auto& chat : whole_sync(after).conversations()) {
    EXPECT_EQ(chat.view().last_seq(), heads.at(chat.view().conversation_id()))
        << chat.view().conversation_id() << " went back in time";
    heads.erase(chat.view().conversation_id());
  }
  EXPECT_TRUE(heads.empty()) << "conversations are missing";
}

}  // namespace
}  // namespace flare::e2e
