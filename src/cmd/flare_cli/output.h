// How things look on the terminal: aligned tables for people, lines of JSON for machines.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "flare/sdk/client.h"

namespace flare::cli {

// Columns as wide as their widest cell; the last one is never padded.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : rows_{std::move(headings)} {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  std::string text() const;
  void print() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// Canonical proto3 JSON on one line, as in the subprotocol flare.v1.json.
void print_json(const google::protobuf::Message& message);

// A JSON string with its quotes.
std::string json_text(const std::string& text);

// Local time, "2024-05-01 12:34:56.789", and its time of day alone. Empty for 0.
std::string date_and_time(int64_t unix_ms);
std::string time_of_day(int64_t unix_ms);

// "+12 ms", "+3.4 s".
std::string time_after(int64_t earlier_ms, int64_t later_ms);

// Message ids are 16 bytes; people see 32 hex digits. from_text also takes base64, as in JSON.
std::string id_to_text(const std::string& message_id);
std::optional<std::string> id_from_text(const std::string& text);

// One line that says what a message says, control characters made harmless.
std::string content_line(const sdk::model::Content& content);
std::string one_line(const std::string& text, size_t characters_max);

// "group", "owner", ...
std::string type_name(sdk::model::ConversationType type);
std::string role_name(sdk::model::MemberRole role);

// How many terminal cells the text takes, near enough: one a code point.
size_t characters(const std::string& text);

}  // namespace flare::cli
