// Person: a sender who talks through power cuts, and remembers what he was told.
//
// He has a few messages on their way at a time, begins some of them twice, sends old ones again,
// and repeats in order what got no answer before he says anything new.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "flare/api/orchestrator.h"
#include "flare/base/scope.h"
#include "sim/judge.h"

namespace flare::sim {

class Person {
 public:
  Person(std::string name, uint64_t seed) : name_(std::move(name)), random_(seed) {}

  void joins(std::string conversation) { conversations_.push_back(std::move(conversation)); }

  // Until a send fails, or until `count` new messages were sent and all have their answer.
  Task<> talk(Context ctx, api::Orchestrator* orchestrator, Faults* faults, size_t count);

  const std::vector<Promise>& promises() const { return promises_; }
  const std::vector<std::string>& complaints() const { return complaints_; }  // told differently

 private:
  struct Letter {
    std::string conversation;
    std::string client_message_id;
    bool answered = false;
  };

  bool one_in(size_t n) { return random_() % n == 0; }
  api::SendRequest request(const std::string& conversation, const std::string& client_message_id);
  Task<> send(Context ctx, api::Orchestrator* orchestrator, Letter* letter);
  Task<> repeat(Context ctx, api::Orchestrator* orchestrator, Promise promise);

  const std::string name_;
  std::mt19937_64 random_;
  std::vector<std::string> conversations_;
  uint64_t last_number_ = 0;
  std::deque<Letter> unanswered_;  // in the order first sent
  std::vector<Promise> promises_;
  std::vector<std::string> complaints_;
};

}  // namespace flare::sim
