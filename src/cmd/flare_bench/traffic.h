// The messages of a run: who sends what to whom, what came of it, and whether it was right.
//
// Every connection has one seat in one conversation. A sender has slots; a slot carries one message
// from its send until it is acknowledged and delivered to every other online member, then the next.
// Closed loop: a slot is refilled at once. Open loop: messages fall due on a schedule, and their
// latency counts from when they were due, so that a slow server cannot slow the clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <queue>
#include <string>
#include <unordered_set>
#include <vector>

#include "cmd/flare_bench/connection_pool.h"
#include "cmd/flare_bench/conversation_check.h"
#include "cmd/flare_bench/histogram.h"
#include "cmd/flare_bench/message_key.h"
#include "cmd/flare_bench/violations.h"

namespace flare::bench {

struct TrafficSettings {
  uint32_t run = 0;
  size_t text_bytes = 128;
  AckLevel ack_level = AckLevel::Accepted;
  uint32_t in_flight = 1;    // slots of a sender, at most 256
  uint32_t retry_every = 0;  // send every n-th message twice; 0: none
  bool may_lose_connections = false;
  int64_t ack_interval_ns = 50'000'000;
  uint32_t ack_deliveries = 64;  // or as soon as that many wait for an ack
};

struct TrafficCounters {
  uint64_t sent = 0;
  uint64_t acknowledged = 0;
  uint64_t completed = 0;   // acknowledged and delivered to everybody
  uint64_t deliveries = 0;  // to others than the sender
  uint64_t refused = 0;
  uint64_t resyncs = 0;
  uint64_t foreign = 0;  // messages of other runs and operations
};

struct Refusal {
  std::string name;
  std::string example;
  uint64_t count = 0;
};

class Traffic final : public FrameHandler {
 public:
  Traffic(TrafficSettings settings, ConnectionPool::Settings pool, uint32_t connections);

  ConnectionPool& pool() { return pool_; }

  // Connections 2k and 2k+1 talk to each other, both as senders.
  void seat_pairs(uint32_t first, uint32_t count);

  // One group of the connections [first, first + count) and `offline` more users; the first
  // `senders` of them send. The connections must be logged in. Throws Failure.
  void seat_group(uint32_t first, uint32_t count, uint32_t offline, uint32_t senders);

  void start_closed_loop();
  void start_open_loop(double messages_per_second);

  // Drives until then, or until no connection is left.
  void run_for(int64_t duration_ns);

  // No new messages; waits until those in flight are completed, but not longer than the limit.
  void drain(int64_t limit_ns);

  // What can only be judged when all is quiet: nothing missing, nothing unanswered.
  void check_end();

  // Forgets latencies so far, which belonged to the warm-up.
  void start_measuring();

  const TrafficCounters& counters() const { return counters_; }
  const Histogram& delivery_latency() const { return delivery_latency_; }
  const std::map<int32_t, Refusal>& refusals() const { return refusals_; }
  Violations& violations() { return violations_; }

  // Called for every receipt, before anything is concluded from it.
  std::function<void(const MessageKey&, const ReceiptView&)> on_receipt_seen;

  void on_frame(Connection& connection, const FrameView& frame) override;
  void on_closed(Connection& connection, std::string_view reason) override;

 private:
  struct Slot {
    uint32_t number = 0;
    uint32_t remaining = 0;  // deliveries to come
    int64_t started_ns = 0;  // when it was sent, or due
    uint64_t message_mark = 0;
    bool busy = false;
    bool acknowledged = false;
    bool retrying = false;
  };

  struct Seat {
    uint32_t conversation = UINT32_MAX;  // not seated yet
    uint32_t peer = UINT32_MAX;          // in pairs
    std::vector<Slot> slots;             // none: only listens
    uint32_t next_number = 1;
    uint32_t last_seen_number = 0;
    MemberView view;
    uint64_t ack_seq = 0;
    uint32_t ack_waiting = 0;  // deliveries not yet acknowledged
    bool ack_due = false;
    bool catching_up = false;  // told to resync; History is on its way
    bool had_resync = false;
  };

  struct Conversation {
    std::string id;  // of a pair: empty until the server names it
    uint32_t online = 0;
    ConversationView view;
  };

  struct Pause {
    int64_t until_ns;
    uint32_t seat;
    uint8_t slot;
    bool operator>(const Pause& other) const { return until_ns > other.until_ns; }
  };

  void send_next(uint32_t seat, uint8_t slot, int64_t started_ns);
  void send_slot(uint32_t seat, uint8_t slot, bool retry);
  void send_due(int64_t now);
  int64_t next_due_ns() const;
  bool send_from_anybody(int64_t due_ns);
  void wake_paused(int64_t now);
  void on_receipt(Connection& connection, const FrameView& frame);
  void on_refusal(Connection& connection, const FrameView& frame);
  void on_deliver(Connection& connection, const MessageView& message, bool from_history);
  void on_own_run(Connection& connection, const MessageView& message, const MessageKey& key,
                  bool first_sight);
  void on_resync(Connection& connection);
  void on_history(Connection& connection, const FrameView& frame);
  void complete_if_done(uint32_t seat, uint8_t slot);
  void bundle_ack(Connection& connection, uint64_t seq);
  void send_ack(Connection& connection);
  void send_acks_due(int64_t now);
  void learn_conversation(uint32_t seat, std::string_view id);
  void seat_members(uint32_t first, uint32_t count, uint32_t senders);
  std::string request(Connection& connection, std::string_view frame, uint64_t request_id);
  void turn_once(int64_t now);

  const TrafficSettings settings_;
  ConnectionPool pool_;
  std::vector<Seat> seats_;
  std::vector<std::string> names_;
  std::vector<Conversation> conversations_;
  std::vector<uint32_t> senders_;

  TrafficCounters counters_;
  Histogram delivery_latency_;
  std::map<int32_t, Refusal> refusals_;
  std::unordered_set<uint64_t> refused_messages_;  // their outcome is unknown, they may come
  Violations violations_;

  bool sending_ = false;
  uint64_t busy_ = 0;
  double rate_ = 0;  // open loop; 0: closed
  int64_t open_since_ns_ = 0;
  uint64_t scheduled_ = 0;
  size_t next_sender_ = 0;
  std::priority_queue<Pause, std::vector<Pause>, std::greater<>> paused_;
  std::vector<uint32_t> ack_seats_;
  int64_t next_ack_tick_ns_ = 0;

  uint64_t awaited_request_ = 0;
  std::string awaited_answer_;
  bool answered_ = false;

  std::string frame_;
  std::string client_id_;
  std::string text_;
};

}  // namespace flare::bench
