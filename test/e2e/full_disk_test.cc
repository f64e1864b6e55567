// The disk is full, really: a file system of a few megabytes that somebody else has filled.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "e2e/journal.h"
#include "e2e/story.h"

namespace flare::e2e {
namespace {

constexpr size_t kTextBytes = 4 * 1024;
constexpr uint64_t kBurst = 32;        // sends in flight at once
constexpr uint64_t kBurstsMax = 1000;  // 128 MB: far more than the file system has
constexpr uint64_t kBefore = 100;      // messages sent while there is room

// A file system in memory, mounted for one test, and a file of somebody else on it.
class SmallDisk {
 public:
  SmallDisk() {
    std::filesystem::create_directory(root());
    mounted_ = ::mount("tmpfs", root().c_str(), "tmpfs", 0, "size=64m,mode=0700") == 0;
    if (!mounted_) reason_ = std::strerror(errno);
  }
  ~SmallDisk() {
    // Detached: the server may still be on its way out.
    if (mounted_) ::umount2(root().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& reason() const { return reason_; }
  std::filesystem::path root() const { return directory_.path() / "disk"; }

  // The other file takes what is left.
  void fill() const {
    const int file = ::open(filler().c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) throw std::runtime_error("cannot make " + filler().string());
    for (off_t left = free_bytes(); left > 0; left = free_bytes()) {
      // The server may take some of it meanwhile; then the next look sees less.
      if (::posix_fallocate(file, ::lseek(file, 0, SEEK_END), left) != 0 && left <= kPage) break;
    }
    ::close(file);
  }
  void free_up() const { std::filesystem::remove(filler()); }

 private:
  static constexpr off_t kPage = 4096;

  std::filesystem::path filler() const { return root() / "filler"; }
  off_t free_bytes() const {
    struct statvfs status{};
    if (::statvfs(root().c_str(), &status) != 0) return 0;
    return static_cast<off_t>(status.f_bavail * status.f_bsize);
  }

  const TemporaryDirectory directory_;
  bool mounted_ = false;
  std::string reason_;
};

class FullDisk : public testing::Test {
 protected:
  void SetUp() override {
    if (!disk.mounted()) {
      GTEST_SKIP()
          << "NOT TESTED: the server on a full disk. It needs a file system of its own, and "
             "mounting one was refused ("
          << disk.reason() << "); run this test as root or with CAP_SYS_ADMIN";
    }
    flare.start();
  }

  static wire::Frame message(const std::string& client_message_id, wire::AckLevel ack_level) {
    wire::Frame frame;
    frame.mutable_send()->set_to_user_id("bob");
    frame.mutable_send()->set_client_message_id(client_message_id);
    frame.mutable_send()->mutable_content()->set_text(std::string(kTextBytes, 'x'));
    frame.mutable_send()->set_ack_level(ack_level);
    return frame;
  }

  // Sends that many at once; whether all were taken. What was refused is not sent again.
  bool send_burst(Client& ann, uint64_t count) {
    std::vector<std::pair<std::string, uint64_t>> requests;
    for (uint64_t i = 0; i < count; ++i) {
      const std::string id = Label{.sender_id = "ann", .number = ++last_number}.text();
      requests.emplace_back(id, must(ann.start(message(id, wire::ACK_LEVEL_ACCEPTED))));
    }
    bool all = true;
    for (const auto& [id, request] : requests) {
      const auto answer = ann.finish(request);
      if (answer) {
        const sdk::SendReceipt receipt = must(sdk::to_receipt(*answer));
        promises.push_back({.client_message_id = id,
                            .conversation_id = receipt.conversation_id,
                            .message_id = receipt.message_id,
                            .seq = receipt.seq});
        continue;
      }
      all = false;
      refusals.push_back(answer.error());
      refused_ids.insert(id);
    }
    return all;
  }

  // Until the disk is full for the server too.
  void send_until_refused(Client& ann) {
    for (uint64_t burst = 0; burst < kBurstsMax; ++burst) {
      disk.fill();
      if (!send_burst(ann, kBurst)) return;
    }
  }

  // Goes on sending until the store, too, has failed to write.
  void send_until_the_store_is_stuck(Client& ann) {
    ASSERT_FALSE(refusals.empty()) << "the disk never became full";
    const bool stuck = wait_until([&] {
      disk.fill();
      send_burst(ann, kBurst);
      return flare.log().find("error store_flush ") != std::string::npos;
    });
    ASSERT_TRUE(stuck) << "the store has room";
  }

  // One message that is sent again until it is taken and has its place.
  bool is_taken_again(Client& ann) {
    const std::string id = Label{.sender_id = "ann", .number = ++last_number}.text();
    return wait_until(
        [&] {
          const auto answer = ann.request(message(id, wire::ACK_LEVEL_PERSISTED));
          if (!answer) return false;
          const sdk::SendReceipt receipt = must(sdk::to_receipt(*answer));
          promises.push_back({.client_message_id = id,
                              .conversation_id = receipt.conversation_id,
                              .message_id = receipt.message_id,
                              .seq = receipt.seq});
          return true;
        },
        3 * kPatience);
  }

  void expect_all_promises_kept(Client& reader) const {
    const std::vector<model::Message> story = whole_history(reader, chat);
    const std::vector<std::string> broken = broken_promises(chat, story, promises);
    EXPECT_TRUE(broken.empty()) << broken.size() << " of " << promises.size() << ", first "
                                << broken.front();
    for (const model::Message& one : story) {
      EXPECT_FALSE(refused_ids.contains(one.client_message_id()))
          << one.client_message_id() << " was refused and is there all the same";
    }
  }

  const SmallDisk disk;
  FlareProcess flare{{.environment = {{config::kSendsPerSecond, "100000"},
                                      {config::kSendsBurst, "100000"},
                                      {"FLARE_EVENT_LOG__SEGMENT_BYTES", "1MiB"},
                                      {"FLARE_EVENT_LOG__RETENTION_BYTES", "0"},
                                      {"FLARE_MESSAGE_STORE__WRITE_BUFFER_BYTES", "1MiB"},
                                      {"FLARE_MESSAGE_STORE__FLUSH_INTERVAL", "1s"},
                                      {"FLARE_MESSAGE_ORCHESTRATOR__SEQ_WAIT_MAX", "100ms"}},
                      .arguments = {},
                      .data_dir = disk.root() / "data"}};
  const Users users{flare};
  const std::string chat = single_chat_id("ann", "bob");
  uint64_t last_number = 0;
  std::vector<Promise> promises;
  std::vector<sdk::Error> refusals;
  std::set<std::string> refused_ids;
};

TEST_F(FullDisk, RefusesWithAWayOutAndReadsGoOn) {
  Client ann = users.login("ann");
  ASSERT_TRUE(send_burst(ann, kBefore));

  send_until_refused(ann);
  send_until_the_store_is_stuck(ann);

  for (const sdk::Error& refusal : refusals) {
    EXPECT_EQ(refusal.code, ErrorCode::ResourceExhausted) << sdk::describe(refusal);
    EXPECT_TRUE(refusal.retry) << sdk::describe(refusal);
    EXPECT_NE(refusal.message.find("free some space"), std::string::npos) << refusal.message;
  }
  Client bob = users.login("bob");
  EXPECT_GE(whole_history(bob, chat).size(), kBefore);
  EXPECT_EQ(whole_sync(bob).conversations_size(), 1);
}

TEST_F(FullDisk, TakesSendsAgainWithoutARestartAndKeepsWhatItAcknowledged) {
  Client ann = users.login("ann");
  ASSERT_TRUE(send_burst(ann, kBefore));
  send_until_refused(ann);
  send_until_the_store_is_stuck(ann);

  disk.free_up();

  EXPECT_TRUE(is_taken_again(ann));
  EXPECT_TRUE(send_burst(ann, kBefore));
  Client bob = users.login("bob");
  EXPECT_TRUE(send_burst(ann, 1));
  EXPECT_TRUE(find_push(bob, [this](const wire::Frame& frame) {
    return frame.deliver().message().message_id() == promises.back().message_id;
  })) << "nothing is pushed any more";
  expect_all_promises_kept(ann);

  flare.restart();
  Client again = users.login("ann");
  expect_all_promises_kept(again);
}

TEST_F(FullDisk, AKillWhileItIsFullLosesNothing) {
  Client ann = users.login("ann");
  ASSERT_TRUE(send_burst(ann, kBefore));
  send_until_refused(ann);
  send_until_the_store_is_stuck(ann);

  flare.kill9();
  disk.free_up();
  flare.start();

  Client again = users.login("ann");
  EXPECT_TRUE(is_taken_again(again));
  expect_all_promises_kept(again);
}

}  // namespace
}  // namespace flare::e2e
