// Starting, stopping, and refusing to start with words that help.
#include <thread>

#include "e2e/story.h"
#include "kit/http.h"
#include "kit/temporary_directory.h"

namespace flare::e2e {
namespace {

// Starts a server that is expected to refuse; its exit code and what it said.
struct Refusal {
  int code = -1;
  std::string said;
};

Refusal refusal_of(FlareOptions options) {
  FlareProcess server(std::move(options));
  server.launch();
  const auto status = server.wait();
  return {.code = status && status->signal == 0 ? status->code : -1, .said = server.log()};
}

testing::AssertionResult says(const Refusal& refusal, const std::string& words) {
  if (refusal.said.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "not said: " << words << "\nsaid:\n" << refusal.said;
}

TEST(StartUp, ASecondServerOnTheSameDataIsRefused) {
  FlareProcess first;
  first.start();

  const Refusal second =
      refusal_of({.environment = {}, .arguments = {}, .data_dir = first.data_dir()});

  EXPECT_GT(second.code, 0);
  EXPECT_TRUE(says(second, first.data_dir().string()));
  EXPECT_TRUE(first.running());
  EXPECT_EQ(http_get(first.http(), "/readyz").status, 200);
}

TEST(StartUp, TheDataIsFreeAfterAKill) {
  FlareProcess server;
  server.start();

  EXPECT_NO_THROW(server.restart());
}

TEST(StartUp, AnUnknownKeyNamesTheNearestOne) {
  TemporaryDirectory directory;
  write_file(directory.path() / "flare.toml",
             "[access_gateway]\nlisten_adress = \"127.0.0.1:0\"\nlistn = \"x\"\n");

  const Refusal refusal =
      refusal_of({.environment = {},
                  .arguments = {"--config", (directory.path() / "flare.toml").string()},
                  .data_dir = {}});

  EXPECT_EQ(refusal.code, 2);
  EXPECT_TRUE(says(refusal, "listn"));
  EXPECT_TRUE(says(refusal, "listen_adress")) << "all problems are listed at once";
  EXPECT_TRUE(says(refusal, "\"listen\"") || says(refusal, "'listen'") ||
              says(refusal, "`listen`") || says(refusal, "listen?") ||
              says(refusal, "access_gateway.listen"))
      << refusal.said;
}

TEST(StartUp, AnUnknownEnvironmentKeyIsRefusedToo) {
  const Refusal refusal = refusal_of(
      {.environment = {{"FLARE_ACCESS_GATEWAY__LISTN", "x"}}, .arguments = {}, .data_dir = {}});

  EXPECT_EQ(refusal.code, 2);
  EXPECT_TRUE(says(refusal, "FLARE_ACCESS_GATEWAY__LISTN"));
}

TEST(StartUp, AValueThatIsNoneNamesItsKey) {
  const Refusal refusal = refusal_of(
      {.environment = {{config::kHandshakeTimeout, "soon"}}, .arguments = {}, .data_dir = {}});

  EXPECT_EQ(refusal.code, 2);
  EXPECT_TRUE(says(refusal, "soon"));
  EXPECT_TRUE(says(refusal, "handshake_timeout") || says(refusal, "HANDSHAKE_TIMEOUT"));
}

TEST(StartUp, AMissingConfigFileIsRefused) {
  const Refusal refusal = refusal_of(
      {.environment = {}, .arguments = {"--config", "/no/such/flare.toml"}, .data_dir = {}});

  EXPECT_EQ(refusal.code, 2);
  EXPECT_TRUE(says(refusal, "/no/such/flare.toml"));
}

TEST(StartUp, AMissingDataDirectoryIsMade) {
  TemporaryDirectory directory;
  const auto data_dir = directory.path() / "data";
  FlareProcess server({.environment = {}, .arguments = {}, .data_dir = data_dir});

  server.start();

  EXPECT_TRUE(std::filesystem::is_directory(data_dir));
  const auto others = std::filesystem::perms::others_read | std::filesystem::perms::group_read;
  EXPECT_EQ(std::filesystem::status(data_dir / "token.key").permissions() & others,
            std::filesystem::perms::none)
      << "the key is nobody else's";
}

// A misspelt path or a disk that is not mounted must not become an empty server.
TEST(StartUp, ADataDirectoryWhoseParentIsMissingIsRefused) {
  TemporaryDirectory directory;
  const auto data_dir = directory.path() / "not" / "yet";

  const Refusal refusal = refusal_of({.environment = {}, .arguments = {}, .data_dir = data_dir});

  EXPECT_GT(refusal.code, 0);
  EXPECT_TRUE(says(refusal, data_dir.string()));
  EXPECT_FALSE(std::filesystem::exists(data_dir.parent_path()));
}

TEST(StartUp, ADataDirectoryThatCannotBeIsRefused) {
  TemporaryDirectory directory;
  write_file(directory.path() / "file", "not a directory");
  const auto data_dir = directory.path() / "file" / "data";

  const Refusal refusal = refusal_of({.environment = {}, .arguments = {}, .data_dir = data_dir});

  EXPECT_GT(refusal.code, 0);
  EXPECT_TRUE(says(refusal, data_dir.string()));
}

TEST(StartUp, AnAddressInUseIsRefused) {
  FlareProcess first;
  first.start();

  const Refusal second = refusal_of(
      {.environment = {{config::kListen, first.websocket()}}, .arguments = {}, .data_dir = {}});

  EXPECT_GT(second.code, 0);
  EXPECT_TRUE(says(second, first.websocket()));
}

TEST(StartUp, TheKeyStaysTheSame) {
  FlareProcess server;
  server.start();
  const std::string key = server.token_key().secret;

  server.restart();

  EXPECT_EQ(server.token_key().secret, key);
  EXPECT_GE(key.size(), 32u);
}

TEST(Stopping, IsPoliteToClients) {
  FlareProcess server;
  server.start();
  const Users users(server);
  Client ann = users.login("ann");

  const ExitStatus status = server.stop();

  EXPECT_EQ(status.code, 0);
  EXPECT_EQ(status.signal, 0);
  sdk::Result<std::optional<wire::Frame>> push = std::nullopt;
  while (push) push = ann.next_push(1s);
  EXPECT_EQ(push.error().failure, Failure::Closed);
  EXPECT_NE(push.error().message.find("1001"), std::string::npos) << push.error().message;
}

TEST(Stopping, IsQuickUnderLoad) {
  FlareProcess server(
      {.environment = {{config::kSendsPerSecond, "100000"}}, .arguments = {}, .data_dir = {}});
  server.start();
  const Users users(server);
  Client ann = users.login("ann");
  std::jthread sender([&](std::stop_token stop) {
    while (!stop.stop_requested() && ann.send_text(Target::user("bob"), "hello")) {
    }
  });

  const auto start = std::chrono::steady_clock::now();
  const ExitStatus status = server.stop();

  EXPECT_EQ(status.code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s);
}

}  // namespace
}  // namespace flare::e2e
