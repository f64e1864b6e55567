// PollSet: the sockets of one listener, watched by one epoll descriptor that the Loop watches.
//
// Why not one Asio socket a connection: Asio keeps a descriptor state and a waiting operation for
// each (460 bytes, measured) and re-arms each wait by a system call. Here a connection costs only
// its own object, is registered once, and one wake-up hands over all that are ready.
//
// Sockets are edge-triggered in both directions: who is told "readable" reads until a read comes
// back short, who is told "writable" writes until EAGAIN. A listening socket is level-triggered.
#pragma once

#include <sys/epoll.h>

#include <functional>
#include <memory>
#include <span>

#include "flare/base/loop.h"
#include "flare/base/result.h"

namespace flare::websocket {

class PollSet {
 public:
  // On the loop: what is ready, at most once a turn. `data.ptr` of each is the owner given to
  // add().
  using Function = std::move_only_function<void(std::span<const epoll_event>)>;

  // Fails with ResourceExhausted when descriptors have run out.
  static Result<std::unique_ptr<PollSet>> open(Loop& loop, Function on_ready);
  ~PollSet();

  // Starts, or goes on, watching; on_ready is called once and then not before the next arm(). To
  // be called at the end of a turn, so that one turn does not take in more than it sends out.
  void arm();

  // Both fail with ResourceExhausted. A closed descriptor leaves the set by itself.
  Result<void> add(int descriptor, void* owner);
  Result<void> add_listening(int descriptor, void* owner);

  // Whether a listening socket is looked at.
  void listen(int descriptor, void* owner, bool on);

 private:
  struct Impl;
  explicit PollSet(std::shared_ptr<Impl> impl);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace flare::websocket
