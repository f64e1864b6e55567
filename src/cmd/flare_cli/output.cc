#include "output.h"

#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <cstdio>
#include <ctime>

namespace flare::cli {
namespace {

constexpr size_t kGapBetweenColumns = 2;

bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::string formatted_time(int64_t unix_ms, const char* format) {
  const std::time_t seconds = static_cast<std::time_t>(unix_ms / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  char text[40];
  const size_t length = std::strftime(text, sizeof text, format, &local);
  return {text, length};
}

std::string with_milliseconds(int64_t unix_ms, const char* format) {
  if (unix_ms == 0) return {};
  char fraction[8];
  std::snprintf(fraction, sizeof fraction, ".%03d", static_cast<int>(unix_ms % 1000));
  return formatted_time(unix_ms, format) + fraction;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> from_hex(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high * 16 + low);
  }
  return bytes;
}

template <class Names>
std::string joined(const Names& names) {
  std::string out;
  for (const std::string& one : names) out += (out.empty() ? "" : ", ") + one;
  return out;
}

std::string operation_line(const sdk::model::Operation& operation) {
  switch (operation.change_case()) {
    case sdk::model::Operation::kConversationCreated:
      return "* created" + (operation.conversation_created().title().empty()
                                ? std::string()
                                : " '" + operation.conversation_created().title() + "'");
    case sdk::model::Operation::kMembersAdded:
      return "* added " + joined(operation.members_added().user_ids());
    case sdk::model::Operation::kMembersRemoved:
      return "* removed " + joined(operation.members_removed().user_ids());
    case sdk::model::Operation::kConversationRenamed:
      return "* renamed to '" + operation.conversation_renamed().title() + "'";
    default:
      return "* an operation this version does not know";
  }
}

}  // namespace

size_t characters(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return !continues_character(c); }));
}

std::string Table::text() const {
  std::vector<size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], characters(row[i]));
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - characters(row[i]) + kGapBetweenColumns, ' ');
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + '\n';
  }
  return out;
}

void Table::print() const { std::fputs(text().c_str(), stdout); }

void print_json(const google::protobuf::Message& message) {
  std::string line;
  if (!google::protobuf::util::MessageToJsonString(message, &line).ok()) return;
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);  // whoever reads the pipe waits for whole lines
}

std::string json_text(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string date_and_time(int64_t unix_ms) {
  return with_milliseconds(unix_ms, "%Y-%m-%d %H:%M:%S");
}
std::string time_of_day(int64_t unix_ms) {
  return unix_ms == 0 ? std::string() : formatted_time(unix_ms, "%H:%M:%S");
}

std::string time_after(int64_t earlier_ms, int64_t later_ms) {
  const int64_t passed = later_ms - earlier_ms;
  const char* sign = passed < 0 ? "-" : "+";
  const int64_t size = passed < 0 ? -passed : passed;
  char text[40];
  if (size < 10'000) {
    std::snprintf(text, sizeof text, "%s%lld ms", sign, static_cast<long long>(size));
  } else {
    std::snprintf(text, sizeof text, "%s%.1f s", sign, static_cast<double>(size) / 1000.0);
  }
  return text;
}

std::string id_to_text(const std::string& message_id) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : message_id) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

std::optional<std::string> id_from_text(const std::string& text) {
  constexpr size_t kIdBytes = 16;
  if (text.size() == 2 * kIdBytes) return from_hex(text);
  // The JSON mapping knows base64 in both alphabets; let it do the work.
  sdk::wire::GetMessage parsed;
  const auto status = google::protobuf::util::JsonStringToMessage(
      "{\"messageId\":" + json_text(text) + "}", &parsed);
  if (!status.ok() || parsed.message_id().size() != kIdBytes) return std::nullopt;
  return parsed.message_id();
}

std::string one_line(const std::string& text, size_t characters_max) {
  std::string out;
  size_t count = 0;
  for (const char c : text) {
    if (!continues_character(c) && ++count > characters_max) return out + "...";
    // A message must not be able to steer the reader's terminal. In UTF-8 the eight-bit controls,
    // U+0080 to U+009F, are C2 and then 80 to 9F; what follows the C2 decides.
    const auto byte = static_cast<unsigned char>(c);
    if (out.ends_with('\xc2') && byte >= 0x80 && byte < 0xa0) {
      out.back() = ' ';
    } else {
      out += byte < 0x20 || byte == 0x7f ? ' ' : c;
    }
  }
  return out;
}

std::string content_line(const sdk::model::Content& content) {
  switch (content.body_case()) {
    case sdk::model::Content::kText:
      return one_line(content.text(), SIZE_MAX);
    case sdk::model::Content::kCustom:
      return "[" + one_line(content.custom().type(), 64) + ", " +
             std::to_string(content.custom().data().size()) + " bytes]";
    case sdk::model::Content::kOperation:
      return one_line(operation_line(content.operation()), SIZE_MAX);
    default:
      return {};
  }
}

// Both lose the long prefix of their enum: CONVERSATION_TYPE_GROUP is "group".
std::string type_name(sdk::model::ConversationType type) {
  std::string text = sdk::model::ConversationType_Name(type).substr(sizeof("CONVERSATION_TYPE"));
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string role_name(sdk::model::MemberRole role) {
  std::string text = sdk::model::MemberRole_Name(role).substr(sizeof("MEMBER_ROLE"));
  std::ranges::transform(text, text.begin(),
                         [](char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace flare::cli
