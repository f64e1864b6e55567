// HttpServer: HTTP/1.1 for people and machines that look after the system: pages, REST, metrics,
// health. The control plane; chat traffic has transports of its own.
//
//   std::vector<Route> routes = {{.method = "GET", .path = "/healthz", .handler = ...}};
//   Result<std::unique_ptr<HttpServer>> server = HttpServer::open(loop, options, routes);
//   ...
//   co_await (*server)->stop();
//
// Connections are kept alive, HEAD is answered by GET's handler without the body, and an ETag that
// the client has already becomes 304. Every answer carries the security headers of a page that
// loads nothing from elsewhere. Errors are JSON: {"error":{"code":"NOT_FOUND","message":"..."}}.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flare/base/bytes.h"
#include "flare/base/context.h"
#include "flare/base/loop.h"
#include "flare/base/result.h"
#include "flare/base/task.h"

namespace flare::http {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;
  std::string path;   // decoded: "/a b"
  std::string query;  // as it came, without the "?"
  HttpHeaders headers;
  std::string body;
  std::string peer;  // "127.0.0.1:5000"

  // Without regard to case; empty when absent.
  std::string_view header(std::string_view name) const;
  // Decoded; empty when absent.
  std::string parameter(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  Bytes body;
  std::string etag;  // with its quotes; empty: none
  std::string cache_control = "no-store";
  HttpHeaders headers;  // more of them
};

HttpResponse text_response(std::string text,
                           std::string content_type = "text/plain; charset=utf-8");
HttpResponse json_response(std::string json);

// What an Error looks like to an HTTP client: its status, Retry-After when it is worth one, JSON.
HttpResponse error_response(const Error& error);
int http_status(ErrorCode code);

// Given the context of the request: a trace of its own, and the deadline of request_timeout.
using HttpHandler = std::function<Task<HttpResponse>(Context, HttpRequest)>;

struct Route {
  std::string method;   // "GET" answers HEAD too
  std::string path;     // decoded
  bool prefix = false;  // everything below `path` too; the longest matching path wins
  HttpHandler handler;
};

// A file of the web console, held in memory.
struct Asset {
  std::string path;
  std::string content_type;
  Bytes bytes;
};

// GET routes with an ETag. Names that carry a hash of their content ("/assets/app-3f9c2b1a.js")
// are kept for a year, all others are asked for again each time.
std::vector<Route> asset_routes(std::vector<Asset> assets);

// "text/html; charset=utf-8" for "index.html"; "application/octet-stream" for what is unknown.
std::string_view content_type_of(std::string_view path);

struct Options {
  std::string address = "127.0.0.1:60080";            // port 0: any that is free
  size_t body_bytes_max = 1024 * 1024;                // above: 413
  size_t connections_max = 1024;                      // above: accepted when another has gone
  std::chrono::milliseconds request_timeout{30'000};  // to receive one, and to handle one
  std::chrono::milliseconds idle_timeout{60'000};     // between two requests of a connection
};

class HttpServer {
 public:
  struct Impl;  // for its sessions

  // Listens when it returns; `loop` must outlive the server. Fails with InvalidArgument for an
  // address or routes that make no sense, Unavailable when the address cannot be bound.
  static Result<std::unique_ptr<HttpServer>> open(Loop& loop, Options options,
                                                  std::vector<Route> routes);

  // Loop thread, or after the loop ended; after stop().
  ~HttpServer();

  std::string local_address() const;

  // Loop thread. Accepts no more, ends idle connections, lets requests finish within
  // request_timeout. Safe to repeat.
  Task<> stop();

 private:
  explicit HttpServer(std::shared_ptr<Impl> impl);

  const std::shared_ptr<Impl> impl_;
};

}  // namespace flare::http
