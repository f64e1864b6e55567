#include "flare/transport/http/http_server.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <charconv>
#include <optional>
#include <random>
#include <unordered_set>

#include "flare/base/log.h"
#include "flare/base/pending.h"
#include "flare/base/scope.h"
#include "flare/transport/http/text.h"

namespace flare::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using tcp = asio::ip::tcp;
using ErrorOf = beast::error_code;

constexpr uint32_t kHeaderBytesMax = 16 * 1024;

// How long a client may take to see that its connection is over.
constexpr std::chrono::seconds kLinger{2};

// After descriptors ran out.
constexpr std::chrono::milliseconds kAcceptBackoff{100};

// Pages load nothing from elsewhere and are framed by nobody; a WebSocket may be on another port.
constexpr std::string_view kSecurityHeaders =
    "Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: no-referrer\r\n";

HttpResponse problem(int status, std::string_view code, std::string_view message) {
  HttpResponse response = json_response(error_json(code, message));
  response.status = status;
  return response;
}

bool matches(const Route& route, std::string_view path) {
  if (!path.starts_with(route.path)) return false;
  if (path.size() == route.path.size()) return true;
  return route.prefix && (route.path.ends_with('/') || path[route.path.size()] == '/');
}

// Climbing out of a prefix is never meant well, and a zero ends a name early elsewhere.
bool safe_path(std::string_view path) {
  return path.starts_with('/') && !path.contains("/../") && !path.ends_with("/..") &&
         !path.contains('\0');
}

std::string new_trace() {
  thread_local std::mt19937_64 random{std::random_device{}()};
  std::string trace(15, '0');
  uint64_t number = random();
  for (char& digit : trace) {
    digit = "0123456789abcdef"[number & 15];
    number >>= 4;
  }
  return trace;
}

void log_failure(const HttpRequest& request, const Error& error, const std::string& trace) {
  const bool bug = error.code == ErrorCode::Internal || error.code == ErrorCode::DataLoss;
  const auto log = bug ? log_error : http_status(error.code) >= 500 ? log_warning : log_debug;
  log("http_request_failed",
      {{"method", request.method}, {"path", request.path}, {"error", error}, {"trace", trace}});
}

Result<tcp::endpoint> parse_endpoint(const std::string& text) {
  const auto refuse = [&] {
    return fail(ErrorCode::InvalidArgument,
                "http: address \"" + text + "\" is not like 127.0.0.1:60080 or [::1]:60080");
  };
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos) return refuse();
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data() + colon + 1, end, port);
  ErrorOf bad_host;
  const asio::ip::address address = asio::ip::make_address(host, bad_host);
  if (error != std::errc() || parsed != end || bad_host) return refuse();
  return tcp::endpoint(address, port);
}

std::string to_text(const tcp::endpoint& endpoint) {
  const std::string host = endpoint.address().to_string();
  return (endpoint.address().is_v6() ? "[" + host + "]" : host) + ":" +
         std::to_string(endpoint.port());
}

class Silent final : public Faults {
 public:
  // A request ends with an answer, whatever happens; its task does not fail.
  void report(std::string_view scope, const Error& error) override {
    log_error("http_task_failed", {{"scope", scope}, {"error", error}});
  }
};

}  // namespace

class Session;

struct HttpServer::Impl : std::enable_shared_from_this<HttpServer::Impl> {
  Impl(Loop& server_loop, Options server_options, std::vector<Route> server_routes)
      : loop(server_loop), options(std::move(server_options)), routes(std::move(server_routes)) {}

  Result<void> open();
  void accept();
  void ended(Session* session);
  // The route for it, or the answer that there is none.
  std::expected<const Route*, HttpResponse> find(const HttpRequest& request) const;
  Task<HttpResponse> handle(HttpRequest request, std::string trace);
  Task<> stop();

  Loop& loop;
  const Options options;
  const std::vector<Route> routes;
  std::string local_address;

  // Belongs to the loop.
  tcp::acceptor acceptor{loop.io()};
  std::unordered_set<Session*> sessions;
  Silent faults;
  Scope requests{"http", faults};
  bool accepting = false;
  bool stopping = false;
  std::vector<Pending<>> stopped;
};

// One connection: reads a request, has it handled, writes the answer, begins anew. Kept alive by
// the operation under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<HttpServer::Impl> server, tcp::socket socket, std::string peer)
      : server_(std::move(server)), stream_(std::move(socket)), peer_(std::move(peer)) {
    server_->sessions.insert(this);
  }
  ~Session() { server_->ended(this); }

  void read_head(std::chrono::milliseconds patience);

  // The server is stopping: idle connections end at once, others after their answer.
  void wind_up() {
    if (idle_) abort();
  }
  void abort() { stream_.close(); }

 private:
  void read_body();
  void refuse(const ErrorOf& error);
  void serve();
  static Task<> answer(std::shared_ptr<Session> self, HttpRequest request);
  void write(HttpResponse response, bool head_only);
  void linger();
  void throw_away();

  const std::shared_ptr<HttpServer::Impl> server_;
  beast::tcp_stream stream_;
  const std::string peer_;
  beast::flat_buffer buffer_{kHeaderBytesMax + 64 * 1024};
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  std::string trace_;
  std::string head_;
  Bytes body_;
  bool idle_ = true;
  bool keep_alive_ = false;
};

void Session::read_head(std::chrono::milliseconds patience) {
  idle_ = true;
  if (server_->stopping) return abort();
  parser_.emplace();
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(server_->options.body_bytes_max);
  stream_.expires_after(patience);
  beast::http::async_read_header(
      stream_, buffer_, *parser_, [self = shared_from_this()](const ErrorOf& error, size_t) {
        self->idle_ = false;
        self->keep_alive_ = false;
        self->trace_ = new_trace();
        if (error) return self->refuse(error);
        const auto expect = self->parser_->get()[beast::http::field::expect];
        if (!same_text({expect.data(), expect.size()}, "100-continue")) return self->read_body();
        self->head_ = "HTTP/1.1 100 Continue\r\n\r\n";
        asio::async_write(self->stream_, asio::buffer(self->head_),
                          [self](const ErrorOf& unsent, size_t) {
                            if (!unsent) self->read_body();
                          });
      });
}

void Session::read_body() {
  stream_.expires_after(server_->options.request_timeout);
  beast::http::async_read(stream_, buffer_, *parser_,
                          [self = shared_from_this()](const ErrorOf& error, size_t) {
                            if (error) return self->refuse(error);
                            self->serve();
                          });
}

// A client that is gone or silent gets nothing; one that spoke badly is told how.
void Session::refuse(const ErrorOf& error) {
  using Refused = beast::http::error;
  if (error == Refused::body_limit) {
    return write(problem(413, "INVALID_ARGUMENT", "the body is too large"), false);
  }
  if (error == Refused::header_limit) {
    return write(problem(431, "INVALID_ARGUMENT", "the headers are too large"), false);
  }
  const bool left = error == Refused::end_of_stream || error == Refused::partial_message;
  if (left || error.category() != make_error_code(Refused::bad_method).category()) return abort();
  write(problem(400, "INVALID_ARGUMENT", "not an HTTP/1.1 request"), false);
}

void Session::serve() {
  auto message = parser_->release();
  keep_alive_ = message.keep_alive();
  stream_.expires_never();  // handlers have a deadline of their own

  HttpRequest request;
  request.method = message.method_string();
  const std::string target(message.target());
  const size_t question = std::min(target.find('?'), target.size());
  std::optional<std::string> path = percent_decoded(std::string_view(target).substr(0, question));
  if (!path || !safe_path(*path)) {
    return write(problem(400, "INVALID_ARGUMENT", "malformed path"), false);
  }
  request.path = *std::move(path);
  request.query = target.substr(std::min(question + 1, target.size()));
  for (const auto& field : message) {
    request.headers.emplace_back(field.name_string(), field.value());
  }
  request.body = std::move(message.body());
  request.peer = peer_;
  server_->requests.spawn(answer(shared_from_this(), std::move(request)));
}

Task<> Session::answer(std::shared_ptr<Session> self, HttpRequest request) {
  const bool head_only = request.method == "HEAD";
  const bool cacheable = head_only || request.method == "GET";
  const std::string known(request.header("If-None-Match"));
  HttpResponse response = co_await self->server_->handle(std::move(request), self->trace_);
  if (cacheable && response.status == 200 && !response.etag.empty() &&
      etag_listed(known, response.etag)) {
    response.status = 304;
  }
  self->write(std::move(response), head_only);
}

void Session::write(HttpResponse response, bool head_only) {
  if (server_->stopping) keep_alive_ = false;
  const std::string_view reason =
      beast::http::obsolete_reason(static_cast<beast::http::status>(response.status));
  const bool bodiless = response.status == 304 || response.status == 204;
  head_ = "HTTP/1.1 " + std::to_string(response.status) + " " + std::string(reason) + "\r\n";
  const auto add = [this](std::string_view name, std::string_view value) {
    if (!value.empty()) head_.append(name).append(": ").append(value).append("\r\n");
  };
  if (!bodiless) {
    add("Content-Type", response.content_type);
    add("Content-Length", std::to_string(response.body.size()));
  }
  add("ETag", response.etag);
  add("Cache-Control", response.cache_control);
  add("X-Trace-Id", trace_);
  if (!keep_alive_) add("Connection", "close");
  for (const auto& [name, value] : response.headers) add(name, value);
  head_.append(kSecurityHeaders).append("\r\n");

  body_ = bodiless || head_only ? Bytes() : std::move(response.body);
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(head_), asio::buffer(body_.view().data(), body_.view().size())};
  stream_.expires_after(server_->options.request_timeout);
  asio::async_write(stream_, buffers, [self = shared_from_this()](const ErrorOf& error, size_t) {
    self->body_ = {};
    if (error) return self->abort();
    if (!self->keep_alive_) return self->linger();
    self->read_head(self->server_->options.idle_timeout);
  });
}

// Closing with unread bytes would reset the connection and could take the answer with it.
void Session::linger() {
  ErrorOf ignored;
  stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  stream_.expires_after(kLinger);
  throw_away();
}

void Session::throw_away() {
  buffer_.clear();
  stream_.async_read_some(buffer_.prepare(kHeaderBytesMax),
                          [self = shared_from_this()](const ErrorOf& error, size_t) {
                            if (error) return self->abort();
                            self->throw_away();
                          });
}

Result<void> HttpServer::Impl::open() {
  const Result<tcp::endpoint> endpoint = parse_endpoint(options.address);
  if (!endpoint) return fail(endpoint.error());
  for (const Route& route : routes) {
    if (!route.path.starts_with('/') || route.method.empty() || !route.handler) {
      return fail(ErrorCode::InvalidArgument,
                  "http: route \"" + route.path + "\" needs a method, a handler and a leading /");
    }
  }
  ErrorOf error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  if (error) {
    return fail(ErrorCode::Unavailable, "http: " + options.address + ": " + error.message());
  }
  local_address = to_text(acceptor.local_endpoint());
  accept();
  return {};
}

void HttpServer::Impl::accept() {
  if (stopping || accepting || sessions.size() >= options.connections_max) return;
  accepting = true;
  acceptor.async_accept([self = shared_from_this()](const ErrorOf& error, tcp::socket socket) {
    self->accepting = false;
    if (self->stopping) return;
    if (error) {
      log_warning("http_accept_failed", {{"error", error.message()}});
      self->loop.after(kAcceptBackoff, [self] { self->accept(); });
      return;
    }
    ErrorOf gone;
    const tcp::endpoint peer = socket.remote_endpoint(gone);
    socket.set_option(tcp::no_delay(true), gone);
    if (!gone) {
      std::make_shared<Session>(self, std::move(socket), to_text(peer))
          ->read_head(self->options.request_timeout);
    }
    self->accept();
  });
}

void HttpServer::Impl::ended(Session* session) {
  sessions.erase(session);
  if (!stopping) return accept();
  if (!sessions.empty()) return;
  for (const Pending<>& waiter : stopped) waiter.resolve({});
  stopped.clear();
}

std::expected<const Route*, HttpResponse> HttpServer::Impl::find(const HttpRequest& request) const {
  const std::string_view method =
      request.method == "HEAD" ? "GET" : std::string_view(request.method);
  const Route* best = nullptr;
  for (const Route& route : routes) {
    if (!matches(route, request.path)) continue;
    const bool longer = best == nullptr || route.path.size() > best->path.size();
    const bool fits = route.path == (best ? best->path : route.path) && route.method == method;
    if (longer || fits) best = &route;
  }
  if (best == nullptr) {
    return std::unexpected(problem(404, "NOT_FOUND", "nothing at " + request.path));
  }
  if (best->method == method) return best;

  std::string allowed;
  for (const Route& route : routes) {
    if (route.path != best->path || !matches(route, request.path)) continue;
    allowed.append(allowed.empty() ? "" : ", ").append(route.method);
    if (route.method == "GET") allowed += ", HEAD";
  }
  HttpResponse refusal = problem(405, "INVALID_ARGUMENT", "this method is not offered here");
  refusal.headers.emplace_back("Allow", allowed);
  return std::unexpected(std::move(refusal));
}

Task<HttpResponse> HttpServer::Impl::handle(HttpRequest request, std::string trace) {
  std::expected<const Route*, HttpResponse> route = find(request);
  if (!route) co_return std::move(route).error();

  Context ctx;
  ctx.trace = trace;
  ctx.deadline = std::chrono::steady_clock::now() + options.request_timeout;
  ctx.stop = requests.stop_token();
  HttpRequest logged;
  logged.method = request.method;
  logged.path = request.path;
  Result<HttpResponse> response =
      co_await attempt((*route)->handler(std::move(ctx), std::move(request)));
  if (response) {
    const bool sound = std::ranges::all_of(response->headers, [](const auto& header) {
      return valid_header_value(header.first) && valid_header_value(header.second);
    });
    if (sound && valid_header_value(response->content_type)) co_return *std::move(response);
    response = fail(ErrorCode::Internal, "a header would hold a control character");
  }
  log_failure(logged, response.error(), trace);
  co_return error_response(response.error());
}

Task<> HttpServer::Impl::stop() {
  const std::shared_ptr<Impl> self = shared_from_this();
  stopping = true;
  ErrorOf ignored;
  acceptor.close(ignored);
  const auto all = [this](void (Session::*what)()) {
    // A session may end, and leave the set, while it is told.
    const std::vector<Session*> now(sessions.begin(), sessions.end());
    for (Session* session : now) {
      if (sessions.contains(session)) (session->*what)();
    }
  };
  all(&Session::wind_up);
  if (!sessions.empty()) {
    Pending<> done;
    stopped.push_back(done);
    Context grace;
    grace.deadline = std::chrono::steady_clock::now() + options.request_timeout;
    if (Result<void> in_time = co_await attempt(done.wait(std::move(grace))); !in_time) {
      all(&Session::abort);
    }
  }
  co_await requests.close();
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(Loop& loop, Options options,
                                                     std::vector<Route> routes) {
  auto impl = std::make_shared<Impl>(loop, std::move(options), std::move(routes));
  if (Result<void> opened = impl->open(); !opened) return fail(std::move(opened).error());
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() {
  impl_->stopping = true;
  ErrorOf ignored;
  impl_->acceptor.close(ignored);
}

std::string HttpServer::local_address() const { return impl_->local_address; }
Task<> HttpServer::stop() { return impl_->stop(); }

}  // namespace flare::http
