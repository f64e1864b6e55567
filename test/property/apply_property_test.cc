// However the log is cut into batches, whatever is delivered again and whenever the writer forgets
// or loses what was not durable: the rows are those of applying event by event.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "flare/base/run.h"
#include "flare/service/storage_writer/event_words.h"
#include "flare/service/storage_writer/plan.h"
#include "kit/fakes/fake_message_store.h"

namespace flare::storage_writer {
namespace {

constexpr uint64_t kSeeds = 150;
constexpr size_t kEvents = 120;

const std::vector<std::string> kUsers = {"ann", "bob", "carl", "dora"};
const std::vector<std::string> kChats = {"single:ann:bob", "group:one", "group:two"};

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}
  size_t below(size_t n) { return engine_() % n; }
  bool one_in(size_t n) { return below(n) == 0; }
  const std::string& of(const std::vector<std::string>& names) {
    return names[below(names.size())];
  }

 private:
  std::mt19937_64 engine_;
};

// What a log may hold: also retries, strangers, marks far beyond the head, groups not yet made.
std::vector<Bytes> random_log(Random& random) {
  std::vector<Bytes> log;
  while (log.size() < kEvents) {
    const std::string chat = random.of(kChats);
    const std::string user = random.of(kUsers);
    const std::string id = std::to_string(log.size());
    const bool group = chat.starts_with("group:");
    switch (random.below(10)) {
      case 0:
        log.push_back(group ? create(chat, user, {random.of(kUsers)}) : say(chat, user, id));
        break;
      case 1:
        log.push_back(add(group ? chat : "group:one", user, {random.of(kUsers)}, id));
        break;
      case 2:
        log.push_back(remove(group ? chat : "group:two", user, {random.of(kUsers)}, id));
        break;
      case 3:
      case 4:
        log.push_back(
            mark_read(chat, user, 1 + random.below(random.one_in(8) ? 1'000 : kEvents / 4)));
        break;
      case 5:
        if (!log.empty()) log.push_back(log[random.below(log.size())]);
        break;
      default:
        log.push_back(say(chat, user, id));
        break;
    }
  }
  return log;
}

// The applying half of the writer: a store, and what is remembered between batches.
struct Applier {
  FakeMessageStore store;
  State state;

  void apply(const std::vector<Bytes>& log, size_t first, size_t count) {
    const auto begin = log.begin() + static_cast<ptrdiff_t>(first);
    const port::LogBatch batch{.partition = 0,
                               .first_offset = first,
                               .records = {begin, begin + static_cast<ptrdiff_t>(count)}};
    const std::vector<Scanned> events = read_events(batch).value();
    const Wanted wanted = wanted_by(events, state);
    port::Loaded loaded = run(store.load({}, wanted.request)).value();
    const Found found = remember(events, wanted, std::move(loaded), state);
    const Plan plan = make_plan(events, 0, store.offsets[0], 5'000, found, state);
    ASSERT_TRUE(run(store.apply({}, plan.batch)));
  }
};

FakeMessageStore applied_one_by_one(const std::vector<Bytes>& log) {
  Applier applier;
  for (size_t i = 0; i < log.size(); ++i) {
    applier.state.clear();
    applier.apply(log, i, 1);
  }
  return applier.store;
}

FakeMessageStore applied_with_accidents(const std::vector<Bytes>& log, Random& random) {
  Applier applier;
  FakeMessageStore durable = applier.store;
  size_t next = 0;
  while (next < log.size()) {
    const size_t count = 1 + random.below(std::min<size_t>(log.size() - next, 20));
    applier.apply(log, next, count);
    next += count;
    if (random.one_in(3)) durable = applier.store;
    if (random.one_in(4)) applier.state.clear();
    if (random.one_in(6)) {
      // The power fails: what was not durable is gone, and the log delivers from a commit that is
      // older still.
      applier.store = durable;
      applier.state.clear();
      next = random.below(applier.store.offsets[0] + 1);
    }
  }
  return applier.store;
}

// Every row of the store, readable.
std::map<std::string, std::string> rows_of(const FakeMessageStore& store) {
  std::map<std::string, std::string> rows;
  for (const auto& [key, row] : store.conversations) {
    rows["conversation " + key.conversation.text] = model::encode(row);
  }
  for (const auto& [key, row] : store.heads) {
    rows["head " + key.conversation.text] = model::encode(row);
  }
  for (const auto& [key, row] : store.members) {
    rows["member " + key.conversation.text + ' ' + key.user.text] = model::encode(row);
  }
  for (const auto& [key, messages] : store.messages) {
    for (const auto& [seq, message] : messages) {
      rows["message " + key.conversation.text + ' ' + std::to_string(seq)] = message.view();
    }
  }
  rows["offset"] = std::to_string(store.offsets.at(0));
  return rows;
}

// Unread as its definition says, message by message.
uint64_t counted_unread(const FakeMessageStore& store, const port::MemberKey& key,
                        const model::Member& member) {
  uint64_t count = 0;
  for (const auto& [seq, bytes] : store.messages.at({key.tenant, key.conversation})) {
    const model::MessageView message = model::scan_message(bytes.view()).value();
    const bool operation = model::content_kind(message.content) == model::ContentKind::Operation;
    if (seq >= member.join_seq && seq > member.read_seq && !operation &&
        message.sender != member.user.text) {
      ++count;
    }
  }
  return count;
}

std::vector<uint64_t> seeds() {
  if (const char* one = std::getenv("FLARE_SEED")) return {std::strtoull(one, nullptr, 10)};
  std::vector<uint64_t> all;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) all.push_back(seed);
  return all;
}

TEST(ApplyPropertyTest, BatchesRepetitionsAndCrashesLeaveTheSameRows) {
  for (const uint64_t seed : seeds()) {
    SCOPED_TRACE("FLARE_SEED=" + std::to_string(seed));
    Random random(seed);
    const std::vector<Bytes> log = random_log(random);

    const auto expected = rows_of(applied_one_by_one(log));
    const auto actual = rows_of(applied_with_accidents(log, random));

    ASSERT_EQ(actual, expected);
  }
}

TEST(ApplyPropertyTest, SeqsAreContiguousAndUnreadIsExactAfterEveryEvent) {
  for (const uint64_t seed : seeds()) {
    SCOPED_TRACE("FLARE_SEED=" + std::to_string(seed));
    Random random(seed);
    const std::vector<Bytes> log = random_log(random);
    Applier applier;
    for (size_t next = 0; next < log.size();) {
      const size_t count = 1 + random.below(std::min<size_t>(log.size() - next, 8));
      applier.apply(log, next, count);
      next += count;

      const FakeMessageStore& store = applier.store;
      for (const auto& [key, messages] : store.messages) {
        ASSERT_EQ(messages.size(), store.heads.at(key).last_seq);
        ASSERT_EQ(messages.rbegin()->first, messages.size());
      }
      for (const auto& [key, member] : store.members) {
        const model::Head& head = store.heads.at({key.tenant, key.conversation});
        ASSERT_EQ(model::unread(head, member), counted_unread(store, key, member))
            << key.conversation.text << ' ' << key.user.text << " at " << next;
      }
    }
  }
}

TEST(ApplyPropertyTest, AWipedStoreGetsTheSameSeqsFromTheLog) {
  for (const uint64_t seed : seeds()) {
    SCOPED_TRACE("FLARE_SEED=" + std::to_string(seed));
    Random random(seed);
    const std::vector<Bytes> log = random_log(random);
    const auto before = rows_of(applied_with_accidents(log, random));

    Applier wiped;
    wiped.apply(log, 0, log.size());

    ASSERT_EQ(rows_of(wiped.store), before);
  }
}

}  // namespace
}  // namespace flare::storage_writer
