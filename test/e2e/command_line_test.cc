// flare-cli as a person or a script uses it, against the real server.
#include <thread>

#include "e2e/story.h"
#include "kit/temporary_directory.h"

namespace flare::e2e {
namespace {

struct Ran {
  int code = -1;
  std::string said;  // both streams
};

class CommandLine : public Story {
 protected:
  Ran run(std::vector<std::string> arguments, const std::string& input = {}) {
    const auto output = directory.path() / ("output" + std::to_string(++runs));
    ChildProcess child;
    child.start({.program = built_program("flare-cli"),
                 .arguments = std::move(arguments),
                 .environment = {{"FLARE_URL", flare.url()}, {"FLARE_TOKEN", ""}},
                 .output = output,
                 .input = input});
    const auto status = child.wait();
    return {.code = status ? status->code : -1, .said = read_file(output)};
  }

  Ran run_as(const std::string& user, std::vector<std::string> arguments,
             const std::string& input = {}) {
    arguments.insert(arguments.end(), {"--user", user, "--key-file", key_file()});
    return run(std::move(arguments), input);
  }

  std::string key_file() const { return (flare.data_dir() / "token.key").string(); }

  // The value of "key":"value" in a line of JSON.
  static std::string json_value(const std::string& line, const std::string& key) {
    const std::string mark = "\"" + key + "\":\"";
    const size_t at = line.find(mark);
    if (at == std::string::npos) return {};
    const size_t start = at + mark.size();
    return line.substr(start, line.find('"', start) - start);
  }

  TemporaryDirectory directory;
  int runs = 0;
};

testing::AssertionResult says(const Ran& ran, const std::string& words) {
  if (ran.said.find(words) != std::string::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "not said: " << words << "\nsaid:\n" << ran.said;
}

TEST_F(CommandLine, SendsAndShowsTheHistory) {
  const Ran sent = run_as("ann", {"send", "--to", "bob", "hello bob", "--persisted"});
  const Ran shown = run_as("bob", {"history", "--with", "ann"});

  EXPECT_EQ(sent.code, 0) << sent.said;
  EXPECT_TRUE(says(sent, single_chat_id("ann", "bob")));
  EXPECT_EQ(shown.code, 0) << shown.said;
  EXPECT_TRUE(says(shown, "hello bob"));
  EXPECT_TRUE(says(shown, "ann"));
}

TEST_F(CommandLine, ATokenInTheEnvironmentIsEnough) {
  const Ran minted = run({"token", "mint", "--user", "ann", "--key-file", key_file()});
  ASSERT_EQ(minted.code, 0) << minted.said;
  std::string token = minted.said;
  token.pop_back();

  EXPECT_EQ(run({"conversations", "--token", token}).code, 0);
}

TEST_F(CommandLine, ChatWorksInAPipe) {
  Client bob = users.login("bob");

  const Ran talked = run_as("ann", {"chat", "--to", "bob"}, "one\ntwo\nthree without a line end");

  EXPECT_EQ(talked.code, 0) << talked.said;
  EXPECT_EQ(message_saying(bob, "one").seq(), 1u);
  EXPECT_EQ(message_saying(bob, "three without a line end").seq(), 3u);
}

TEST_F(CommandLine, ChatShowsWhatComesIn) {
  Client bob = users.login("bob");
  must(bob.send_text(Target::user("ann"), "from before"));
  std::jthread other([&] {
    message_saying(bob, "hi");
    must(bob.send_text(Target::user("ann"), "and now"));
  });

  const Ran talked = run_as("ann", {"chat", "--to", "bob", "--linger", "2"}, "hi\n");

  EXPECT_TRUE(says(talked, "bob: from before"));
  EXPECT_TRUE(says(talked, "you: hi"));
  EXPECT_TRUE(says(talked, "bob: and now"));
}

TEST_F(CommandLine, GroupsFromBirthToFarewell) {
  const Ran created =
      run_as("ann", {"conversation", "create", "--title", "trip", "--member", "bob", "--json"});
  ASSERT_EQ(created.code, 0) << created.said;
  const std::string group = json_value(created.said, "conversationId");
  ASSERT_TRUE(group.starts_with("group:")) << created.said;

  EXPECT_EQ(run_as("ann", {"members", "add", group, "carol", "dave"}).code, 0);
  EXPECT_EQ(run_as("ann", {"members", "remove", group, "dave"}).code, 0);
  EXPECT_EQ(run_as("ann", {"conversation", "rename", group, "journey"}).code, 0);
  EXPECT_EQ(run_as("ann", {"send", "--conversation", group, "off we go"}).code, 0);

  const Ran members = run_as("carol", {"members", "list", group});
  EXPECT_TRUE(says(members, "carol"));
  EXPECT_TRUE(says(members, "owner"));
  EXPECT_EQ(members.said.find("dave"), std::string::npos);
  EXPECT_TRUE(says(run_as("bob", {"conversation", "show", group}), "journey"));
  EXPECT_TRUE(says(run_as("bob", {"conversations"}), "journey"));
  EXPECT_EQ(run_as("bob", {"read", "--conversation", group}).code, 0);
  EXPECT_TRUE(says(run_as("bob", {"sync"}), "digest "));
  EXPECT_TRUE(says(run_as("bob", {"presence", "ann", "bob"}), "yes"));
}

TEST_F(CommandLine, WhereIsMyMessage) {
  const Ran sent = run_as("ann", {"send", "--to", "bob", "hello", "--json"});
  const std::string id = json_value(sent.said, "messageId");

  const Ran where = run_as("ann", {"where", id});

  EXPECT_EQ(where.code, 0) << where.said;
  EXPECT_TRUE(says(where, "accepted"));
  EXPECT_TRUE(says(where, "logged"));
  EXPECT_TRUE(says(where, "applied"));
}

TEST_F(CommandLine, TailShowsWhatComes) {
  std::jthread sender([this](const std::stop_token& stop) {
    Client ann = users.login("ann");
    while (!stop.stop_requested() && ann.send_text(Target::user("bob"), "tick")) {
      (void)ann.next_push(50ms);
    }
  });

  const Ran tailed = run_as("bob", {"tail", "--count", "3", "--json"});

  EXPECT_EQ(tailed.code, 0) << tailed.said;
  EXPECT_TRUE(says(tailed, "\"text\":\"tick\""));
}

TEST_F(CommandLine, ExitCodesAndAdvice) {
  const Ran denied = run_as("eve", {"history", "single:ann:bob"});
  EXPECT_EQ(denied.code, 1);
  EXPECT_TRUE(says(denied, "PERMISSION_DENIED") || says(denied, "NOT_FOUND"));

  const Ran wrong = run_as("ann", {"send", "hello"});
  EXPECT_EQ(wrong.code, 2);

  const Ran no_token = run({"conversations"});
  EXPECT_EQ(no_token.code, 2);
  EXPECT_TRUE(says(no_token, "--token"));

  const Ran nobody = run_as("ann", {"conversations", "--url", "ws://127.0.0.1:1/ws"});
  EXPECT_EQ(nobody.code, 3);
  EXPECT_TRUE(says(nobody, "make run"));

  const Ran forged = run({"conversations", "--token", "a.b.c"});
  EXPECT_EQ(forged.code, 1);
  EXPECT_TRUE(says(forged, "UNAUTHENTICATED"));
}

}  // namespace
}  // namespace flare::e2e
