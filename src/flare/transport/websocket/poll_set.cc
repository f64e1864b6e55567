#include "flare/transport/websocket/poll_set.h"

#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>

namespace flare::websocket {
namespace {

// Enough for natural batching, little enough that output of the first waits for the last only
// some hundred microseconds.
constexpr size_t kReadyMax = 256;

Result<void> control(int set, int operation, int descriptor, uint32_t events, void* owner) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = owner;
  if (epoll_ctl(set, operation, descriptor, &event) == 0) return {};
  return fail(ErrorCode::ResourceExhausted, std::string("epoll_ctl: ") + std::strerror(errno));
}

}  // namespace

struct PollSet::Impl {
  Impl(Loop& loop, int epoll, Function function)
      : descriptor(loop.io(), epoll), on_ready(std::move(function)) {}

  void wake() {
    std::array<epoll_event, kReadyMax> events;
    const int ready = epoll_wait(descriptor.native_handle(), events.data(), kReadyMax, 0);
    // Called even when nothing is ready: the owner arms again at the end of this turn.
    on_ready({events.data(), ready > 0 ? static_cast<size_t>(ready) : 0});
  }

  boost::asio::posix::stream_descriptor descriptor;
  Function on_ready;
  bool armed = false;
  bool closed = false;
};

Result<std::unique_ptr<PollSet>> PollSet::open(Loop& loop, Function on_ready) {
  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0) {
    return fail(ErrorCode::ResourceExhausted, std::string("epoll: ") + std::strerror(errno));
  }
  return std::unique_ptr<PollSet>(
      new PollSet(std::make_shared<Impl>(loop, epoll, std::move(on_ready))));
}

PollSet::PollSet(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

PollSet::~PollSet() {
  impl_->closed = true;
  boost::system::error_code ignored;
  impl_->descriptor.close(ignored);
}

void PollSet::arm() {
  if (std::exchange(impl_->armed, true)) return;
  impl_->descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                               [impl = impl_](const boost::system::error_code& error) {
                                 impl->armed = false;
                                 if (!error && !impl->closed) impl->wake();
                               });
}

Result<void> PollSet::add(int descriptor, void* owner) {
  return control(impl_->descriptor.native_handle(), EPOLL_CTL_ADD, descriptor,
                 EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, owner);
}

Result<void> PollSet::add_listening(int descriptor, void* owner) {
  return control(impl_->descriptor.native_handle(), EPOLL_CTL_ADD, descriptor, EPOLLIN, owner);
}

void PollSet::listen(int descriptor, void* owner, bool on) {
  // Changing what is registered needs no memory, so it cannot fail.
  static_cast<void>(control(impl_->descriptor.native_handle(), EPOLL_CTL_MOD, descriptor,
                            on ? EPOLLIN : 0, owner));
}

}  // namespace flare::websocket
