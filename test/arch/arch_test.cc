// Every rule twice: the project keeps it, and a small bad sample breaks it, so that a rule which
// has stopped to bite is noticed.
#include <gtest/gtest.h>

#include "arch/rules.h"

namespace flare::arch {
namespace {

using Rule = std::vector<Breach> (*)(const SourceFile&);

std::vector<Breach> everywhere(Rule rule) {
  std::vector<Breach> all;
  for (const SourceFile& file : source_tree()) {
    for (Breach& breach : rule(file)) all.push_back(std::move(breach));
  }
  return all;
}

// The lines of the breaches in a sample.
std::vector<size_t> lines_of(const std::vector<Breach>& breaches) {
  std::vector<size_t> lines;
  for (const Breach& breach : breaches) lines.push_back(breach.line);
  return lines;
}

using Lines = std::vector<size_t>;

TEST(SourceTree, IsRead) {
  EXPECT_GT(source_tree().size(), 50u);
  EXPECT_FALSE(read_file("src/flare/base/task.h").empty());
}

TEST(SourceTree, CommentsAndLiteralsAreNoCode) {
  const SourceFile file("a.cc",
                        "int a = 1'000;  // sleep\n"
                        "/* sleep */ auto b = \"sleep \\\" sleep\";\n"
                        "auto c = R\"x(sleep \" sleep)x\"; char d = '\"'; int e = 2;\n");

  EXPECT_EQ(file.code().find("sleep"), std::string::npos);
  EXPECT_NE(file.code().find("int e = 2;"), std::string::npos);
  EXPECT_EQ(file.code().size(), file.text().size());
}

// ---- IncludeLaw

TEST(IncludeLaw, LayersIncludeOnlyLayersBelowThem) {
  const auto breaches = everywhere(breaches_of_include_law);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(IncludeLaw, BitesUpwardAndSideways) {
  const SourceFile service("src/flare/service/push_server/a.cc",
                           "#include \"flare/port/event_log.h\"\n"
                           "#include \"flare/service/push_server/b.h\"\n"
                           "#include \"flare/service/push_worker/c.h\"\n"
                           "#include \"flare/adapter/rocksdb/d.h\"\n"
                           "// #include \"flare/app/plan.h\"\n");
  const SourceFile port("src/flare/port/a.h", "#include \"flare/api/orchestrator.h\"\n");

  EXPECT_EQ(lines_of(breaches_of_include_law(service)), (Lines{3, 4}));
  EXPECT_EQ(lines_of(breaches_of_include_law(port)), (Lines{1}));
}

TEST(IncludeLaw, HeadersShowNoThirdPartyOutsideTheirRoom) {
  const auto breaches = third_party_in_headers(source_tree());

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(IncludeLaw, BitesThirdPartyInHeaders) {
  const std::vector<SourceFile> files = {
      {"src/flare/base/a.h", "#include <vector>\n#include <openssl/sha.h>\n"},
      {"src/flare/adapter/kafka/inside.h", "#include <librdkafka/rdkafka.h>\n"},
      {"src/flare/adapter/kafka/log.h", "#include \"flare/adapter/kafka/inside.h\"\n"},
      {"src/flare/adapter/kafka/log.cc", "#include \"flare/adapter/kafka/log.h\"\n"},
      {"src/flare/app/add_log.cc", "#include \"flare/adapter/kafka/log.h\"\n"},
  };

  const auto breaches = third_party_in_headers(files);

  ASSERT_EQ(breaches.size(), 2u) << to_text(breaches);
  EXPECT_EQ(breaches[0].path, "src/flare/base/a.h");
  EXPECT_EQ(breaches[0].line, 2u);
  EXPECT_EQ(breaches[1].path, "src/flare/app/add_log.cc");
}

// ---- Listing

TEST(Listing, EverySourceFileIsBuilt) {
  std::vector<Breach> breaches;
  for (const SourceFile& file : source_tree()) {
    for (Breach& breach : not_listed(file, read_file)) breaches.push_back(std::move(breach));
  }

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Listing, BitesOrphans) {
  const auto read = [](const std::string& path) {
    return std::string(path == "src/a/CMakeLists.txt" ? "room(SOURCES used.cc in/deep.cc)" : "");
  };

  EXPECT_TRUE(not_listed({"src/a/used.cc", ""}, read).empty());
  EXPECT_TRUE(not_listed({"src/a/in/deep.cc", ""}, read).empty());
  EXPECT_TRUE(not_listed({"src/a/free.h", ""}, read).empty());
  EXPECT_EQ(not_listed({"src/a/sed.cc", ""}, read).size(), 1u);
  EXPECT_EQ(not_listed({"src/a/deep.cc", ""}, read).size(), 1u);
  EXPECT_EQ(not_listed({"src/b/used.cc", ""}, read).size(), 1u);
}

// ---- Tidy

TEST(Tidy, FilesAreShort) {
  const auto breaches = everywhere(too_long);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Tidy, BitesLongFiles) {
  std::string lines;
  for (int i = 0; i < 201; ++i) lines += "int x;\n";

  EXPECT_EQ(too_long({"src/flare/base/a.h", lines}).size(), 1u);
  EXPECT_TRUE(too_long({"src/flare/base/a.cc", lines}).empty());
  EXPECT_TRUE(too_long({"test/contract/a.h", lines}).empty());
  EXPECT_EQ(too_long({"src/flare/base/a.cc", lines + lines + lines}).size(), 1u);
}

TEST(Tidy, FunctionsAreShort) {
  const auto breaches = everywhere(too_long_functions);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Tidy, BitesLongFunctions) {
  std::string body;
  for (int i = 0; i < 58; ++i) body += "  x();\n";
  const std::string table = "const Rows kRows = {\n" + body + body + "};\n";
  const std::string two_lines = "void f(int a,\n       int b) {\n" + body + "}\n";
  const std::string one_line = "void g(int a) {\n" + body + "}\n";

  EXPECT_EQ(lines_of(too_long_functions({"a.cc", table + one_line + two_lines})), (Lines{179}));
}

TEST(Tidy, LinesAreNarrow) {
  const auto breaches = everywhere(too_wide);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Tidy, BitesWideLines) {
  const std::string wide = "\n// " + std::string(98, 'x') + "\n";
  const std::string umlauts = "// " + std::string(93, 'x') + "äöüß\n";

  EXPECT_EQ(lines_of(too_wide({"a.cc", wide})), (Lines{2}));
  EXPECT_TRUE(too_wide({"a.cc", umlauts}).empty());
}

TEST(Tidy, WordsAreWrittenOut) {
  const auto breaches = everywhere(forbidden_words);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Tidy, BitesHalfWords) {
  const SourceFile file("a.cc",
                        "int msg_count = 0;\n"
                        "struct ConvKey {};\n"
                        "int req_ = conversation + request + message;\n"
                        "send(fd, MSG_NOSIGNAL); header.msg_iov = 0;  // msg\n"
                        "auto lastMsg = \"conv\";\n");

  EXPECT_EQ(lines_of(forbidden_words(file)), (Lines{1, 2, 3, 5}));
}

TEST(Tidy, NobodySleeps) {
  const auto breaches = everywhere(sleeping);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Tidy, BitesSleepers) {
  const SourceFile file("a.cc",
                        "co_await sleep_for(ctx, 5ms);\n"
                        "std::this_thread::sleep_for(5ms);\n"
                        "std::this_thread::sleep_until(then);\n");

  EXPECT_EQ(lines_of(sleeping(file)), (Lines{2, 3}));
}

// ---- Coroutines

TEST(Coroutines, TakeEverythingByValue) {
  const auto breaches = everywhere(borrowed_parameters);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Coroutines, BitesBorrowedParameters) {
  const SourceFile file("a.cc",
                        "Task<> good(Context ctx, std::vector<int> v, int* p);\n"
                        "Task<std::vector<int>> bad(Context ctx, const std::string& text);\n"
                        "Task<> Room::worse(\n    std::string_view text) {\n}\n"
                        "auto third(Request&& request) -> Task<int> {\n"
                        "Task<> fine(std::function<void(const Error&)> then);\n"
                        "void spawn(Task<> task, Scope& scope);\n"
                        "auto task = [](int& a) -> flare::Task<> { return f(a); };\n"
                        "virtual Task<> fourth(Context, std::span<const Bytes>) = 0;\n");

  EXPECT_EQ(lines_of(borrowed_parameters(file)), (Lines{2, 3, 6, 9, 10}));
}

TEST(Coroutines, AreNoLambdas) {
  const auto breaches = everywhere(coroutine_lambdas);

  EXPECT_TRUE(breaches.empty()) << to_text(breaches);
}

TEST(Coroutines, BitesLambdas) {
  const SourceFile file("a.cc",
                        "auto plain = [&](int a) { return values[a]; };\n"
                        "auto bad = [this]() mutable -> Task<int> { co_return 1; };\n"
                        "for (auto& [key, value] : map) { co_await use(key); }\n"
                        "if (list[0] == 1) { co_await use(1); }\n"
                        "return [ctx] { co_await sleep(ctx); };\n"
                        "[[nodiscard]] Task<> f() { co_await g(); }\n"
                        "spawn([] {\n  f([] { co_yield 1; });\n});\n");

  EXPECT_EQ(lines_of(coroutine_lambdas(file)), (Lines{2, 5, 7, 8}));
}

}  // namespace
}  // namespace flare::arch
