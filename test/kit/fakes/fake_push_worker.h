// FakePushWorker: takes every acknowledgement, and counts the calls they came in.
//
// Belongs to one loop.
#pragma once

#include <vector>

#include "flare/api/push_worker.h"

namespace flare {

class FakePushWorker final : public api::PushWorker {
 public:
  Task<> acknowledge(Context, std::vector<api::Acknowledgement> taken) override {
    ++calls;
    for (api::Acknowledgement& one : taken) acknowledgements.push_back(std::move(one));
    co_return;
  }

  std::vector<api::Acknowledgement> acknowledgements;
  size_t calls = 0;
};

}  // namespace flare
