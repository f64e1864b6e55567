// The connection behind Client: a WebSocket on a loop that runs only while somebody waits.
#include <google/protobuf/util/json_util.h>

#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <map>
#include <set>

#include "failures.h"
#include "flare/sdk/client.h"
#include "url.h"

namespace flare::sdk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;
using Deadline = Clock::time_point;
using std::chrono::milliseconds;

// A history page of 200 messages of 64 KiB, as JSON with its base64, with room to spare.
constexpr size_t kFrameBytesMax = 64u << 20;
constexpr milliseconds kGoodbyeTimeout{1'000};

const char* subprotocol(Encoding encoding) {
  return encoding == Encoding::Json ? "flare.v1.json" : "flare.v1.proto";
}

}  // namespace

class Client::Connection {
 public:
  explicit Connection(ConnectOptions options) : options_(std::move(options)) {}

  Result<> open();
  void logged_in(const wire::Welcome& welcome) {
    heartbeat_ = milliseconds(welcome.heartbeat_ms());
  }

  Result<uint64_t> start(wire::Frame frame, Deadline deadline);
  Result<wire::Frame> finish(uint64_t request_id, Deadline deadline);
  Result<> write(const wire::Frame& frame, Deadline deadline);
  Result<std::optional<wire::Frame>> next_push(Deadline deadline);
  void wake();
  void close();
  bool closed() const { return end_.has_value(); }
  const std::string& client_name() const { return options_.client_name; }

  Deadline deadline_in(milliseconds timeout) const {
    return Clock::now() + (timeout.count() > 0 ? timeout : options_.request_timeout);
  }

 private:
  template <class Done>
  bool run_until(Deadline deadline, Done done);
  template <class Start>
  Result<> step(Deadline deadline, const std::string& what, Start start);
  Result<> connect_to(const tcp::endpoint& endpoint, const std::string& where, Deadline deadline);
  void keep_alive();
  void enqueue(const wire::Frame& frame);
  void write_next();
  void read_next();
  void on_read(error_code error);
  bool decode(wire::Frame& frame) const;
  void end(Error error);

  const ConnectOptions options_;
  milliseconds heartbeat_{};  // 0: not logged in

  asio::io_context loop_;
  asio::executor_work_guard<asio::io_context::executor_type> work_ = asio::make_work_guard(loop_);
  websocket::stream<tcp::socket> socket_{loop_};
  websocket::response_type upgrade_;
  std::optional<error_code> outcome_;  // of the step open() waits for

  beast::flat_buffer buffer_;
  std::deque<std::string> outgoing_;  // the front one is being written
  uint64_t queued_ = 0;               // frames ever given to outgoing_, and
  uint64_t written_ = 0;              // how many of them left it
  Deadline last_write_ = Clock::now();

  uint64_t last_request_id_ = 0;
  std::set<uint64_t> awaited_;
  std::map<uint64_t, wire::Frame> answers_;
  std::deque<wire::Frame> pushes_;
  std::optional<Error> end_;  // why the connection is over
  std::atomic<bool> woken_ = false;
};

// Runs the loop until `done` holds, or the deadline: then false.
template <class Done>
bool Client::Connection::run_until(Deadline deadline, Done done) {
  loop_.restart();
  loop_.poll();  // what has already arrived counts, even with a deadline in the past
  while (!done()) {
    if (Clock::now() >= deadline) return false;
    keep_alive();
    const bool beats = heartbeat_.count() > 0 && options_.heartbeats && !end_;
    const Deadline look_again = beats ? Clock::now() + heartbeat_ / 4 : deadline;
    loop_.run_one_until(std::min(deadline, look_again));
  }
  return true;
}

void Client::Connection::keep_alive() {
  if (!options_.heartbeats || heartbeat_.count() == 0 || end_) return;
  if (Clock::now() - last_write_ < heartbeat_ / 2) return;
  wire::Frame frame;
  frame.set_request_id(++last_request_id_);  // not awaited: the Pong is dropped on arrival
  frame.mutable_ping();
  enqueue(frame);
}

template <class Start>
Result<> Client::Connection::step(Deadline deadline, const std::string& what, Start start) {
  outcome_.reset();
  start();
  if (!run_until(deadline, [this] { return outcome_.has_value(); })) {
    return std::unexpected(timed_out(what));
  }
  if (*outcome_) {
    return std::unexpected(cannot_connect(what + ": " + outcome_->message()));
  }
  return {};
}

Result<> Client::Connection::open() {
  const Deadline deadline = Clock::now() + options_.connect_timeout;
  const Result<Url> url = parse_url(options_.url);
  if (!url) return std::unexpected(url.error());

  tcp::resolver resolver(loop_);
  tcp::resolver::results_type endpoints;
  Result<> done = step(deadline, "look up " + url->host, [&] {
    resolver.async_resolve(url->host, url->port,
                           [&](error_code error, tcp::resolver::results_type found) {
                             endpoints = std::move(found);
                             outcome_ = error;
                           });
  });
  if (!done) return done;
  done = std::unexpected(cannot_connect("no address"));
  for (const auto& entry : endpoints) {
    done = connect_to(entry.endpoint(), url->authority(), deadline);
    if (done) break;
  }
  if (!done) return done;

  socket_.next_layer().set_option(tcp::no_delay(true));
  socket_.read_message_max(kFrameBytesMax);
  socket_.binary(options_.encoding == Encoding::Proto);
  socket_.set_option(websocket::stream_base::decorator([this](websocket::request_type& upgrade) {
    upgrade.set(beast::http::field::sec_websocket_protocol, subprotocol(options_.encoding));
    upgrade.set(beast::http::field::user_agent, options_.client_name);
  }));
  done = step(deadline, "open a WebSocket with " + url->authority(), [&] {
    socket_.async_handshake(upgrade_, url->authority(), url->path,
                            [this](error_code error) { outcome_ = error; });
  });
  if (!done) {
    if (upgrade_.result_int() >= 300) {
      done.error().message += " (HTTP " + std::to_string(upgrade_.result_int()) + ")";
    }
    return done;
  }
  if (upgrade_[beast::http::field::sec_websocket_protocol] != subprotocol(options_.encoding)) {
    return std::unexpected(
        cannot_connect(url->authority() + " does not speak " + subprotocol(options_.encoding)));
  }
  last_write_ = Clock::now();
  read_next();
  return {};
}

Result<> Client::Connection::connect_to(const tcp::endpoint& endpoint, const std::string& where,
                                        Deadline deadline) {
  auto& socket = socket_.next_layer();
  error_code ignored;
  socket.close(ignored);
  socket.open(endpoint.protocol(), ignored);
  if (options_.receive_buffer_bytes > 0) {
    // Before connecting, or the window offered to the server would already be the large one.
    socket.set_option(asio::socket_base::receive_buffer_size(options_.receive_buffer_bytes),
                      ignored);
  }
  return step(deadline, "connect to " + where, [&] {
    socket.async_connect(endpoint, [this](error_code error) { outcome_ = error; });
  });
}

Result<uint64_t> Client::Connection::start(wire::Frame frame, Deadline deadline) {
  const uint64_t request_id = ++last_request_id_;
  frame.set_request_id(request_id);
  awaited_.insert(request_id);
  if (Result<> sent = write(frame, deadline); !sent) {
    awaited_.erase(request_id);
    return std::unexpected(sent.error());
  }
  return request_id;
}

Result<wire::Frame> Client::Connection::finish(uint64_t request_id, Deadline deadline) {
  run_until(deadline, [&] { return answers_.contains(request_id) || end_; });
  awaited_.erase(request_id);
  auto answer = answers_.extract(request_id);
  if (!answer.empty()) {
    if (answer.mapped().has_error()) return std::unexpected(refused(answer.mapped().error()));
    return std::move(answer.mapped());
  }
  if (end_) return std::unexpected(*end_);
  return std::unexpected(timed_out("no answer from the server"));
}

Result<> Client::Connection::write(const wire::Frame& frame, Deadline deadline) {
  if (end_) return std::unexpected(*end_);
  enqueue(frame);
  const uint64_t mine = queued_;
  run_until(deadline, [&] { return written_ >= mine || end_; });
  if (written_ >= mine) return {};
  return std::unexpected(end_ ? *end_ : timed_out("the server does not read"));
}

Result<std::optional<wire::Frame>> Client::Connection::next_push(Deadline deadline) {
  run_until(deadline, [this] { return !pushes_.empty() || end_ || woken_; });
  woken_ = false;
  if (!pushes_.empty()) {
    wire::Frame frame = std::move(pushes_.front());
    pushes_.pop_front();
    return frame;
  }
  if (end_) return std::unexpected(*end_);
  return std::nullopt;
}

void Client::Connection::wake() {
  woken_ = true;
  asio::post(loop_, [] {});  // makes the loop look at its condition again
}

void Client::Connection::enqueue(const wire::Frame& frame) {
  std::string bytes;
  if (options_.encoding == Encoding::Json) {
    // Fails only for a frame that holds text which is not UTF-8; the server says what it thinks.
    if (!google::protobuf::util::MessageToJsonString(frame, &bytes).ok()) bytes.clear();
  } else {
    frame.SerializeToString(&bytes);
  }
  outgoing_.push_back(std::move(bytes));
  ++queued_;
  last_write_ = Clock::now();
  if (outgoing_.size() == 1) write_next();
}

void Client::Connection::write_next() {
  socket_.async_write(asio::buffer(outgoing_.front()), [this](error_code error, size_t) {
    // The end of the connection is told by the reading side: the server's goodbye, which says why,
    // may be there already, unread.
    if (error) return;
    ++written_;
    outgoing_.pop_front();
    if (!outgoing_.empty()) write_next();
  });
}

void Client::Connection::read_next() {
  socket_.async_read(buffer_, [this](error_code error, size_t) { on_read(error); });
}

void Client::Connection::on_read(error_code error) {
  // The goodbye counts even when answering it failed because the server did not wait for that.
  const websocket::close_reason& reason = socket_.reason();
  if (error == websocket::error::closed || (error && reason)) {
    return end(sdk::closed("code " + std::to_string(reason.code) + " " +
                           std::string(reason.reason.data(), reason.reason.size())));
  }
  if (error) return end(sdk::closed(error.message()));
  wire::Frame frame;
  if (!decode(frame)) {
    return end(malformed("bytes that are no frame"));
  }
  buffer_.consume(buffer_.size());
  if (frame.request_id() == 0) {
    pushes_.push_back(std::move(frame));
  } else if (awaited_.contains(frame.request_id())) {
    answers_[frame.request_id()] = std::move(frame);
  }
  read_next();
}

bool Client::Connection::decode(wire::Frame& frame) const {
  const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
  if (options_.encoding == Encoding::Proto) {
    return socket_.got_binary() &&
           frame.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  }
  google::protobuf::util::JsonParseOptions lenient;
  lenient.ignore_unknown_fields = true;  // a newer server is no error
  return socket_.got_text() &&
         google::protobuf::util::JsonStringToMessage(std::string(bytes), &frame, lenient).ok();
}

// The first reason is the true one: what fails after it fails because of it.
void Client::Connection::end(Error error) {
  if (!end_) end_ = std::move(error);
}

void Client::Connection::close() {
  if (end_) return;
  auto answered = std::make_shared<bool>(false);  // outlives this call when the server is silent
  socket_.async_close(websocket::close_code::normal, [answered](error_code) { *answered = true; });
  run_until(Clock::now() + kGoodbyeTimeout, [&] { return *answered; });
  error_code ignored;
  socket_.next_layer().close(ignored);
  end(sdk::closed("closed by this client"));
}

// ---- Client, as far as it is more than a request

Client::Client(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;
Client::~Client() = default;

Result<Client> Client::connect(ConnectOptions options) {
  auto connection = std::make_unique<Connection>(std::move(options));
  if (Result<> open = connection->open(); !open) return std::unexpected(open.error());
  return Client(std::move(connection));
}

Result<wire::Welcome> Client::login(const std::string& token) {
  wire::Frame frame;
  frame.mutable_hello()->set_token(token);
  frame.mutable_hello()->set_client(connection_->client_name());
  Result<wire::Frame> answer = request(std::move(frame));
  if (!answer) return std::unexpected(answer.error());
  if (!answer->has_welcome()) {
    return std::unexpected(malformed("Hello not answered by Welcome"));
  }
  connection_->logged_in(answer->welcome());
  return std::move(*answer->mutable_welcome());
}

Result<wire::Frame> Client::request(wire::Frame frame, milliseconds timeout) {
  const Deadline deadline = connection_->deadline_in(timeout);
  const Result<uint64_t> request_id = connection_->start(std::move(frame), deadline);
  if (!request_id) return std::unexpected(request_id.error());
  return connection_->finish(*request_id, deadline);
}

Result<uint64_t> Client::start(wire::Frame frame) {
  return connection_->start(std::move(frame), connection_->deadline_in({}));
}

Result<wire::Frame> Client::finish(uint64_t request_id, milliseconds timeout) {
  return connection_->finish(request_id, connection_->deadline_in(timeout));
}

Result<> Client::post(const wire::Frame& frame) {
  return connection_->write(frame, connection_->deadline_in({}));
}

Result<std::optional<wire::Frame>> Client::next_push(milliseconds timeout) {
  return connection_->next_push(Clock::now() + timeout);
}

void Client::wake() { connection_->wake(); }
void Client::close() { connection_->close(); }
bool Client::closed() const { return connection_->closed(); }

}  // namespace flare::sdk
