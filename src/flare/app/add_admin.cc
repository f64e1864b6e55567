#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include "flare/app/plan.h"
#include "flare/app/web_assets.h"
#include "flare/transport/http/http_server.h"

namespace flare::app {
namespace {

// What the operator and the demo page reach over HTTP. Endpoints are methods of one object, so that
// what they need is named once.
class Admin {
 public:
  explicit Admin(Plan& plan) : plan_(plan) {}

  Task<> start(Context) {
    std::vector<http::Asset> assets;
    for (const WebAsset& asset : web_assets()) {
      const std::string path(asset.path);
      const std::string type(http::content_type_of(path));
      assets.push_back({path, type, Bytes::copy(asset.bytes)});
      if (path == "/index.html") assets.push_back({"/", type, Bytes::copy(asset.bytes)});
    }
    std::vector<http::Route> routes = http::asset_routes(std::move(assets));
    add(routes, "GET", "/healthz", &Admin::healthy);
    add(routes, "GET", "/readyz", &Admin::ready);
    add(routes, "GET", "/metrics", &Admin::metrics);
    add(routes, "GET", "/demo/config.json", &Admin::demo_config);
    if (plan_.demo_tokens) add(routes, "POST", "/demo/login", &Admin::demo_login);
    http::Options options{.address = plan_.settings.admin.listen};
    server_ =
        co_await http::HttpServer::open(plan_.pipeline(), std::move(options), std::move(routes));
    plan_.addresses.emplace_back("http", server_->local_address());
  }

  Task<> stop(Context) {
    co_await server_->stop();
    server_.reset();
  }

 private:
  using Endpoint = Task<http::HttpResponse> (Admin::*)(Context, http::HttpRequest);

  void add(std::vector<http::Route>& routes, std::string method, std::string path,
           Endpoint endpoint) {
    routes.push_back({.method = std::move(method),
                      .path = std::move(path),
                      .handler = [this, endpoint](Context ctx, http::HttpRequest request) {
                        return (this->*endpoint)(std::move(ctx), std::move(request));
                      }});
  }

  Task<http::HttpResponse> healthy(Context, http::HttpRequest) {
    co_return http::text_response("ok\n");
  }

  // This part starts last: once it answers, everything before it serves.
  Task<http::HttpResponse> ready(Context, http::HttpRequest) {
    co_return http::text_response("ready\n");
  }

  Task<http::HttpResponse> metrics(Context, http::HttpRequest) {
    co_return http::text_response(plan_.metrics.text(), "text/plain; version=0.0.4");
  }

  Task<http::HttpResponse> demo_config(Context, http::HttpRequest) {
    const std::string url =
        "ws://" + plan_.address("websocket") + plan_.settings.access_gateway.path;
    co_return http::json_response("{\"websocket_url\":\"" + url + "\",\"demo_login\":" +
                                  (plan_.demo_tokens ? "true" : "false") + "}");
  }

  // Anybody may be anybody: only where the secret is the demo's own, on loopback addresses.
  Task<http::HttpResponse> demo_login(Context, http::HttpRequest request) {
    google::protobuf::Struct body;
    if (!google::protobuf::util::JsonStringToMessage(request.body, &body).ok()) {
      co_await fail(ErrorCode::InvalidArgument, "the body is no JSON object");
    }
    const std::string user = (*body.mutable_fields())["user"].string_value();
    const std::string device = (*body.mutable_fields())["device"].string_value();
    const std::string token = co_await plan_.demo_token(user, device);
    co_return http::json_response("{\"token\":\"" + token + "\"}");
  }

  Plan& plan_;
  std::unique_ptr<http::HttpServer> server_;
};

}  // namespace

Result<> add_admin(Plan& plan) {
  auto& admin = plan.own<Admin>(plan);
  plan.run("admin", plan.pipeline(), admin);
  return {};
}

}  // namespace flare::app
