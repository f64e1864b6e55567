// send, history, read and where: one request about messages, one answer.
#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {
namespace {

void print_receipt(const Settings& settings, const sdk::SendReceipt& receipt) {
  if (settings.json) {
    std::printf(
        "{\"messageId\":\"%s\",\"clientMessageId\":%s,\"conversationId\":%s,\"seq\":\"%llu\","
        "\"serverTimeMs\":\"%lld\"}\n",
        id_to_text(receipt.message_id).c_str(), json_text(receipt.client_message_id).c_str(),
        json_text(receipt.conversation_id).c_str(), static_cast<unsigned long long>(receipt.seq),
        static_cast<long long>(receipt.server_time_ms));
    return;
  }
  Table table({"MESSAGE", "CONVERSATION", "SEQ", "TIME"});
  table.add({id_to_text(receipt.message_id), receipt.conversation_id,
             receipt.seq == 0 ? "accepted" : std::to_string(receipt.seq),
             date_and_time(receipt.server_time_ms)});
  table.print();
}

}  // namespace

std::string conversation_of(const sdk::Target& target, const std::string& own_user_id) {
  if (!target.conversation_id.empty()) return target.conversation_id;
  return "single:" + std::min(own_user_id, target.user_id) + ":" +
         std::max(own_user_id, target.user_id);
}

ExitCode send_text(const Settings& settings, const SendText& command) {
  auto session = log_in(settings);
  if (!session) return session.error();
  std::string text = command.text;
  if (text == "-") {
    text.assign(std::istreambuf_iterator<char>(std::cin), {});
    while (text.ends_with('\n')) text.pop_back();
  }
  const sdk::SendOptions options{.client_message_id = command.client_message_id,
                                 .ack_level = command.persisted ? sdk::wire::ACK_LEVEL_PERSISTED
                                                                : sdk::wire::ACK_LEVEL_ACCEPTED};
  const auto receipt = session->client.send_text(command.target, std::move(text), options);
  if (!receipt) return explain(receipt.error(), settings);
  print_receipt(settings, *receipt);
  return ExitCode::Ok;
}

ExitCode show_history(const Settings& settings, const ShowHistory& command) {
  auto session = log_in(settings);
  if (!session) return session.error();
  const std::string conversation = conversation_of(command.target, session->user_id);
  const auto page = session->client.history(conversation, command.range);
  if (!page) return explain(page.error(), settings);
  if (settings.json) {
    for (const auto& message : page->messages()) print_json(message);
    return ExitCode::Ok;
  }
  Table table({"SEQ", "TIME", "SENDER", "MESSAGE", "TEXT"});
  for (const auto& message : page->messages()) {
    table.add({std::to_string(message.seq()), date_and_time(message.server_time_ms()),
               one_line(message.sender_id(), 40), id_to_text(message.message_id()),
               content_line(message.content())});
  }
  table.print();
  if (page->more() && !page->messages().empty()) {
    const uint64_t last = page->messages().rbegin()->seq();
    std::printf("there is more: add %s %llu\n", command.range.backwards ? "--to" : "--from",
                static_cast<unsigned long long>(command.range.backwards ? last - 1 : last + 1));
  }
  return ExitCode::Ok;
}

ExitCode mark_read(const Settings& settings, const MarkRead& command) {
  auto session = log_in(settings);
  if (!session) return session.error();
  const std::string conversation = conversation_of(command.target, session->user_id);
  uint64_t seq = command.seq;
  if (seq == 0) {
    const auto newest = session->client.history(
        conversation, {.from_seq = 0, .to_seq = 0, .limit = 1, .backwards = true});
    if (!newest) return explain(newest.error(), settings);
    if (newest->messages().empty()) return ExitCode::Ok;
    seq = newest->messages(0).seq();
  }
  const auto done = session->client.read(conversation, seq);
  if (!done) return explain(done.error(), settings);
  if (settings.json) {
    std::printf("{\"conversationId\":%s,\"readSeq\":\"%llu\"}\n", json_text(conversation).c_str(),
                static_cast<unsigned long long>(seq));
  } else {
    std::printf("%s is read up to %llu\n", conversation.c_str(),
                static_cast<unsigned long long>(seq));
  }
  return ExitCode::Ok;
}

ExitCode show_where(const Settings& settings, const std::string& message_id_text) {
  const auto message_id = id_from_text(message_id_text);
  if (!message_id) {
    return misuse("'" + message_id_text + "' is no message id",
                  "it has 32 hex digits, as `flare-cli send` and `flare-cli history` show it");
  }
  auto session = log_in(settings);
  if (!session) return session.error();
  const auto found = session->client.where(*message_id);
  if (!found) return explain(found.error(), settings);
  if (settings.json) {
    print_json(*found);
    return ExitCode::Ok;
  }
  const auto& message = found->message();
  std::printf("%s  seq %llu of %s, from %s: %s\n\n", id_to_text(message.message_id()).c_str(),
              static_cast<unsigned long long>(message.seq()), message.conversation_id().c_str(),
              one_line(message.sender_id(), 40).c_str(),
              one_line(content_line(message.content()), 60).c_str());
  Table table({"HOP", "TIME", "DELTA", "USER", "DETAIL"});
  int64_t before = 0;
  for (const auto& hop : found->hops()) {
    const bool known = hop.time_ms() != 0;
    table.add({hop.name(), known ? date_and_time(hop.time_ms()) : "not known any more",
               known && before != 0 ? time_after(before, hop.time_ms()) : "", hop.user_id(),
               one_line(hop.detail(), 100)});
    if (known) before = hop.time_ms();
  }
  table.print();
  return ExitCode::Ok;
}

}  // namespace flare::cli
