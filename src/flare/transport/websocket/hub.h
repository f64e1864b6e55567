// Hub: what a listener is made of: the listening socket, all its connections, and the end of each
// turn, where output leaves, the door hears who is gone, and memory is given back.
//
// A connection is in exactly one list, that of its stage; Handshake and Closing are in the order
// of their deadlines, so one timer for all looks only at their fronts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "flare/base/pending.h"
#include "flare/transport/websocket/connection.h"
#include "flare/transport/websocket/listener.h"
#include "flare/transport/websocket/poll_set.h"
#include "flare/transport/websocket/upgrade.h"

namespace flare::websocket {

class Hub : public std::enable_shared_from_this<Hub> {
 public:
  Hub(Loop& loop, Options options, api::ClientDoor& door);
  ~Hub();

  Result<void> open();
  std::string local_address() const { return local_.text(); }
  Counts counts() const;
  Task<> stop();

  // Breaks everything off without a word.
  void abandon();

  // What a connection asks of its hub.

  const Options& options() const { return options_; }
  const UpgradeRules& rules() const { return rules_; }
  api::ClientDoor& door() { return door_; }

  // One for all connections; valid until the next read().
  std::span<char> read_buffer() { return {read_buffer_.get(), kReadBytes}; }

  std::unique_ptr<Output> take_output();
  void give_back(std::unique_ptr<Output> output);

  // flush() at the end of the turn; read() in the next turn; tell the door, and free when Gone, at
  // the end of the turn.
  void attend(Connection& connection);
  void read_again(Connection& connection);
  void leave(Connection& connection);

  void move(Connection& connection, Stage to);

 private:
  // What a fast sender can have under way; the kernel's default receive buffer is below it.
  static constexpr size_t kReadBytes = 256 * 1024;

  struct List {
    Connection* first = nullptr;
    Connection* last = nullptr;
    size_t size = 0;
  };

  // accept.cc
  Result<void> listen();
  void accept_some();
  void accept_one(int descriptor, const Address& peer);
  void refuse_for_lack_of_descriptors();
  void listen_if_possible();
  void forget_origin(const Address& peer);

  // hub.cc
  void on_ready(std::span<const epoll_event> events);
  void ask_turn_end();
  void end_turn();
  void settle();
  void read_those_with_more();
  List& list(Stage stage) { return lists_[static_cast<size_t>(stage)]; }
  void link(Connection& connection);
  void unlink(Connection& connection);
  uint32_t now_ms() const;
  void arm_timer();
  void expire();

  // Constant after open().
  Loop& loop_;
  const Options options_;
  const UpgradeRules rules_;
  api::ClientDoor& door_;
  const TimePoint start_;
  Address local_;
  std::unique_ptr<PollSet> poll_;
  const std::unique_ptr<char[]> read_buffer_;

  // Belongs to the loop.
  int listening_ = -1;
  int reserve_ = -1;  // given up for a moment to refuse a client when descriptors have run out
  bool accepting_ = true;
  bool out_of_descriptors_ = false;
  std::unordered_map<Origin, uint32_t, OriginHash> origins_;  // connections of each
  std::array<List, 3> lists_;                                 // by stage; Gone is in none
  std::vector<Connection*> attended_;
  std::vector<Connection*> again_;
  std::vector<Connection*> leaving_;
  std::vector<std::unique_ptr<Output>> pool_;
  size_t pool_bytes_ = 0;
  bool turn_end_asked_ = false;
  bool abandoned_ = false;
  bool stopping_ = false;
  Loop::TimerId timer_ = 0;
  std::vector<Pending<>> stopped_;
};

}  // namespace flare::websocket
