// conversations and conversation: what there is, and changes of it.
#include <cstdio>

#include "commands.h"
#include "connection.h"
#include "output.h"

namespace flare::cli {
namespace {

using View = sdk::model::ConversationView;

std::string title_of(const View& view) {
  return one_line(view.title().empty() ? view.peer_id() : view.title(), 30);
}

std::string preview_of(const View& view) {
  if (!view.has_preview()) return {};
  return one_line(view.preview().sender_id() + ": " + content_line(view.preview().content()), 50);
}

// Visits every conversation until `visit` says stop.
template <class Visit>
sdk::Result<> each_conversation(sdk::Client& client, Visit visit) {
  std::string page_token;
  do {
    const auto page = client.conversations(page_token);
    if (!page) return std::unexpected(page.error());
    for (const View& view : page->conversations()) {
      if (!visit(view)) return {};
    }
    page_token = page->next_page_token();
  } while (!page_token.empty());
  return {};
}

ExitCode print_change(const Settings& settings,
                      const sdk::Result<sdk::wire::ConversationChanged>& changed) {
  if (!changed) return explain(changed.error(), settings);
  if (settings.json) {
    print_json(*changed);
  } else {
    std::printf("%s  seq %llu\n", changed->conversation_id().c_str(),
                static_cast<unsigned long long>(changed->seq()));
  }
  return ExitCode::Ok;
}

void print_view(const View& view) {
  const auto row = [](const char* key, const std::string& value) {
    if (!value.empty()) std::printf("%-14s %s\n", key, value.c_str());
  };
  row("conversation", view.conversation_id());
  row("type", type_name(view.type()));
  row("title", one_line(view.title(), 200));
  row("with", view.peer_id());
  row("members", view.member_count() == 0 ? "" : std::to_string(view.member_count()));
  row("your role", view.role() == 0 ? "" : role_name(view.role()));
  row("last seq", std::to_string(view.last_seq()));
  row("last message", date_and_time(view.last_time_ms()));
  row("joined at seq", std::to_string(view.join_seq()));
  row("read up to", std::to_string(view.read_seq()));
  row("unread", std::to_string(view.unread()));
  row("they read", view.peer_id().empty() ? "" : std::to_string(view.peer_read_seq()));
  row("they received", view.peer_id().empty() ? "" : std::to_string(view.peer_delivered_seq()));
  row("business type", one_line(view.business_type(), 100));
  for (const auto& [key, value] : view.metadata()) {
    row("metadata", one_line(key + " = " + value, 200));
  }
  row("preview", preview_of(view));
}

}  // namespace

ExitCode list_conversations(const Settings& settings) {
  auto session = log_in(settings);
  if (!session) return session.error();
  Table table({"CONVERSATION", "TYPE", "TITLE", "UNREAD", "LAST", "TIME", "PREVIEW"});
  const auto done = each_conversation(session->client, [&](const View& view) {
    if (settings.json) {
      print_json(view);
    } else {
      table.add({view.conversation_id(), type_name(view.type()), title_of(view),
                 std::to_string(view.unread()), std::to_string(view.last_seq()),
                 date_and_time(view.last_time_ms()), preview_of(view)});
    }
    return true;
  });
  if (!done) return explain(done.error(), settings);
  if (!settings.json) table.print();
  return ExitCode::Ok;
}

ExitCode show_conversation(const Settings& settings, const std::string& conversation_id) {
  auto session = log_in(settings);
  if (!session) return session.error();
  bool found = false;
  const auto done = each_conversation(session->client, [&](const View& view) {
    if (view.conversation_id() != conversation_id) return true;
    found = true;
    if (settings.json) {
      print_json(view);
    } else {
      print_view(view);
    }
    return false;
  });
  if (!done) return explain(done.error(), settings);
  if (found) return ExitCode::Ok;
  return explain({.failure = sdk::Failure::Refused,
                  .code = sdk::ErrorCode::NotFound,
                  .message = conversation_id + " is not among your conversations",
                  .retry = false,
                  .retry_after = {}},
                 settings);
}

ExitCode create_conversation(const Settings& settings, const sdk::GroupDraft& draft) {
  auto session = log_in(settings);
  if (!session) return session.error();
  return print_change(settings, session->client.create_group(draft));
}

ExitCode rename_conversation(const Settings& settings, const std::string& conversation_id,
                             const std::string& title) {
  auto session = log_in(settings);
  if (!session) return session.error();
  return print_change(settings, session->client.rename(conversation_id, title));
}

ExitCode add_members(const Settings& settings, const std::string& conversation_id,
                     const std::vector<std::string>& user_ids) {
  auto session = log_in(settings);
  if (!session) return session.error();
  return print_change(settings, session->client.add_members(conversation_id, user_ids));
}

ExitCode remove_members(const Settings& settings, const std::string& conversation_id,
                        const std::vector<std::string>& user_ids) {
  auto session = log_in(settings);
  if (!session) return session.error();
  return print_change(settings, session->client.remove_members(conversation_id, user_ids));
}

ExitCode list_members(const Settings& settings, const std::string& conversation_id) {
  auto session = log_in(settings);
  if (!session) return session.error();
  Table table({"USER", "ROLE", "JOINED AT SEQ", "RECEIVED", "READ", "SINCE"});
  std::string page_token;
  do {
    const auto page = session->client.members(conversation_id, page_token);
    if (!page) return explain(page.error(), settings);
    for (const sdk::model::Member& member : page->members()) {
      if (settings.json) {
        print_json(member);
      } else {
        table.add({member.user_id(), role_name(member.role()), std::to_string(member.join_seq()),
                   std::to_string(member.delivered_seq()), std::to_string(member.read_seq()),
                   date_and_time(member.joined_time_ms())});
      }
    }
    page_token = page->next_page_token();
  } while (!page_token.empty());
  if (!settings.json) table.print();
  return ExitCode::Ok;
}

}  // namespace flare::cli
