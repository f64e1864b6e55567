// What every event log promises to whoever depends on port::EventLog.
//
// An adapter instantiates EventLogContract with a factory of worlds. A world holds the medium the
// log lives on; its log can be closed and opened again, cleanly or after a crash.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "contract/event_log_world.h"
#include "flare/base/loop.h"
#include "flare/base/pending.h"
#include "flare/base/run.h"
#include "flare/port/event_log.h"

namespace flare::contract {

struct EventLogBackend {
  std::string name;
  std::function<std::unique_ptr<EventLogWorld>()> make;
};

class EventLogContract : public testing::TestWithParam<EventLogBackend> {
 protected:
  using Records = std::vector<std::string>;

  port::LogTopic& topic(const std::string& name = "orders", uint32_t partitions = 4) {
    return *world->log().topic(name, partitions).value();
  }

  static Context within(std::chrono::milliseconds budget) {
    return Context{}.within(budget, std::chrono::steady_clock::now());
  }

  port::LogPosition append(port::LogTopic& to, uint64_t key, std::string_view body,
                           port::Durability durability = port::Durability::Synced) {
    return run(loop, to.append(patient(), {key, Bytes::copy(body)}, durability)).value();
  }

  // What is delivered until `count` records have come, a partition's records in their order.
  std::map<uint32_t, Records> deliveries(port::LogSubscription& from, size_t count,
                                         size_t records_max = 100) {
    std::map<uint32_t, Records> seen;
    for (size_t total = 0; total < count;) {
      Result<port::LogBatch> batch = run(loop, from.next(patient(), records_max));
      if (!batch) {
        ADD_FAILURE() << batch.error().message;
        break;
      }
      EXPECT_FALSE(batch->records.empty());
      EXPECT_LE(batch->records.size(), records_max);
      for (const Bytes& body : batch->records) seen[batch->partition].emplace_back(body.view());
      total += batch->records.size();
      last = batch->next();
    }
    return seen;
  }

  bool nothing_comes(port::LogSubscription& from) {
    Result<port::LogBatch> batch = run(loop, from.next(within(std::chrono::milliseconds(30)), 10));
    return !batch && batch.error().code == ErrorCode::DeadlineExceeded;
  }

  static Context patient() { return within(std::chrono::seconds(20)); }

  std::unique_ptr<EventLogWorld> world = GetParam().make();
  Loop loop{"contract"};
  uint64_t last = 0;  // next() of the last delivery
};

TEST_P(EventLogContract, OffsetsOfAPartitionStartAtZeroAndAreContiguous) {
  port::LogTopic& orders = topic();

  for (uint64_t i = 0; i < 10; ++i) {
    const port::LogPosition position = append(orders, 6, "x");
    EXPECT_EQ(position.partition, 2u);
    EXPECT_EQ(position.offset, i);
  }

  EXPECT_EQ(orders.status(2).first_offset, 0u);
  EXPECT_EQ(orders.status(2).next_offset, 10u);
  EXPECT_EQ(orders.status(1).next_offset, 0u);
}

TEST_P(EventLogContract, ATopicKeepsItsNumberOfPartitions) {
  topic("orders", 4);

  EXPECT_EQ(world->log().topic("orders", 4).value()->partitions(), 4u);
  Result<port::LogTopic*> other = world->log().topic("orders", 5);

  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, ErrorCode::InvalidArgument);
}

TEST_P(EventLogContract, RecordsOfAKeyAreDeliveredInTheOrderOfTheAppends) {
  port::LogTopic& orders = topic();
  auto billing = orders.subscribe("billing", 0, 1).value();
  for (int i = 0; i < 60; ++i) append(orders, static_cast<uint64_t>(i % 4), std::to_string(i));

  const auto seen = deliveries(*billing, 60, 7);

  ASSERT_EQ(seen.size(), 4u);
  for (const auto& [partition, records] : seen) {
    ASSERT_EQ(records.size(), 15u);
    for (size_t i = 0; i < records.size(); ++i) {
      EXPECT_EQ(records[i], std::to_string(4 * i + partition));
    }
  }
}

TEST_P(EventLogContract, ABatchHasAPositionForEachRecordInItsOrder) {
  port::LogTopic& orders = topic();
  std::vector<port::LogRecord> records;
  for (uint64_t i = 0; i < 9; ++i) records.push_back({i % 3, Bytes::copy(std::to_string(i))});

  const auto positions =
      run(loop, orders.append_batch(patient(), records, port::Durability::Synced)).value();

  ASSERT_EQ(positions.size(), 9u);
  for (uint64_t i = 0; i < 9; ++i) {
    EXPECT_EQ(positions[i].partition, i % 3);
    EXPECT_EQ(positions[i].offset, i / 3);
  }
}

TEST_P(EventLogContract, AnEmptyAndALargeBodyComeBackAsTheyWere) {
  port::LogTopic& orders = topic();
  auto billing = orders.subscribe("billing", 0, 1).value();
  std::string large(300'000, '\0');
  for (size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * 31);
  append(orders, 0, "");
  append(orders, 0, large);

  const auto seen = deliveries(*billing, 2);

  EXPECT_EQ(seen.at(0), (Records{"", large}));
}

TEST_P(EventLogContract, GroupsDoNotDisturbEachOther) {
  port::LogTopic& orders = topic();
  append(orders, 0, "one");
  auto billing = orders.subscribe("billing", 0, 1).value();
  auto audit = orders.subscribe("audit", 0, 1).value();

  deliveries(*billing, 1);
  billing->commit(0, 1);

  EXPECT_TRUE(nothing_comes(*billing));
  EXPECT_EQ(deliveries(*audit, 1).at(0), Records{"one"});
  EXPECT_EQ(orders.committed("billing", 0), 1u);
  EXPECT_EQ(orders.committed("audit", 0), 0u);
}

TEST_P(EventLogContract, UncommittedDeliveriesComeAgain) {
  port::LogTopic& orders = topic();
  append(orders, 0, "one");
  append(orders, 0, "two");
  auto billing = orders.subscribe("billing", 0, 1).value();
  deliveries(*billing, 2);
  billing->commit(0, 1);

  billing = nullptr;
  billing = orders.subscribe("billing", 0, 1).value();

  EXPECT_EQ(deliveries(*billing, 1).at(0), Records{"two"});
}

TEST_P(EventLogContract, ACommitNeverMovesBackwards) {
  port::LogTopic& orders = topic();
  for (int i = 0; i < 3; ++i) append(orders, 0, "x");
  auto billing = orders.subscribe("billing", 0, 1).value();
  deliveries(*billing, 3);

  billing->commit(0, 3);
  billing->commit(0, 1);

  EXPECT_EQ(orders.committed("billing", 0), 3u);
}

TEST_P(EventLogContract, NextMayRunAheadOfCommit) {
  port::LogTopic& orders = topic();
  auto billing = orders.subscribe("billing", 0, 1).value();

  for (int i = 0; i < 5; ++i) {
    append(orders, 0, std::to_string(i));
    EXPECT_EQ(deliveries(*billing, 1).at(0), Records{std::to_string(i)});
  }

  EXPECT_EQ(orders.committed("billing", 0), 0u);
}

TEST_P(EventLogContract, MembersOfAGroupSplitThePartitions) {
  port::LogTopic& orders = topic("orders", 5);
  auto first = orders.subscribe("billing", 0, 2).value();
  auto second = orders.subscribe("billing", 1, 2).value();
  for (uint64_t key = 0; key < 5; ++key) append(orders, key, "x");

  std::set<uint32_t> of_first;
  std::set<uint32_t> of_second;
  for (const auto& [partition, records] : deliveries(*first, 3)) of_first.insert(partition);
  for (const auto& [partition, records] : deliveries(*second, 2)) of_second.insert(partition);

  std::set<uint32_t> all = of_first;
  all.merge(of_second);
  EXPECT_EQ(all.size(), 5u);
  EXPECT_TRUE(of_second.empty());
  EXPECT_TRUE(nothing_comes(*first));
  EXPECT_TRUE(nothing_comes(*second));
}

TEST_P(EventLogContract, ASubscriptionNeedsAMemberOfItsGroup) {
  port::LogTopic& orders = topic();

  EXPECT_EQ(orders.subscribe("billing", 2, 2).error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(orders.subscribe("billing", 0, 0).error().code, ErrorCode::InvalidArgument);
}

TEST_P(EventLogContract, NoPartitionStarves) {
  port::LogTopic& orders = topic("orders", 2);
  auto billing = orders.subscribe("billing", 0, 1).value();
  for (int i = 0; i < 50; ++i) append(orders, 0, "busy");
  append(orders, 1, "quiet");

  bool seen = false;
  for (int i = 0; i < 3; ++i) {
    seen |= run(loop, billing->next(patient(), 5)).value().partition == 1;
  }

  EXPECT_TRUE(seen);
}

TEST_P(EventLogContract, NextEndsAtItsDeadline) {
  auto billing = topic().subscribe("billing", 0, 1).value();

  EXPECT_TRUE(nothing_comes(*billing));
}

inline Task<> stop_after(std::stop_source source, std::chrono::milliseconds delay) {
  co_await sleep_for({}, delay);
  source.request_stop();
}

inline Task<ErrorCode> next_until_stopped(port::LogSubscription* from, Scope* scope) {
  std::stop_source source;
  scope->spawn(stop_after(source, std::chrono::milliseconds(10)));
  Context ctx;
  ctx.stop = source.get_token();
  Result<port::LogBatch> batch = co_await attempt(from->next(ctx, 10));
  co_await scope->close();
  co_return batch ? ErrorCode::Internal : batch.error().code;
}

struct FailingFaults final : Faults {
  void report(std::string_view scope, const Error& error) override {
    ADD_FAILURE() << scope << ": " << error.message;
  }
};

TEST_P(EventLogContract, NextEndsWhenItIsNoLongerWanted) {
  auto billing = topic().subscribe("billing", 0, 1).value();
  FailingFaults faults;
  Scope scope("stopper", faults);

  EXPECT_EQ(run(loop, next_until_stopped(billing.get(), &scope)).value(), ErrorCode::Cancelled);

  append(topic(), 0, "later");
  EXPECT_EQ(deliveries(*billing, 1).at(0), Records{"later"});
}

TEST_P(EventLogContract, ASleepingReaderIsWokenByAnAppendOfAnotherThread) {
  port::LogTopic& orders = topic();
  auto billing = orders.subscribe("billing", 0, 1).value();
  std::thread writer([&orders] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_TRUE(run(orders.append({}, {3, Bytes::copy("hello")}, port::Durability::Synced)));
  });

  EXPECT_EQ(deliveries(*billing, 1).at(3), Records{"hello"});

  writer.join();
}

inline Task<> append_many(port::LogTopic* to, int writer, int count) {
  uint64_t previous = 0;
  for (int i = 0; i < count; ++i) {
    const std::string body = std::to_string(writer) + ":" + std::to_string(i);
    const port::LogPosition at =
        co_await to->append(Context{}, {static_cast<uint64_t>(i % 2), Bytes::copy(body)},
                            i % 3 == 0 ? port::Durability::Derived : port::Durability::Synced);
    if (i % 2 == 0) {
      EXPECT_TRUE(i == 0 || at.offset > previous);
      previous = at.offset;
    }
  }
}

TEST_P(EventLogContract, SeveralLoopsAppendAndEveryoneReadsTheSameStory) {
  constexpr int kWriters = 3;
  constexpr int kRecords = 200;
  port::LogTopic& orders = topic("orders", 2);
  auto billing = orders.subscribe("billing", 0, 1).value();
  auto audit = orders.subscribe("audit", 0, 1).value();
  std::vector<std::thread> writers;
  for (int i = 0; i < kWriters; ++i) {
    writers.emplace_back([&orders, i] { EXPECT_TRUE(run(append_many(&orders, i, kRecords))); });
  }

  const auto seen = deliveries(*billing, kWriters * kRecords, 16);
  for (std::thread& writer : writers) writer.join();

  EXPECT_EQ(deliveries(*audit, kWriters * kRecords), seen);
  for (const auto& [partition, records] : seen) {
    std::map<char, int> last_of;
    for (const std::string& record : records) {
      const int number = std::stoi(record.substr(2));
      const auto [found, is_first] = last_of.try_emplace(record[0], number);
      EXPECT_TRUE(is_first || found->second < number) << record;
      found->second = number;
    }
  }
}

TEST_P(EventLogContract, ADerivedRecordIsVisibleOnceItsAppendReturns) {
  port::LogTopic& orders = topic();
  auto billing = orders.subscribe("billing", 0, 1).value();

  append(orders, 1, "derived", port::Durability::Derived);

  EXPECT_EQ(deliveries(*billing, 1).at(1), Records{"derived"});
}

TEST_P(EventLogContract, AfterACleanCloseAllIsThere) {
  {
    port::LogTopic& orders = topic();
    append(orders, 0, "one");
    append(orders, 0, "two", port::Durability::Derived);
    append(orders, 0, "three", port::Durability::Derived);
    auto billing = orders.subscribe("billing", 0, 1).value();
    deliveries(*billing, 3);
    billing->commit(0, 2);
  }

  world->reopen();

  EXPECT_EQ(topic().committed("billing", 0), 2u);
  EXPECT_EQ(topic().status(0).next_offset, 3u);
  auto billing = topic().subscribe("billing", 0, 1).value();
  EXPECT_EQ(deliveries(*billing, 1).at(0), Records{"three"});
  auto audit = topic().subscribe("audit", 0, 1).value();
  EXPECT_EQ(deliveries(*audit, 3).at(0), (Records{"one", "two", "three"}));
}

TEST_P(EventLogContract, ASyncedRecordSurvivesACrash) {
  for (int i = 0; i < 20; ++i) {
    append(topic(), static_cast<uint64_t>(i), std::to_string(i));
    if (i % 5 == 4) world->reopen_after_crash();
  }

  auto billing = topic().subscribe("billing", 0, 1).value();
  const auto seen = deliveries(*billing, 20);

  for (const auto& [partition, records] : seen) {
    ASSERT_EQ(records.size(), 5u);
    for (size_t i = 0; i < 5; ++i) EXPECT_EQ(records[i], std::to_string(4 * i + partition));
  }
}

TEST_P(EventLogContract, AfterACrashOffsetsGoOnWithoutAGap) {
  append(topic(), 0, "one");
  world->reopen_after_crash();

  EXPECT_EQ(append(topic(), 0, "two").offset, 1u);
}

// The promise that lets a consumer append its consequences without waiting for the disk.
TEST_P(EventLogContract, NothingIsCommittedWhoseConsequencesACrashHasTaken) {
  constexpr uint64_t kOrders = 40;
  for (uint64_t i = 0; i < kOrders; ++i) append(topic(), 0, std::to_string(i));
  for (int crashes = 0; crashes < 4; ++crashes) {
    {
      auto billing = topic().subscribe("billing", 0, 1).value();
      for (int i = 0; i < 6; ++i) {
        const auto batch = run(loop, billing->next(patient(), 1)).value();
        append(topic("bills"), 0, batch.records[0].view(), port::Durability::Derived);
        billing->commit(0, batch.next());
        // So that some commits become durable before the crash.
        std::this_thread::sleep_for(std::chrono::milliseconds(crashes * 7));
      }
    }
    world->reopen_after_crash();

    const uint64_t committed = topic().committed("billing", 0);
    std::set<std::string> bills;
    auto audit = topic("bills").subscribe("audit", 0, 1).value();
    const uint64_t count = topic("bills").status(0).next_offset;
    if (count > 0) {
      const Records all = deliveries(*audit, count).at(0);
      bills.insert(all.begin(), all.end());
    }
    for (uint64_t i = 0; i < committed; ++i) {
      EXPECT_TRUE(bills.contains(std::to_string(i))) << i << " of " << committed;
    }
  }
}

TEST_P(EventLogContract, AReaderFarBehindGetsEverything) {
  constexpr int kRecords = 3000;
  port::LogTopic& orders = topic();
  std::vector<port::LogRecord> records;
  for (int i = 0; i < kRecords; ++i) {
    records.push_back(
        {static_cast<uint64_t>(i), Bytes::copy(std::to_string(i) + std::string(500, '.'))});
  }
  ASSERT_TRUE(run(loop, orders.append_batch(patient(), records, port::Durability::Synced)));
  world->reopen();

  auto billing = topic().subscribe("billing", 0, 1).value();
  const auto seen = deliveries(*billing, kRecords, 100);

  for (const auto& [partition, bodies] : seen) {
    ASSERT_EQ(bodies.size(), kRecords / 4u);
    for (size_t i = 0; i < bodies.size(); ++i) {
      ASSERT_EQ(bodies[i].substr(0, bodies[i].find('.')), std::to_string(4 * i + partition));
    }
  }
}

}  // namespace flare::contract
