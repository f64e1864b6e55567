#include "flare/transport/websocket/hub.h"

#include <unistd.h>

#include <algorithm>
#include <cassert>

namespace flare::websocket {
namespace {

// Buffers kept for the next turn: enough for a thousand short answers at a time, little beside
// fifteen thousand idle connections.
constexpr size_t kPoolBytesMax = 1024 * 1024;
constexpr size_t kPoolPieceBytesMax = 64 * 1024;
constexpr size_t kOutputBytes = 512;

std::chrono::milliseconds timer_period(const Options& options) {
  using namespace std::chrono_literals;
  return std::clamp(std::min(options.handshake_timeout, options.close_timeout) / 4, 10ms, 1000ms);
}

// Of a clock that wraps around every 49 days.
bool reached(uint32_t now_ms, uint32_t deadline_ms) {
  return static_cast<int32_t>(now_ms - deadline_ms) >= 0;
}

}  // namespace

Hub::Hub(Loop& loop, Options options, api::ClientDoor& door)
    : loop_(loop),
      options_(std::move(options)),
      rules_{options_.path, options_.origins},
      door_(door),
      start_(std::chrono::steady_clock::now()),
      read_buffer_(new char[kReadBytes]) {}

Hub::~Hub() { abandon(); }

Result<void> Hub::open() {
  // The poll set dies with the hub, so it may point to it.
  auto poll =
      PollSet::open(loop_, [this](std::span<const epoll_event> events) { on_ready(events); });
  if (!poll) return fail(std::move(poll).error());
  poll_ = *std::move(poll);
  if (Result<void> listening = listen(); !listening) return listening;
  poll_->arm();
  return {};
}

Counts Hub::counts() const {
  return {lists_[static_cast<size_t>(Stage::Handshake)].size,
          lists_[static_cast<size_t>(Stage::Open)].size,
          lists_[static_cast<size_t>(Stage::Closing)].size};
}

// ---- a turn

void Hub::on_ready(std::span<const epoll_event> events) {
  const std::shared_ptr<Hub> alive = shared_from_this();
  ask_turn_end();
  for (const epoll_event& event : events) {
    if (event.data.ptr == this) {
      accept_some();
    } else {
      static_cast<Connection*>(event.data.ptr)->ready(event.events);
    }
  }
}

void Hub::ask_turn_end() {
  if (std::exchange(turn_end_asked_, true)) return;
  loop_.at_turn_end([self = shared_from_this()] { self->end_turn(); });
}

void Hub::end_turn() {
  if (abandoned_) return;
  // turn_end_asked_ stays set meanwhile: what the door writes when it hears of a drained or a
  // closed connection leaves in the next turn, or one client that reads fast could keep this one
  // from ending.
  std::vector<Connection*> attended;
  attended.swap(attended_);
  for (Connection* connection : attended) {
    connection->attended_ = false;
    connection->flush();
  }
  settle();
  if (attended_.empty()) {  // keeps its capacity
    attended.clear();
    attended_.swap(attended);
  }
  listen_if_possible();
  turn_end_asked_ = false;
  if (!again_.empty() || !attended_.empty() || !leaving_.empty()) {
    loop_.post([self = shared_from_this()] { self->read_those_with_more(); });
  }
  poll_->arm();
}

void Hub::settle() {
  std::vector<Connection*> leaving;
  leaving.swap(leaving_);
  for (Connection* connection : leaving) {
    connection->leaving_ = false;
    connection->tell_closed();
    if (connection->stage_ != Stage::Gone) continue;
    if (connection->attended_ || connection->again_ || connection->leaving_) {
      leave(*connection);  // another list still points to it
    } else {
      delete connection;
    }
  }
  const Counts now = counts();
  if (!stopping_ || now.handshakes + now.open + now.closing > 0 || !leaving_.empty()) return;
  for (const Pending<>& waiter : stopped_) waiter.resolve({});
  stopped_.clear();
}

void Hub::read_those_with_more() {
  if (abandoned_) return;
  ask_turn_end();
  std::vector<Connection*> again;
  again.swap(again_);
  for (Connection* connection : again) {
    connection->again_ = false;
    connection->read();
  }
}

void Hub::attend(Connection& connection) {
  ask_turn_end();
  if (!std::exchange(connection.attended_, true)) attended_.push_back(&connection);
}

void Hub::read_again(Connection& connection) {
  ask_turn_end();
  if (!std::exchange(connection.again_, true)) again_.push_back(&connection);
}

void Hub::leave(Connection& connection) {
  ask_turn_end();
  if (!std::exchange(connection.leaving_, true)) leaving_.push_back(&connection);
}

std::unique_ptr<Output> Hub::take_output() {
  if (pool_.empty()) {
    auto output = std::make_unique<Output>();
    output->bytes.reserve(kOutputBytes);
    return output;
  }
  std::unique_ptr<Output> output = std::move(pool_.back());
  pool_.pop_back();
  pool_bytes_ -= output->bytes.capacity();
  return output;
}

void Hub::give_back(std::unique_ptr<Output> output) {
  const size_t bytes = output->bytes.capacity();
  if (bytes > kPoolPieceBytesMax || pool_bytes_ + bytes > kPoolBytesMax) return;
  output->bytes.clear();
  output->sent = 0;
  output->head_bytes = 0;
  pool_bytes_ += bytes;
  pool_.push_back(std::move(output));
}

// ---- stages and their deadlines

void Hub::move(Connection& connection, Stage to) {
  unlink(connection);
  connection.stage_ = to;
  if (to == Stage::Gone) return forget_origin(connection.peer_);
  if (to == Stage::Open) return link(connection);
  const auto timeout = to == Stage::Handshake ? options_.handshake_timeout : options_.close_timeout;
  connection.deadline_ms_ = now_ms() + static_cast<uint32_t>(timeout.count());
  link(connection);
  arm_timer();
}

void Hub::link(Connection& connection) {
  List& to = list(connection.stage_);
  connection.previous_ = to.last;
  connection.next_ = nullptr;
  (to.last == nullptr ? to.first : to.last->next_) = &connection;
  to.last = &connection;
  ++to.size;
}

void Hub::unlink(Connection& connection) {
  List& from = list(connection.stage_);
  (connection.previous_ == nullptr ? from.first : connection.previous_->next_) = connection.next_;
  (connection.next_ == nullptr ? from.last : connection.next_->previous_) = connection.previous_;
  --from.size;
}

uint32_t Hub::now_ms() const {
  const auto since = std::chrono::steady_clock::now() - start_;
  return static_cast<uint32_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(since).count());
}

void Hub::arm_timer() {
  if (timer_ != 0) return;
  timer_ = loop_.after(timer_period(options_), [self = shared_from_this()] { self->expire(); });
}

void Hub::expire() {
  timer_ = 0;
  if (abandoned_) return;
  const uint32_t now = now_ms();
  List& closing = list(Stage::Closing);
  while (closing.first != nullptr && reached(now, closing.first->deadline_ms_)) {
    closing.first->drop();
  }
  List& handshakes = list(Stage::Handshake);
  while (handshakes.first != nullptr && reached(now, handshakes.first->deadline_ms_)) {
    handshakes.first->refuse(refusal("408 Request Timeout", "", "no upgrade request in time"));
  }
  out_of_descriptors_ = false;
  listen_if_possible();
  if (closing.size + handshakes.size > 0) arm_timer();
}

// ---- the end

Task<> Hub::stop() {
  // Lives until the last connection has been settled, whoever lets go of the listener.
  const std::shared_ptr<Hub> self = shared_from_this();
  if (!std::exchange(stopping_, true)) {
    ::close(std::exchange(listening_, -1));
    if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
    while (lists_[0].first != nullptr) lists_[0].first->drop();
    List& open = list(Stage::Open);
    while (open.first != nullptr) {
      open.first->close(api::CloseCode::GoingAway, "the server is stopping");
    }
  }
  Pending<> done;
  stopped_.push_back(done);
  ask_turn_end();  // settles at once when there is nobody
  co_await done.wait({});
}

void Hub::abandon() {
  if (std::exchange(abandoned_, true)) return;
  if (timer_ != 0) loop_.cancel(timer_);
  if (listening_ >= 0) ::close(std::exchange(listening_, -1));
  if (reserve_ >= 0) ::close(std::exchange(reserve_, -1));
  for (List& each : lists_) {
    while (each.first != nullptr) {
      Connection* const connection = each.first;
      unlink(*connection);
      // Those that are leaving are deleted below, once.
      if (!connection->leaving_) delete connection;
    }
  }
  for (Connection* connection : leaving_) delete connection;
  leaving_.clear();
  poll_.reset();
}

}  // namespace flare::websocket
