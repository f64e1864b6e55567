#include "flare/base/config.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace flare {
namespace {

using namespace std::chrono_literals;

struct GatewayConfig {
  std::string listen = "0.0.0.0:60051";
  int64_t payload_bytes_max = 64 * 1024;
  uint16_t port = 80;
  double share = 0.5;
  bool compress = false;
  std::chrono::milliseconds idle = 60s;
  ByteSize frame_max = mib(1);
  std::vector<std::string> origins = {"*"};
  std::string codec = "raw";
  std::string token_secret;

  void describe(auto& field) {
    field("listen", listen, "Address | clients connect to.", config::not_empty());
    field("payload_bytes_max", payload_bytes_max, "Largest payload.", config::between(1, 16 << 20));
    field("port", port, "A port.");
    field("share", share, "A share.", config::between(0.0, 1.0));
    field("compress", compress, "Whether to compress.");
    field("idle", idle, "Longest silence.", config::at_least(1s)).reloadable();
    field("frame_max", frame_max, "Largest frame.", config::between(kib(1), mib(16)));
    field("origins", origins, "Allowed origins.");
    field("codec", codec, "Coding.", config::one_of({"raw", "zstd"}));
    field("token_secret", token_secret, "Signs tokens.").secret();
  }
};

struct TopConfig {
  std::string data_dir = "data";

  void describe(auto& field) { field("data_dir", data_dir, "Where data lives."); }
};

struct StrictConfig {
  std::string key;

  void describe(auto& field) { field("key", key, "Has no default.", config::not_empty()).secret(); }
};

// A file, an environment, and the registry that reads them.
struct ConfigTest : testing::Test {
  ConfigTest() {
    registry.add("access_gateway", gateway);
    registry.add("", top);
  }

  // The problems of loading, or an empty text.
  std::string load() {
    Result<> loaded = registry.load(source);
    if (!loaded) EXPECT_EQ(loaded.error().code, ErrorCode::InvalidArgument);
    return loaded ? "" : loaded.error().message;
  }
  std::string load_text(const std::string& toml, Environment environment = {}) {
    source.add_text("f.toml", toml);
    source.set_environment(std::move(environment));
    return load();
  }

  GatewayConfig gateway;
  TopConfig top;
  ConfigSource source;
  ConfigRegistry registry;
};

TEST_F(ConfigTest, EveryTypeIsReadFromAFile) {
  ASSERT_EQ(load_text(R"(
    data_dir = "/var/lib/flare"
    [access_gateway]
    listen = "127.0.0.1:1"
    payload_bytes_max = 16777216
    port = 65535
    share = 1
    compress = true
    idle = "5m"
    frame_max = "64KiB"
    origins = ["a", "b"]
    codec = "zstd"
  )"),
            "");

  EXPECT_EQ(top.data_dir, "/var/lib/flare");
  EXPECT_EQ(gateway.listen, "127.0.0.1:1");
  EXPECT_EQ(gateway.payload_bytes_max, 16777216);
  EXPECT_EQ(gateway.port, 65535);
  EXPECT_EQ(gateway.share, 1.0);
  EXPECT_TRUE(gateway.compress);
  EXPECT_EQ(gateway.idle, 5min);
  EXPECT_EQ(gateway.frame_max, kib(64));
  EXPECT_EQ(gateway.origins, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(gateway.codec, "zstd");
}

TEST_F(ConfigTest, EveryTypeIsReadFromTheEnvironment) {
  ASSERT_EQ(load_text("", {{"FLARE_DATA_DIR", "/d"},
                           {"FLARE_ACCESS_GATEWAY__LISTEN", "here"},
                           {"FLARE_ACCESS_GATEWAY__PAYLOAD_BYTES_MAX", "7"},
                           {"FLARE_ACCESS_GATEWAY__SHARE", "0.25"},
                           {"FLARE_ACCESS_GATEWAY__COMPRESS", "true"},
                           {"FLARE_ACCESS_GATEWAY__IDLE", "1500ms"},
                           {"FLARE_ACCESS_GATEWAY__FRAME_MAX", "2048"},
                           {"FLARE_ACCESS_GATEWAY__ORIGINS", "a, b ,c"},
                           {"PATH", "/bin"}}),
            "");

  EXPECT_EQ(top.data_dir, "/d");
  EXPECT_EQ(gateway.listen, "here");
  EXPECT_EQ(gateway.payload_bytes_max, 7);
  EXPECT_EQ(gateway.share, 0.25);
  EXPECT_TRUE(gateway.compress);
  EXPECT_EQ(gateway.idle, 1500ms);
  EXPECT_EQ(gateway.frame_max, kib(2));
  EXPECT_EQ(gateway.origins, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_F(ConfigTest, ALaterFileWinsAndTheEnvironmentWinsOverFiles) {
  source.add_text("base.toml", "access_gateway = {listen = 'base', port = 1, codec = 'zstd'}");
  source.add_text("service.toml", "access_gateway = {listen = 'service', port = 2}");
  source.set_environment({{"FLARE_ACCESS_GATEWAY__LISTEN", "environment"}});

  ASSERT_EQ(load(), "");

  EXPECT_EQ(gateway.listen, "environment");
  EXPECT_EQ(gateway.port, 2);
  EXPECT_EQ(gateway.codec, "zstd");
}

TEST_F(ConfigTest, AnUnknownKeyNamesTheOneThatWasMeant) {
  EXPECT_EQ(load_text("[access_gateway]\n"
                      "lissten = 'x'\n"
                      "data_dir = 'x'\n"
                      "[acces_gateway]\n"
                      "listen = 'x'\n"
                      "[elsewhere]\n"
                      "unheard_of = 1\n"),
            "f.toml:5: unknown key acces_gateway.listen: did you mean access_gateway.listen?\n"
            "f.toml:3: unknown key access_gateway.data_dir: did you mean data_dir?\n"
            "f.toml:2: unknown key access_gateway.lissten: did you mean listen?\n"
            "f.toml:7: unknown key elsewhere.unheard_of");
}

TEST_F(ConfigTest, AnUnknownVariableIsAnErrorIfItHasOurForm) {
  EXPECT_EQ(load_text("", {{"FLARE_ACCESS_GATEWAY__LISSTEN", "x"},
                           {"FLARE_HOME", "not of our form"},
                           {"OTHER__NAME", "not ours"}}),
            "environment FLARE_ACCESS_GATEWAY__LISSTEN: unknown key access_gateway.lissten: "
            "did you mean FLARE_ACCESS_GATEWAY__LISTEN?");
}

TEST_F(ConfigTest, AllProblemsAreReportedTogetherAndNothingChanges) {
  source.add_text("broken.toml", "[access_gateway\n");
  source.add_file("/nonexistent/flare.toml");
  const std::string problems = load_text(
      "[access_gateway]\n"
      "listen = ''\n"
      "payload_bytes_max = 0\n"
      "share = 2.0\n"
      "frame_max = 1\n"
      "codec = 'gzip'\n"
      "compress = true\n");

  EXPECT_TRUE(problems.starts_with("broken.toml:1:")) << problems;
  EXPECT_TRUE(problems.contains(
      "\n/nonexistent/flare.toml: cannot be read: No such file or directory\n"
      "f.toml:2: access_gateway.listen = \"\": must not be empty\n"
      "f.toml:3: access_gateway.payload_bytes_max = 0: must be between 1 and 16777216\n"
      "f.toml:4: access_gateway.share = 2.0: must be between 0.0 and 1.0\n"
      "f.toml:5: access_gateway.frame_max = 1: must be between 1KiB and 16MiB\n"
      "f.toml:6: access_gateway.codec = \"gzip\": must be one of raw, zstd"))
      << problems;
  EXPECT_FALSE(gateway.compress);
}

TEST_F(ConfigTest, AValueOfAnotherTypeIsRefused) {
  EXPECT_EQ(load_text("[access_gateway]\n"
                      "listen = 5\n"
                      "payload_bytes_max = '5'\n"
                      "port = 65536\n"
                      "share = 'half'\n"
                      "compress = 1\n"
                      "idle = 60\n"
                      "frame_max = '1MB'\n"
                      "origins = [1]\n"
                      "codec = 2020-01-01\n"),
            "f.toml:2: access_gateway.listen = 5: must be a text in quotes\n"
            "f.toml:3: access_gateway.payload_bytes_max = \"5\": must be a whole number\n"
            "f.toml:4: access_gateway.port = 65536: must be a whole number between 0 and 65535\n"
            "f.toml:5: access_gateway.share = \"half\": must be a number\n"
            "f.toml:6: access_gateway.compress = 1: must be true or false\n"
            "f.toml:7: access_gateway.idle = 60: must be a time with its unit, as \"500ms\", "
            "\"10s\", \"5m\" or \"1h\"\n"
            "f.toml:8: access_gateway.frame_max = \"1MB\": must be a size, as \"64KiB\", "
            "\"1MiB\", \"2GiB\" or a number of bytes\n"
            "f.toml:9: access_gateway.origins = a list of other things than texts: must be a list "
            "of texts, as [\"a\", \"b\"]\n"
            "f.toml:10: access_gateway.codec = a date or time: must be a text in quotes");
}

TEST_F(ConfigTest, AnOverflowIsNotAWrap) {
  const std::string problems =
      load_text("", {{"FLARE_ACCESS_GATEWAY__IDLE", "9223372036854775807h"},
                     {"FLARE_ACCESS_GATEWAY__FRAME_MAX", "18446744073709551615GiB"},
                     {"FLARE_ACCESS_GATEWAY__PORT", "-1"},
                     {"FLARE_ACCESS_GATEWAY__SHARE", "inf"}});

  EXPECT_EQ(std::ranges::count(problems, '\n'), 3) << problems;
}

TEST_F(ConfigTest, ARequiredKeyLeftOutIsAProblem) {
  StrictConfig strict;
  registry.add("strict", strict);

  EXPECT_EQ(load(), "default: strict.key = ***: must not be empty");
}

TEST_F(ConfigTest, AnotherProcessesSectionIsKnownButRequiresNothing) {
  registry.allow<StrictConfig>("strict");
  EXPECT_EQ(load(), "");

  EXPECT_EQ(load_text("strict.kei = 'x'"), "f.toml:1: unknown key strict.kei: did you mean key?");
}

TEST_F(ConfigTest, AnOldNameIsReadWithOneWarning) {
  source.alias_key("gateway.address", "access_gateway.listen");
  source.alias_environment("GATEWAY_IDLE", "access_gateway.idle", "s");

  ASSERT_EQ(load_text("gateway.address = 'old'", {{"GATEWAY_IDLE", "30"}}), "");

  EXPECT_EQ(gateway.listen, "old");
  EXPECT_EQ(gateway.idle, 30s);
  EXPECT_EQ(registry.warnings(),
            (std::vector<std::string>{
                "f.toml:1: gateway.address is the old name of access_gateway.listen",
                "environment GATEWAY_IDLE is the old name of FLARE_ACCESS_GATEWAY__IDLE"}));
}

TEST_F(ConfigTest, InOnePlaceTheNewNameWinsOverTheOld) {
  source.alias_key("zz.address", "access_gateway.listen");

  ASSERT_EQ(load_text("zz.address = 'old'\naccess_gateway.listen = 'new'"), "");

  EXPECT_EQ(gateway.listen, "new");
}

TEST_F(ConfigTest, WhatLeavesTheSourceGoesBackToItsDefault) {
  ASSERT_EQ(load_text("access_gateway.port = 1"), "");

  source = {};
  ASSERT_EQ(load(), "");

  EXPECT_EQ(gateway.port, 80);
}

TEST_F(ConfigTest, PrintShowsOriginsAndNoSecret) {
  ASSERT_EQ(
      load_text("access_gateway.idle = '90s'", {{"FLARE_ACCESS_GATEWAY__TOKEN_SECRET", "hunter2"}}),
      "");

  std::ostringstream out;
  registry.print(out);

  EXPECT_EQ(out.str(),
            "data_dir = \"data\"  # default\n"
            "\n"
            "[access_gateway]\n"
            "listen = \"0.0.0.0:60051\"  # default\n"
            "payload_bytes_max = 65536  # default\n"
            "port = 80  # default\n"
            "share = 0.5  # default\n"
            "compress = false  # default\n"
            "idle = \"90s\"  # f.toml:1\n"
            "frame_max = \"1MiB\"  # default\n"
            "origins = [\"*\"]  # default\n"
            "codec = \"raw\"  # default\n"
            "token_secret = \"***\"  # environment FLARE_ACCESS_GATEWAY__TOKEN_SECRET\n");
}

TEST_F(ConfigTest, WhatPrintWritesCanBeLoadedAgain) {
  ASSERT_EQ(load_text(R"(access_gateway = {listen = "a\"b\\c\nd", origins = [], share = 1.0})"),
            "");
  std::ostringstream out;
  registry.print(out);

  source = {};
  ASSERT_EQ(load_text(out.str()), "");

  EXPECT_EQ(gateway.listen, "a\"b\\c\nd");
  EXPECT_TRUE(gateway.origins.empty());
}

TEST_F(ConfigTest, TheReferenceHasARowPerKey) {
  std::ostringstream out;
  registry.write_reference_markdown(out);

  EXPECT_TRUE(
      out.str().contains("\n## access_gateway\n\n"
                         "| key | type | default | limits | meaning | reloadable | environment |\n"
                         "|---|---|---|---|---|---|---|\n"
                         "| `listen` | text | `\"0.0.0.0:60051\"` | not empty | Address \\| "
                         "clients connect to. | no | "
                         "`FLARE_ACCESS_GATEWAY__LISTEN` |\n"))
      << out.str();
  EXPECT_TRUE(
      out.str().contains("| `idle` | time | `\"1m\"` | at least 1s | Longest silence. | "
                         "yes | `FLARE_ACCESS_GATEWAY__IDLE` |\n"))
      << out.str();
}

TEST_F(ConfigTest, TheExampleSetsNothingUntilItIsUncommented) {
  std::ostringstream example;
  registry.write_example_toml(example);
  std::string uncommented;
  std::istringstream lines(example.str());
  for (std::string line; std::getline(lines, line);) {
    uncommented += line.contains(" = ") ? line.substr(2) + "\n" : line + "\n";
  }

  EXPECT_EQ(load_text(example.str()), "");
  std::ostringstream before;
  registry.print(before);
  EXPECT_FALSE(before.str().contains("f.toml")) << before.str();

  EXPECT_EQ(load_text(uncommented), "");
  std::ostringstream after;
  registry.print(after);
  EXPECT_FALSE(after.str().contains("# default")) << after.str();
  EXPECT_TRUE(example.str().contains(
      "# Largest payload. Limits: between 1 and 16777216.\n# payload_bytes_max = 65536\n"));
}

TEST(ConfigSourceTest, FilesAreReadAndADirectoryIsNoFile) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / ("config_test_" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "a.toml") << "\n\ndata_dir = 'x'\n";
  std::ofstream(folder / "empty.toml");
  ConfigSource source;

  source.add_file(folder / "a.toml");
  source.add_file(folder / "empty.toml");
  source.add_file(folder);
  const ConfigSource::Values values = source.values({"data_dir"});

  EXPECT_EQ(values.by_key.at("data_dir").origin, (folder / "a.toml").string() + ":3");
  EXPECT_EQ(values.problems, std::vector{folder.string() + ": cannot be read: is a directory"});
  std::filesystem::remove_all(folder);
}

TEST(ConfigSourceTest, SectionsBelowAreFoundInAllFiles) {
  ConfigSource source;
  source.add_text("a", "[hook.spam]\nurl = 'x'\n[hooks.no]\na = 1");
  source.add_text("b", "hook.audit.url = 'y'\nhook.direct = 1");

  EXPECT_EQ(source.sections_below("hook"), (std::set<std::string>{"audit", "spam"}));
}

TEST(ConfigSourceTest, NestedSectionsHaveTheirOwnVariables) {
  EXPECT_EQ(config::environment_name("backend.kafka.brokers"), "FLARE_BACKEND__KAFKA__BROKERS");
  EXPECT_EQ(config::key_of_environment_name("FLARE_BACKEND__KAFKA__BROKERS"),
            "backend.kafka.brokers");
}

TEST(ConfigSourceTest, AQuotedDotIsNotASection) {
  ConfigSource source;
  source.add_text("f.toml", "\"a.b\" = 1");

  const ConfigSource::Values values = source.values({"a.b"});

  EXPECT_TRUE(values.by_key.empty());
  EXPECT_EQ(values.problems.size(), 1u);
}

TEST(ConfigTextTest, ValuesAreWrittenInTheLargestUnitThatFits) {
  EXPECT_EQ(config::to_text(std::chrono::milliseconds(90'000)), "90s");
  EXPECT_EQ(config::to_text(std::chrono::milliseconds(3'600'000)), "1h");
  EXPECT_EQ(config::to_text(std::chrono::milliseconds(0)), "0ms");
  EXPECT_EQ(config::to_text(ByteSize{1536}), "1536");
  EXPECT_EQ(config::to_text(mib(64)), "64MiB");
}

}  // namespace
}  // namespace flare
