#include <algorithm>
#include <array>

#include "flare/transport/http/http_server.h"
#include "flare/transport/http/text.h"

namespace flare::http {
namespace {

struct StatusRow {
  ErrorCode code;
  int status;
};

constexpr std::array kStatuses = {
    StatusRow{ErrorCode::InvalidArgument, 400},   StatusRow{ErrorCode::Unauthenticated, 401},
    StatusRow{ErrorCode::PermissionDenied, 403},  StatusRow{ErrorCode::NotFound, 404},
    StatusRow{ErrorCode::AlreadyExists, 409},     StatusRow{ErrorCode::Conflict, 409},
    StatusRow{ErrorCode::ResourceExhausted, 429}, StatusRow{ErrorCode::Unavailable, 503},
    StatusRow{ErrorCode::DeadlineExceeded, 504},  StatusRow{ErrorCode::Cancelled, 499},
    StatusRow{ErrorCode::DataLoss, 500},          StatusRow{ErrorCode::Internal, 500},
};

// The row of a code stands at the code's own index; the compiler checks that none is missing.
constexpr bool complete() {
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    if (static_cast<size_t>(kStatuses[i].code) != i) return false;
  }
  return kStatuses.size() == static_cast<size_t>(ErrorCode::Internal) + 1;
}
static_assert(complete());

}  // namespace

int http_status(ErrorCode code) { return kStatuses[static_cast<size_t>(code)].status; }

std::string_view HttpRequest::header(std::string_view name) const {
  const auto found =
      std::ranges::find_if(headers, [&](const auto& each) { return same_text(each.first, name); });
  return found == headers.end() ? std::string_view() : found->second;
}

std::string HttpRequest::parameter(std::string_view name) const {
  std::string_view left = query;
  while (!left.empty()) {
    const std::string_view pair = left.substr(0, left.find('&'));
    left.remove_prefix(std::min(pair.size() + 1, left.size()));
    const size_t equals = std::min(pair.find('='), pair.size());
    if (percent_decoded(pair.substr(0, equals), true) != name) continue;
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    return percent_decoded(value, true).value_or("");
  }
  return {};
}

HttpResponse text_response(std::string text, std::string content_type) {
  HttpResponse response;
  response.content_type = std::move(content_type);
  response.body = Bytes::take(std::move(text));
  return response;
}

HttpResponse json_response(std::string json) {
  return text_response(std::move(json), "application/json");
}

HttpResponse error_response(const Error& error) {
  // What broke inside is for the log.
  const bool ours = error.code == ErrorCode::Internal || error.code == ErrorCode::DataLoss;
  HttpResponse response = json_response(
      error_json(name(error.code), ours ? std::string_view("internal error") : error.message));
  response.status = http_status(error.code);
  if (error.code == ErrorCode::ResourceExhausted || error.retry_after_ms > 0) {
    const uint32_t seconds = std::max(1U, (error.retry_after_ms + 999) / 1000);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  return response;
}

}  // namespace flare::http
