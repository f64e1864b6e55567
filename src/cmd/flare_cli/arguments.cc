// Every word flare-cli understands. The only file that knows the command-line library.
#include "arguments.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <optional>

#include "commands.h"
#include "settings.h"

namespace flare::cli {
namespace {

// Everything the options are bound to; the chosen command keeps it alive.
struct Bound {
  Settings settings;
  MintToken mint;
  Chat chat;
  SendText send;
  ShowHistory history;
  Tail tail;
  MarkRead read;
  SyncNow sync;
  sdk::GroupDraft draft;
  std::string conversation_id;
  std::string title;
  std::string message_id;
  std::string ttl = "24h";
  std::vector<std::string> user_ids;
  uint32_t linger_seconds = 0;
  std::function<ExitCode()> chosen;
};

// "90", "90s", "15m", "12h", "7d".
std::optional<std::chrono::seconds> duration(const std::string& text) {
  size_t digits = 0;
  while (digits < text.size() && digits < 10 &&
         std::isdigit(static_cast<unsigned char>(text[digits]))) {
    ++digits;
  }
  if (digits == 0) return std::nullopt;
  const std::chrono::seconds::rep number = std::stoll(text.substr(0, digits));
  const std::string unit = text.substr(digits);
  if (unit.empty() || unit == "s") return std::chrono::seconds(number);
  if (unit == "m") return std::chrono::minutes(number);
  if (unit == "h") return std::chrono::hours(number);
  if (unit == "d") return std::chrono::days(number);
  return std::nullopt;
}

// The names may stand before or after the command; the help of both places shows them.
void add_identity(CLI::App& app, Settings& settings) {
  app.add_option("--user", settings.user_id, "Who to be; needs --key-file")->type_name("USER");
  app.add_option("--key-file", settings.key_file, "The server's signing key")->type_name("FILE");
  app.add_option("--kid", settings.key_id, "The key's id")->capture_default_str();
  app.add_option("--tenant", settings.tenant_id, "The tenant")->capture_default_str();
  app.add_option("--device", settings.device_id, "The device; default cli-<command>")
      ->type_name("DEVICE");
}

void add_target(CLI::App& app, sdk::Target& target, bool required = true) {
  CLI::Option_group* group = app.add_option_group("where");
  group->add_option("--to,--with", target.user_id, "The user of a single chat")->type_name("USER");
  group->add_option("--conversation", target.conversation_id, "A conversation")->type_name("ID");
  if (required) group->require_option(1);
  if (!required) group->require_option(0, 1);
}

CLI::App& add_command(CLI::App& app, const std::string& name, const std::string& help,
                      std::function<ExitCode()> run, Bound& bound) {
  CLI::App& command = *app.add_subcommand(name, help);
  command.callback([run = std::move(run), name, &bound] {
    bound.settings.command = name;
    bound.chosen = run;
  });
  return command;
}

void add_token(CLI::App& app, Bound& bound) {
  CLI::App& token = *app.add_subcommand("token", "Tokens to log in with");
  token.require_subcommand(1);
  CLI::App& mint = add_command(
      token, "mint", "Make a token with the server's key",
      [&bound] { return mint_token(bound.settings, bound.mint); }, bound);
  add_identity(mint, bound.settings);
  mint.add_option("--platform", bound.mint.platform, "Kind of device")
      ->check(CLI::IsMember({"ios", "android", "web", "windows", "macos", "linux", "mini", "bot"}))
      ->capture_default_str();
  mint.add_option("--ttl", bound.ttl, "How long it is good for: 90s, 15m, 12h, 7d")
      ->check([&bound](const std::string& text) {
        const auto ttl = duration(text);
        if (!ttl) return "'" + text + "' is no duration; write 90s, 15m, 12h or 7d";
        bound.mint.ttl = *ttl;
        return std::string();
      })
      ->capture_default_str();
}

void add_messages(CLI::App& app, Bound& bound) {
  CLI::App& chat_command = add_command(
      app, "chat", "Talk: lines of stdin go out, messages come in",
      [&bound] { return chat(bound.settings, bound.chat); }, bound);
  add_target(chat_command, bound.chat.target);
  chat_command.add_option("--history", bound.chat.history, "Earlier messages to show first")
      ->capture_default_str();
  chat_command
      .add_option("--linger", bound.linger_seconds, "Seconds to listen after stdin has ended")
      ->capture_default_str();

  CLI::App& send = add_command(
      app, "send", "Send one message", [&bound] { return send_text(bound.settings, bound.send); },
      bound);
  add_target(send, bound.send.target);
  send.add_option("text", bound.send.text, "What to say; - reads stdin")->required();
  send.add_option("--client-message-id", bound.send.client_message_id,
                  "Repeat a send safely: the same id is the same message");
  send.add_flag("--persisted", bound.send.persisted, "Wait until the message has its seq");

  CLI::App& history = add_command(
      app, "history", "Messages of a conversation",
      [&bound] { return show_history(bound.settings, bound.history); }, bound);
  // --to is a seq here, as --from is; the user of a single chat is named by --with.
  CLI::Option_group* where = history.add_option_group("where");
  where->add_option("--with", bound.history.target.user_id, "The user of a single chat");
  where->add_option("--conversation,conversation", bound.history.target.conversation_id,
                    "A conversation");
  where->require_option(1);
  history.add_option("--from", bound.history.range.from_seq, "First seq");
  history.add_option("--to", bound.history.range.to_seq, "Last seq");
  history.add_option("--limit", bound.history.range.limit, "How many at most; 0: the server's 50");
  history.add_flag("--backwards", bound.history.range.backwards, "Newest first");

  CLI::App& tail_command = add_command(
      app, "tail", "Messages as they come, of all conversations or one",
      [&bound] { return tail(bound.settings, bound.tail); }, bound);
  add_target(tail_command, bound.tail.target, false);
  tail_command.add_option("--count", bound.tail.count, "Stop after so many messages; 0: never");
  tail_command.add_flag("--receipts", bound.tail.receipts, "Also who has received and read what");

  CLI::App& read = add_command(
      app, "read", "Mark messages as read",
      [&bound] { return mark_read(bound.settings, bound.read); }, bound);
  add_target(read, bound.read.target);
  read.add_option("--seq", bound.read.seq, "Up to this one; default: all there is");

  CLI::App& where_command = add_command(
      app, "where", "Where is my message? Every hop it took, with times",
      [&bound] { return show_where(bound.settings, bound.message_id); }, bound);
  where_command.add_option("message", bound.message_id, "The message's id, 32 hex digits")
      ->required();
}

void add_conversations(CLI::App& app, Bound& bound) {
  add_command(
      app, "conversations", "All your conversations, newest first",
      [&bound] { return list_conversations(bound.settings); }, bound);

  CLI::App& conversation =
      *app.add_subcommand("conversation", "Create, rename or show a conversation");
  conversation.require_subcommand(1);
  CLI::App& create = add_command(
      conversation, "create", "A new group",
      [&bound] { return create_conversation(bound.settings, bound.draft); }, bound);
  create.add_option("--title", bound.draft.title, "Its title");
  create.add_option("--member,members", bound.draft.member_ids, "Who is in it beside you");
  CLI::App& rename = add_command(
      conversation, "rename", "Give it another title",
      [&bound] { return rename_conversation(bound.settings, bound.conversation_id, bound.title); },
      bound);
  rename.add_option("conversation", bound.conversation_id)->required();
  rename.add_option("title", bound.title)->required();
  CLI::App& show = add_command(
      conversation, "show", "What you see of it",
      [&bound] { return show_conversation(bound.settings, bound.conversation_id); }, bound);
  show.add_option("conversation", bound.conversation_id)->required();

  CLI::App& members = *app.add_subcommand("members", "Who is in a conversation");
  members.require_subcommand(1);
  CLI::App& list = add_command(
      members, "list", "All of them",
      [&bound] { return list_members(bound.settings, bound.conversation_id); }, bound);
  CLI::App& add = add_command(
      members, "add", "Let users in",
      [&bound] { return add_members(bound.settings, bound.conversation_id, bound.user_ids); },
      bound);
  CLI::App& remove = add_command(
      members, "remove", "Put users out; yourself: leave",
      [&bound] { return remove_members(bound.settings, bound.conversation_id, bound.user_ids); },
      bound);
  for (CLI::App* command : {&list, &add, &remove}) {
    command->add_option("conversation", bound.conversation_id)->required();
  }
  for (CLI::App* command : {&add, &remove}) {
    command->add_option("users", bound.user_ids)->required();
  }
}

void add_state(CLI::App& app, Bound& bound) {
  CLI::App& presence = add_command(
      app, "presence", "Who is online, and on what",
      [&bound] { return show_presence(bound.settings, bound.user_ids); }, bound);
  presence.add_option("users", bound.user_ids, "Users to ask for")->required();

  CLI::App& sync = add_command(
      app, "sync", "What changed since, as a returning device asks",
      [&bound] { return sync_now(bound.settings, bound.sync); }, bound);
  sync.add_option("--digest", bound.sync.digest, "The last sync's digest");
  sync.add_option("--position", bound.sync.positions, "CONVERSATION=SEQ: what the device has");
}

}  // namespace

std::expected<std::function<ExitCode()>, ExitCode> parse(int argc, char** argv) {
  auto bound = std::make_shared<Bound>();
  Settings& settings = bound->settings;
  CLI::App app("flare-cli: talk to a flare server from the command line", "flare-cli");
  app.require_subcommand(1);
  app.fallthrough();  // the global options may stand behind the command
  app.set_version_flag("--version", "flare-cli 0.1.0");
  app.add_option("--url", settings.url, "The server")->envname("FLARE_URL")->capture_default_str();
  app.add_option("--token", settings.token, "The token to log in with")->envname("FLARE_TOKEN");
  app.add_option("--token-file", settings.token_file, "A file with the token")->type_name("FILE");
  add_identity(app, settings);
  app.add_flag("--json", settings.json, "Lines of JSON instead of tables");
  app.footer("Exit codes: 0 done, 1 refused by the server, 2 wrong usage, 3 cannot connect.");

  add_messages(app, *bound);
  add_conversations(app, *bound);
  add_state(app, *bound);
  add_token(app, *bound);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return std::unexpected(app.exit(error) == 0 ? ExitCode::Ok : ExitCode::Usage);
  }
  bound->chat.linger = std::chrono::seconds(bound->linger_seconds);
  return [bound] { return bound->chosen(); };
}

}  // namespace flare::cli
