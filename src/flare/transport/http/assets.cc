#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "flare/transport/http/http_server.h"

namespace flare::http {
namespace {

struct TypeRow {
  std::string_view ending;
  std::string_view type;
};

constexpr std::array kTypes = {
    TypeRow{".html", "text/html; charset=utf-8"},
    TypeRow{".js", "text/javascript; charset=utf-8"},
    TypeRow{".css", "text/css; charset=utf-8"},
    TypeRow{".json", "application/json"},
    TypeRow{".map", "application/json"},
    TypeRow{".webmanifest", "application/manifest+json"},
    TypeRow{".svg", "image/svg+xml"},
    TypeRow{".png", "image/png"},
    TypeRow{".ico", "image/x-icon"},
    TypeRow{".webp", "image/webp"},
    TypeRow{".woff2", "font/woff2"},
    TypeRow{".wasm", "application/wasm"},
    TypeRow{".txt", "text/plain; charset=utf-8"},
};

constexpr size_t kHashDigits = 8;  // as Vite writes them

std::string etag_of(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  constexpr size_t kBytes = 16;
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest.data());
  std::string etag = "\"";
  for (size_t i = 0; i < kBytes; ++i) {
    etag.append(1, kDigits[digest[i] >> 4]).append(1, kDigits[digest[i] & 15]);
  }
  return etag += '"';
}

// "/assets/app-3f9c2b1a.js": the part between the last dash and the first dot after it.
bool named_by_content(std::string_view path) {
  if (!path.contains("/assets/")) return false;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  const size_t dot = file.find('.');
  if (dot == std::string_view::npos || dot < kHashDigits + 1) return false;
  const std::string_view hash = file.substr(dot - kHashDigits, kHashDigits);
  const auto digit = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-';
  };
  return file[dot - kHashDigits - 1] == '-' && std::ranges::all_of(hash, digit);
}

// A handler is a function object and its coroutine takes the response by value: no lambda
// coroutine whose captures would be gone.
Task<HttpResponse> give(HttpResponse response) { co_return response; }

}  // namespace

std::string_view content_type_of(std::string_view path) {
  const auto found =
      std::ranges::find_if(kTypes, [&](const TypeRow& row) { return path.ends_with(row.ending); });
  return found == kTypes.end() ? "application/octet-stream" : found->type;
}

std::vector<Route> asset_routes(std::vector<Asset> assets) {
  std::vector<Route> routes;
  for (Asset& asset : assets) {
    HttpResponse response;
    response.content_type = std::move(asset.content_type);
    response.etag = etag_of(asset.bytes.view());
    response.cache_control =
        named_by_content(asset.path) ? "public, max-age=31536000, immutable" : "no-cache";
    response.body = std::move(asset.bytes);
    routes.push_back({.method = "GET",
                      .path = std::move(asset.path),
                      .handler = [response = std::move(response)](Context, HttpRequest) {
                        return give(response);
                      }});
  }
  return routes;
}

}  // namespace flare::http
