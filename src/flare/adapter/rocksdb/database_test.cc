#include "flare/adapter/rocksdb/database.h"

#include <gtest/gtest.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <fstream>

namespace flare::rocksdb {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

// A disk that can be full: nothing can be written to any file.
class Disk final : public ::rocksdb::FileSystemWrapper {
 public:
  Disk() : FileSystemWrapper(::rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "Disk"; }

  ::rocksdb::IOStatus NewWritableFile(const std::string& path,
                                      const ::rocksdb::FileOptions& options,
                                      std::unique_ptr<::rocksdb::FSWritableFile>* file,
                                      ::rocksdb::IODebugContext* debug) override {
    std::unique_ptr<::rocksdb::FSWritableFile> real;
    ::rocksdb::IOStatus status = target()->NewWritableFile(path, options, &real, debug);
    if (status.ok()) *file = std::make_unique<File>(std::move(real), full);
    return status;
  }

  std::atomic<bool> full = false;

 private:
  class File final : public ::rocksdb::FSWritableFileOwnerWrapper {
   public:
    File(std::unique_ptr<::rocksdb::FSWritableFile> file, std::atomic<bool>& full)
        : FSWritableFileOwnerWrapper(std::move(file)), full_(full) {}
    using FSWritableFileOwnerWrapper::Append;
    ::rocksdb::IOStatus Append(const ::rocksdb::Slice& data, const ::rocksdb::IOOptions& options,
                               ::rocksdb::IODebugContext* debug) override {
      if (full_) return ::rocksdb::IOStatus::NoSpace("no space left on device");
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }

   private:
    std::atomic<bool>& full_;
  };
};

struct DatabaseTest : testing::Test {
  DatabaseTest() {
    std::string pattern = (fs::temp_directory_path() / "database-XXXXXX").string();
    root = ::mkdtemp(pattern.data());
    options.directory = root / "store";
  }
  ~DatabaseTest() override {
    database.reset();
    fs::remove_all(root);
  }

  Result<> open(::rocksdb::Env* env = ::rocksdb::Env::Default()) {
    database.reset();
    auto opened = Database::open(options, env);
    if (!opened) return fail(std::move(opened).error());
    database = std::move(*opened);
    return {};
  }

  // One message of `size` bytes at the end of conversation "room".
  Result<> post(size_t size = 100) {
    const uint64_t at = database->applied(0);
    port::ApplyBatch batch{.expected_offset = at, .next_offset = at + 1};
    const Sequence seq = at + 1;
    batch.messages.push_back(
        {room, model::message_id(room.tenant, room.conversation, {"ann"}, std::to_string(seq)), seq,
         Bytes::take(std::string(size, 'x'))});
    batch.heads.push_back({room, {.last_seq = seq}});
    return database->apply(batch);
  }

  size_t count_messages() {
    return database->read({.conversation = room, .limit = 100'000, .bytes_max = 1 << 30})->size();
  }

  fs::path root;
  Options options;
  const port::ConversationKey room{{"acme"}, {"room"}};
  std::unique_ptr<Database> database;
};

// ---- opening

TEST_F(DatabaseTest, MakesItsDirectoryButNotTheOneItStandsIn) {
  EXPECT_TRUE(open());

  options.directory = root / "missing" / "store";
  Result<> result = open();

  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message.find(options.directory), std::string::npos);
}

TEST_F(DatabaseTest, ADirectoryIsOpenOnce) {
  ASSERT_TRUE(open());

  auto second = Database::open(options, ::rocksdb::Env::Default());

  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::Unavailable);
  EXPECT_NE(second.error().message.find("is open in another process"), std::string::npos);
  EXPECT_NE(second.error().message.find(options.directory), std::string::npos);
}

TEST_F(DatabaseTest, RefusesAnotherFormat) {
  ASSERT_TRUE(open());
  database.reset();
  {
    ::rocksdb::DB* raw = nullptr;
    std::vector<::rocksdb::ColumnFamilyHandle*> handles;
    ASSERT_TRUE(::rocksdb::DB::Open(database_options(options, ::rocksdb::Env::Default()),
                                    options.directory, family_descriptors(options), &handles, &raw)
                    .ok());
    ASSERT_TRUE(raw->Put({}, "format", "7").ok());
    for (auto* handle : handles) raw->DestroyColumnFamilyHandle(handle);
    delete raw;
  }

  Result<> result = open();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(result.error().message.find("format version 7"), std::string::npos);
}

TEST_F(DatabaseTest, RefusesADatabaseOfSomethingElse) {
  ::rocksdb::DB* raw = nullptr;
  ::rocksdb::Options plain;
  plain.create_if_missing = true;
  ASSERT_TRUE(::rocksdb::DB::Open(plain, options.directory, &raw).ok());
  ASSERT_TRUE(raw->Put({}, "a", "b").ok());
  ASSERT_TRUE(raw->Flush({}).ok());
  delete raw;

  Result<> result = open();

  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::InvalidArgument);
  EXPECT_NE(result.error().message.find("not a message store"), std::string::npos);
}

TEST_F(DatabaseTest, DamagedFilesAreDataLossAndNamed) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(post());
  database.reset();
  for (const auto& entry : fs::directory_iterator(options.directory)) {
    if (entry.path().extension() != ".sst") continue;
    std::fstream file(entry.path(), std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(20);
    file << "these bytes are not what was written";
  }

  Result<> opened = open();
  Result<std::vector<Bytes>> page =
      opened ? database->read({.conversation = room}) : fail(std::move(opened).error());

  ASSERT_FALSE(page);
  EXPECT_EQ(page.error().code, ErrorCode::DataLoss);
  EXPECT_NE(page.error().message.find(".sst"), std::string::npos) << page.error().message;
}

TEST_F(DatabaseTest, FilesOfAFlushThatACrashCutShortAreRemoved) {
  ASSERT_TRUE(open());
  database.reset();
  std::ofstream(fs::path(options.directory) / "flush" / "messages.sst") << "half a file";

  ASSERT_TRUE(open());
  ASSERT_TRUE(post());

  EXPECT_TRUE(database->flush());
  EXPECT_TRUE(fs::is_empty(fs::path(options.directory) / "flush"));
}

// ---- flushing

TEST_F(DatabaseTest, FlushesByItself) {
  options.flush_interval = 10ms;
  ASSERT_TRUE(open());

  ASSERT_TRUE(post());

  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (database->durable(0) < 1 && std::chrono::steady_clock::now() < give_up) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(database->durable(0), 1u);
}

TEST_F(DatabaseTest, AFullBufferFlushesLongBeforeTheInterval) {
  options.write_buffer_bytes = 100'000;
  ASSERT_TRUE(open());

  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(post(1000));

  EXPECT_GT(database->durable(0), 500u);
  EXPECT_EQ(count_messages(), 1000u);
}

TEST_F(DatabaseTest, WithoutAFlushAtTheEndOnlyTheDurableIsLeft) {
  options.flush_on_close = false;
  ASSERT_TRUE(open());
  ASSERT_TRUE(post());
  ASSERT_TRUE(database->flush());
  ASSERT_TRUE(post());

  ASSERT_TRUE(open());

  EXPECT_EQ(database->applied(0), 1u);
  EXPECT_EQ(count_messages(), 1u);
}

TEST_F(DatabaseTest, AFullDiskRefusesAndHealsWithoutLosingAnything) {
  const auto disk = std::make_shared<Disk>();
  const std::unique_ptr<::rocksdb::Env> env = ::rocksdb::NewCompositeEnv(disk);
  options.write_buffer_bytes = 50'000;
  options.flush_interval = 20ms;
  ASSERT_TRUE(open(env.get()));
  ASSERT_TRUE(post());

  disk->full = true;
  Result<> refused;
  uint64_t tried = 0;
  while (refused && tried++ < 10'000) refused = post(1000);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted) << refused.error().message;
  EXPECT_NE(refused.error().message.find("disk full"), std::string::npos);
  const uint64_t applied = database->applied(0);
  EXPECT_EQ(count_messages(), applied);
  EXPECT_LT(database->durable(0), applied);

  disk->full = false;
  Result<> healed;
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  do {
    healed = post();
  } while (!healed && std::chrono::steady_clock::now() < give_up);
  ASSERT_TRUE(healed) << healed.error().message;
  ASSERT_TRUE(database->flush());
  EXPECT_EQ(database->durable(0), applied + 1);

  ASSERT_TRUE(open(env.get()));
  EXPECT_EQ(count_messages(), applied + 1);
  database.reset();
}

// ---- memory over files: the same answers as one plain map

// A store as simple as it can be, changed by the same steps.
struct Plain {
  std::map<std::pair<std::string, Sequence>, std::string> messages;
  std::map<std::pair<std::string, std::string>, uint64_t>
      members;  // conversation, user -> read_seq
  std::map<std::string, Sequence> heads;
};

struct RandomSteps : DatabaseTest, testing::WithParamInterface<uint64_t> {
  uint64_t below(uint64_t bound) {
    random = random * 6364136223846793005u + 1442695040888963407u;
    return (random >> 33) % bound;
  }
  port::ConversationKey conversation(const std::string& id) { return {{"acme"}, {id}}; }
  std::string any_conversation() { return std::string(1 + below(3), 'c'); }
  std::string any_user() { return "u" + std::to_string(below(30)); }

  void put_message(port::ApplyBatch& batch, const std::string& id, Sequence seq) {
    const std::string text = id + std::to_string(seq) + "-" + std::to_string(below(1000));
    plain.messages[{id, seq}] = text;
    batch.messages.push_back({conversation(id),
                              model::message_id({"acme"}, {id}, {"any"}, std::to_string(seq)), seq,
                              Bytes::copy(text)});
  }

  void step() {
    const uint64_t at = database->applied(0);
    port::ApplyBatch batch{.expected_offset = at, .next_offset = at + 1 + below(5)};
    const std::string id = any_conversation();
    if (!plain.heads.contains(id)) {
      model::Conversation row;
      row.id = {id};
      batch.conversations.push_back({{"acme"}, row});
    }
    Sequence& last = plain.heads[id];
    for (uint64_t i = below(4); i > 0; --i) put_message(batch, id, ++last);
    if (last > 0 && below(4) == 0) put_message(batch, id, 1 + below(last));  // edited
    batch.heads.push_back({conversation(id), {.last_seq = last}});
    const std::string user = any_user();
    if (below(3) != 0) {
      plain.members[{id, user}] = at;
      batch.members.push_back({conversation(id), {.user = {user}, .read_seq = at}});
    } else {
      plain.members.erase({id, user});
      batch.removed_members.push_back({{"acme"}, {id}, {user}});
    }
    ASSERT_TRUE(database->apply(batch));
    const uint64_t accident = below(20);
    if (accident == 0) ASSERT_TRUE(database->flush());
    if (accident == 1) ASSERT_TRUE(open());
  }

  void check_read() {
    const std::string id = any_conversation();
    port::ReadRange range{.conversation = conversation(id),
                          .from_seq = below(20),
                          .to_seq = below(3) == 0 ? UINT64_MAX : below(150),
                          .limit = below(30),
                          .bytes_max = 1 + below(300),
                          .backwards = below(2) == 0};
    std::vector<std::string> in_range;
    for (const auto& [key, text] : plain.messages) {
      if (key.first == id && key.second >= range.from_seq && key.second <= range.to_seq) {
        in_range.push_back(text);
      }
    }
    if (range.backwards) std::reverse(in_range.begin(), in_range.end());
    std::vector<std::string> expected;
    size_t bytes = 0;
    for (std::string& text : in_range) {
      if (expected.size() == range.limit || bytes >= range.bytes_max) break;
      bytes += text.size();
      expected.push_back(std::move(text));
    }

    const auto page = database->read(range);

    ASSERT_TRUE(page);
    std::vector<std::string> got;
    for (const Bytes& message : *page) got.emplace_back(message.view());
    ASSERT_EQ(got, expected) << id << " " << range.from_seq << "-" << range.to_seq << " limit "
                             << range.limit << " backwards " << range.backwards;
  }

  void check_members() {
    const std::string id = any_conversation();
    const std::string after = below(2) == 0 ? "" : any_user();
    const size_t limit = below(12);
    std::vector<std::pair<std::string, uint64_t>> expected;
    for (const auto& [key, read_seq] : plain.members) {
      if (key.first != id || key.second <= after || expected.size() == limit) continue;
      expected.emplace_back(key.second, read_seq);
    }

    const auto members = database->list_members(conversation(id), {after}, limit);

    ASSERT_TRUE(members);
    std::vector<std::pair<std::string, uint64_t>> got;
    for (const model::Member& member : *members) {
      got.emplace_back(member.user.text, member.read_seq);
    }
    ASSERT_EQ(got, expected) << id << " after " << after << " limit " << limit;
  }

  void check_rows() {
    const std::string user = any_user();
    std::vector<std::string> expected;
    for (const std::string id : {"c", "cc", "ccc"}) {
      if (plain.members.contains({id, user})) expected.push_back(id);
    }
    std::vector<std::string> got;
    for (const port::Membership& one : database->list_memberships({"acme"}, {user}).value()) {
      got.push_back(one.state.conversation.id.text);
      ASSERT_EQ(one.state.head.last_seq, plain.heads[got.back()]);
    }
    ASSERT_EQ(got, expected);

    const std::string id = any_conversation();
    const Sequence seq = 1 + below(60);
    const auto found = database->find_message(
        {{"acme"}, model::message_id({"acme"}, {id}, {"any"}, std::to_string(seq))});
    ASSERT_TRUE(found);
    const auto known = plain.messages.find({id, seq});
    ASSERT_EQ(found->has_value(), known != plain.messages.end());
    if (*found) ASSERT_EQ((*found)->view(), known->second);
  }

  uint64_t random = GetParam();
  Plain plain;
};

TEST_P(RandomSteps, GiveTheAnswersOfAPlainMap) {
  ASSERT_TRUE(open());
  for (int i = 0; i < 300 && !HasFatalFailure(); ++i) {
    step();
    check_read();
    check_members();
    check_rows();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomSteps, testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace flare::rocksdb
