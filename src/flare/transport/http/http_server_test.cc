#include "flare/transport/http/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <future>
#include <thread>

#include "flare/base/pending.h"
#include "flare/base/scope.h"

namespace flare::http {
namespace {

using namespace std::chrono_literals;

// Says what it is told to and reads one answer at a time.
class RawClient {
 public:
  explicit RawClient(const std::string& address) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connected_ = connect(descriptor_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~RawClient() { ::close(descriptor_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const { return connected_; }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(unread_, {});
  }

  // Head and body of one answer, by its Content-Length.
  std::string read_answer(bool bodiless = false) {
    size_t end = std::string::npos;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) return std::exchange(unread_, {});
    }
    size_t size = end + 4;
    const size_t length = unread_.find("Content-Length: ");
    if (!bodiless && length < end) size += std::stoul(unread_.substr(length + 16));
    while (unread_.size() < size && fill()) {
    }
    std::string answer = unread_.substr(0, size);
    unread_.erase(0, size);
    return answer;
  }

 private:
  bool fill() {
    char bytes[64 * 1024];
    const ssize_t got = recv(descriptor_, bytes, sizeof bytes, 0);
    if (got <= 0) return false;
    unread_.append(bytes, static_cast<size_t>(got));
    return true;
  }

  int descriptor_;
  bool connected_;
  std::string unread_;
};

Task<HttpResponse> echo(Context ctx, HttpRequest request) {
  EXPECT_EQ(ctx.trace.size(), 15u);
  EXPECT_NE(ctx.deadline, TimePoint::max());
  co_return text_response(request.method + " " + request.path + " " + request.body);
}

Task<HttpResponse> refuse(Context, HttpRequest) {
  co_await fail(ErrorCode::NotFound, "no such user");
  co_return HttpResponse{};
}

Task<HttpResponse> split(Context, HttpRequest) {
  HttpResponse response;
  response.headers.emplace_back("X-Bad", "a\r\nX-Injected: b");
  co_return response;
}

std::atomic<int> started = 0;

Task<HttpResponse> slow(Context ctx, HttpRequest) {
  ++started;
  started.notify_all();
  co_await sleep_for(ctx, 50ms);
  co_return text_response("done");
}

Task<HttpResponse> forever(Context ctx, HttpRequest) {
  ++started;
  started.notify_all();
  co_await sleep_for(ctx, 1h);
  co_return HttpResponse{};
}

class StrictFaults final : public Faults {
 public:
  void report(std::string_view, const Error& error) override { ADD_FAILURE() << error.message; }
};

struct HttpServerTest : testing::Test {
  ~HttpServerTest() override {
    if (server != nullptr) stop();
    on_loop([&] { server.reset(); });
    loop.stop();
    thread.join();
  }

  void open() {
    started = 0;
    options.address = "127.0.0.1:0";
    std::vector<Route> routes = asset_routes(
        {{"/", "text/html; charset=utf-8", Bytes::copy("<html>")},
         {"/assets/app-3f9c2b1a.js", "text/javascript; charset=utf-8", Bytes::copy("let x")}});
    routes.push_back({"POST", "/echo", false, echo});
    routes.push_back({"PUT", "/echo", false, echo});
    routes.push_back({"GET", "/files", true, echo});
    routes.push_back({"GET", "/files/special", false, refuse});
    routes.push_back({"GET", "/split", false, split});
    routes.push_back({"GET", "/slow", false, slow});
    routes.push_back({"GET", "/forever", false, forever});
    on_loop([&] {
      auto opened = HttpServer::open(loop, options, std::move(routes));
      ASSERT_TRUE(opened) << opened.error().message;
      server = *std::move(opened);
      address = server->local_address();
    });
  }

  void on_loop(std::function<void()> function) {
    std::promise<void> done;
    loop.post([&] {
      function();
      done.set_value();
    });
    done.get_future().wait();
  }

  static Task<> stop_it(HttpServer* stopped, std::promise<void>* done) {
    co_await stopped->stop();
    done->set_value();
  }

  void stop() {
    std::promise<void> done;
    on_loop([&] { scope.spawn(stop_it(server.get(), &done)); });
    done.get_future().wait();
  }

  std::string ask(const std::string& request) {
    RawClient client(address);
    client.write(request);
    return client.read_answer(request.starts_with("HEAD"));
  }

  std::string get(const std::string& target, const std::string& headers = "") {
    return ask("GET " + target + " HTTP/1.1\r\nHost: here\r\n" + headers + "\r\n");
  }

  Options options;
  Loop loop{"http_test"};
  StrictFaults faults;
  Scope scope{"test", faults};
  std::unique_ptr<HttpServer> server;
  std::string address;
  std::thread thread{[this] { loop.run(); }};
};

TEST_F(HttpServerTest, RequestsOfOneConnectionAreAnsweredInOrder) {
  open();
  RawClient client(address);

  client.write(
      "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\none"
      "PUT /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n");

  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nPOST /echo one"));
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\nPUT /echo two"));
}

TEST_F(HttpServerTest, HttpOneZeroAndConnectionCloseEndTheConnection) {
  open();
  for (const char* request :
       {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"}) {
    RawClient client(address);

    client.write(request);

    EXPECT_TRUE(client.read_to_end().ends_with("<html>"));
  }
}

TEST_F(HttpServerTest, AssetsAreCachedByTheirContent) {
  open();

  const std::string page = get("/");
  const std::string script = get("/assets/app-3f9c2b1a.js");
  const size_t at = page.find("ETag: ") + 6;
  const std::string etag = page.substr(at, page.find("\r\n", at) - at);
  const std::string again = get("/", "If-None-Match: " + etag + "\r\n");

  EXPECT_TRUE(page.contains("\r\nContent-Type: text/html; charset=utf-8\r\n"));
  EXPECT_TRUE(page.contains("\r\nCache-Control: no-cache\r\n"));
  EXPECT_TRUE(script.contains("\r\nCache-Control: public, max-age=31536000, immutable\r\n"));
  EXPECT_TRUE(again.starts_with("HTTP/1.1 304 Not Modified\r\n")) << again;
  EXPECT_TRUE(again.contains("ETag: " + etag));
  EXPECT_TRUE(again.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, HeadIsGetWithoutTheBody) {
  open();

  const std::string head = ask("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_TRUE(head.contains("\r\nContent-Length: 6\r\n"));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST_F(HttpServerTest, EveryAnswerCarriesTheSecurityHeaders) {
  open();
  for (const char* target : {"/", "/none", "/files/special"}) {
    const std::string answer = get(target);

    EXPECT_TRUE(
        answer.contains("\r\nContent-Security-Policy: default-src 'self'; "
                        "connect-src 'self' ws: wss:; "));
    EXPECT_TRUE(answer.contains("\r\nX-Content-Type-Options: nosniff\r\n"));
    EXPECT_TRUE(answer.contains("\r\nX-Trace-Id: "));
  }
}

TEST_F(HttpServerTest, WhatIsNotThereIsSaidInJson) {
  open();

  EXPECT_TRUE(get("/none").starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(
      get("/none").ends_with(R"({"error":{"code":"NOT_FOUND","message":"nothing at /none"}})"));
  const std::string method = get("/echo");
  EXPECT_TRUE(method.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"));
  EXPECT_TRUE(method.contains("\r\nAllow: POST, PUT\r\n"));
}

TEST_F(HttpServerTest, TheLongestPathWins) {
  open();

  EXPECT_TRUE(get("/files/a%20b").ends_with("GET /files/a b "));
  EXPECT_TRUE(get("/files").ends_with("GET /files "));
  EXPECT_TRUE(get("/filesystem").starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(get("/files/special").ends_with("\"no such user\"}}"));
}

TEST_F(HttpServerTest, PathsThatClimbAreRefused) {
  open();
  for (const char* target :
       {"/files/../x", "/files/%2e%2e/x", "/files/..", "/a%00b", "/%zz", "*"}) {
    EXPECT_TRUE(get(target).starts_with("HTTP/1.1 400 ")) << target;
  }
}

TEST_F(HttpServerTest, WhatIsTooLargeIsRefused) {
  options.body_bytes_max = 100;
  open();
  RawClient client(address);
  RawClient chunked(address);

  client.write("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n" +
               std::string(101, 'x'));
  chunked.write("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nFF\r\n" +
                std::string(255, 'x') + "\r\n0\r\n\r\n");

  EXPECT_TRUE(client.read_to_end().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(chunked.read_to_end().starts_with("HTTP/1.1 413 "));
  EXPECT_TRUE(get("/", "X: " + std::string(20'000, 'x') + "\r\n").starts_with("HTTP/1.1 431 "));
}

TEST_F(HttpServerTest, NonsenseIsABadRequest) {
  open();

  EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(get("/", "Bad Header: x\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(HttpServerTest, AClientThatWaitsToContinueIsToldTo) {
  open();
  RawClient client(address);

  client.write(
      "POST /echo HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(client.read_answer(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.write("ok");

  EXPECT_TRUE(client.read_answer().ends_with("POST /echo ok"));
}

TEST_F(HttpServerTest, AHandlersHeaderCannotSplitTheAnswer) {
  open();

  const std::string answer = get("/split");

  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 "));
  EXPECT_FALSE(answer.contains("Injected"));
}

TEST_F(HttpServerTest, AHandlerHasADeadline) {
  options.request_timeout = 50ms;
  open();

  EXPECT_TRUE(get("/forever").starts_with("HTTP/1.1 504 "));
}

TEST_F(HttpServerTest, SilentClientsAreGivenUp) {
  options.request_timeout = 50ms;
  options.idle_timeout = 50ms;
  open();
  RawClient silent(address);
  RawClient idle(address);
  idle.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_TRUE(idle.read_to_end().ends_with("<html>"));
}

TEST_F(HttpServerTest, ConnectionsAboveTheLimitWait) {
  options.connections_max = 1;
  open();
  auto first = std::make_unique<RawClient>(address);
  first->write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(first->read_answer().ends_with("<html>"));
  RawClient second(address);
  second.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");

  first.reset();

  EXPECT_TRUE(second.read_answer().ends_with("<html>"));
}

TEST_F(HttpServerTest, StopLetsRequestsFinish) {
  open();
  RawClient idle(address);
  idle.write("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_answer();
  RawClient busy(address);
  busy.write("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  started.wait(0);

  std::thread stopping([this] { stop(); });

  EXPECT_EQ(idle.read_to_end(), "");
  const std::string answer = busy.read_to_end();
  EXPECT_TRUE(answer.ends_with("\r\n\r\ndone")) << answer;
  EXPECT_TRUE(answer.contains("\r\nConnection: close\r\n"));
  stopping.join();
  EXPECT_FALSE(RawClient(address).connected());
}

TEST_F(HttpServerTest, StopCancelsWhatDoesNotFinish) {
  options.request_timeout = 100ms;
  open();
  RawClient stuck(address);
  stuck.write("GET /forever HTTP/1.1\r\nHost: h\r\n\r\n");
  started.wait(0);

  stop();

  const std::string answer = stuck.read_to_end();
  EXPECT_TRUE(answer.empty() || answer.starts_with("HTTP/1.1 504 ")) << answer;
}

TEST_F(HttpServerTest, OptionsThatMakeNoSenseAreRefused) {
  options.address = "localhost:80";
  EXPECT_EQ(HttpServer::open(loop, options, {}).error().code, ErrorCode::InvalidArgument);
  options.address = "127.0.0.1:0";
  EXPECT_EQ(HttpServer::open(loop, options, {{"GET", "x", false, echo}}).error().code,
            ErrorCode::InvalidArgument);
}

}  // namespace
}  // namespace flare::http
