// Gate: lets a test hold a fake's callers back and let them go on, in order.
//
// Belongs to one loop; shut() and open() may also be called while it does not run.
#pragma once

#include <vector>

#include "flare/base/pending.h"

namespace flare {

class Gate {
 public:
  void shut() { shut_ = true; }
  void open() {
    shut_ = false;
    for (const Pending<>& one : std::exchange(waiting_, {})) one.resolve({});
  }
  size_t waiting() const { return waiting_.size(); }

  Task<> pass(Context ctx) {
    if (!shut_) co_return;
    Pending<> opened;
    waiting_.push_back(opened);
    co_await opened.wait({.stop = ctx.stop});
  }

 private:
  bool shut_ = false;
  std::vector<Pending<>> waiting_;
};

}  // namespace flare
