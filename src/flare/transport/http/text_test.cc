#include "flare/transport/http/text.h"

#include <gtest/gtest.h>

#include "flare/transport/http/http_server.h"

namespace flare::http {
namespace {

TEST(TextTest, PercentEscapesAreDecodedOrRefused) {
  EXPECT_EQ(percent_decoded("/a%20b%2Fc+d"), "/a b/c+d");
  EXPECT_EQ(percent_decoded("a+b", true), "a b");
  for (const char* malformed : {"%", "%4", "%zz", "%4g", "a%+1"}) {
    EXPECT_FALSE(percent_decoded(malformed)) << malformed;
  }
}

TEST(TextTest, ErrorsAreValidJson) {
  EXPECT_EQ(error_json("NOT_FOUND", "no \"x\"\\\n"),
            R"({"error":{"code":"NOT_FOUND","message":"no \"x\"\\\u000a"}})");
}

TEST(TextTest, EtagsAreFoundInLists) {
  EXPECT_TRUE(etag_listed("\"a\"", "\"a\""));
  EXPECT_TRUE(etag_listed("\"b\", W/\"a\"", "\"a\""));
  EXPECT_TRUE(etag_listed("*", "\"a\""));
  EXPECT_FALSE(etag_listed("\"b\"", "\"a\""));
  EXPECT_FALSE(etag_listed("", "\"a\""));
}

TEST(TextTest, ParametersAreDecoded) {
  HttpRequest request;
  request.query = "user=ann%20b&flag&empty=&user=second&a%3Db=c%26d";

  EXPECT_EQ(request.parameter("user"), "ann b");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("a=b"), "c&d");
  EXPECT_EQ(request.parameter("none"), "");
}

TEST(TextTest, EachErrorHasItsStatus) {
  EXPECT_EQ(http_status(ErrorCode::InvalidArgument), 400);
  EXPECT_EQ(http_status(ErrorCode::Unauthenticated), 401);
  EXPECT_EQ(http_status(ErrorCode::Cancelled), 499);
  EXPECT_EQ(http_status(ErrorCode::Internal), 500);

  const HttpResponse limited = error_response({ErrorCode::ResourceExhausted, "slower", 1500});
  EXPECT_EQ(limited.status, 429);
  EXPECT_EQ(limited.headers, (HttpHeaders{{"Retry-After", "2"}}));
  const HttpResponse bug = error_response({ErrorCode::Internal, "secret detail"});
  EXPECT_FALSE(bug.body.view().contains("secret"));
}

TEST(TextTest, OnlyNamesWithAHashAreKeptForLong) {
  std::vector<Asset> assets;
  for (const char* path : {"/assets/app-3f9c2b1a.js", "/index.html", "/assets/logo.svg"}) {
    assets.push_back({path, std::string(content_type_of(path)), Bytes::copy("x")});
  }
  EXPECT_EQ(assets[0].content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(content_type_of("/unknown"), "application/octet-stream");
  EXPECT_EQ(asset_routes(std::move(assets)).size(), 3u);
}

}  // namespace
}  // namespace flare::http
