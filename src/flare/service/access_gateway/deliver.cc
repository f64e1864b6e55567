#include "flare/base/pending.h"
#include "flare/service/access_gateway/access_gateway.h"
#include "flare/service/access_gateway/frames.h"

namespace flare::access_gateway {

// One push on its way to many connections: made once for each format.
class AccessGateway::Push {
 public:
  explicit Push(std::string frame) : frame_(std::move(frame)) {}

  std::string_view in(api::FrameFormat format) {
    if (format == api::FrameFormat::Protobuf) return frame_;
    if (json_.empty()) json_ = to_json(frame_);
    return json_;
  }

 private:
  const std::string frame_;
  std::string json_;
};

Task<api::DeliverReport> AccessGateway::deliver(Context ctx, std::vector<Bytes> events) {
  Pending<api::DeliverReport> done;
  needs_.loop.post(
      [this, done, events = std::move(events)] { done.resolve(deliver_here(events)); });
  co_return co_await done.wait(std::move(ctx));
}

Task<> AccessGateway::notify(Context ctx, std::vector<api::ReceiptNotice> notices) {
  Pending<> done;
  needs_.loop.post([this, done, notices = std::move(notices)] {
    notify_here(notices);
    done.resolve({});
  });
  co_await done.wait(std::move(ctx));
}

Task<> AccessGateway::kick(Context ctx, uint64_t session, std::string reason, std::string by) {
  Pending<> done;
  needs_.loop.post([this, done, session, reason = std::move(reason), by = std::move(by)] {
    kick_here(session, reason, by);
    done.resolve({});
  });
  co_await done.wait(std::move(ctx));
}

api::DeliverReport AccessGateway::deliver_here(const std::vector<Bytes>& events) {
  api::DeliverReport report;
  for (const Bytes& record : events) deliver_one(record, report);
  needs_.metrics.pushes.add(report.frames);
  needs_.metrics.resyncs.add(report.resyncs);
  return report;
}

void AccessGateway::deliver_one(const Bytes& record, api::DeliverReport& report) {
  // The push server has scanned these bytes before; they parse.
  const Result<model::EventView> event = model::scan_event(record.view());
  if (!event) return;
  if (!event->read.empty()) return deliver_read(*event, report);
  const Result<model::MessageView> message = model::scan_message(event->message);
  if (!message) return;

  std::optional<model::Operation> operation;
  if (model::content_kind(message->content) == model::ContentKind::Operation) {
    operation = model::operation_in(message->content);
  }
  if (operation) change_groups(*event, *message, *operation, true);

  Push push(deliver_frame(event->message, message->seq - 1));
  const api::ClientHandle origin =
      event->told_seq && event->origin_gateway == gateway_id_ ? event->origin_session : 0;
  const auto to = [&](api::ClientHandle client) {
    Session* session = sessions_.find(client);
    // A session that is still logging in syncs when it has.
    if (session == nullptr || session->state != SessionState::Live || client == origin) return;
    if (session->connection->queued_bytes() > config_.slow_bytes.bytes) {
      if (session->left_out == nullptr) {
        session->left_out = std::make_unique<std::unordered_map<std::string, Sequence>>();
      }
      session->left_out->try_emplace(std::string(message->conversation), message->seq);
      ++report.resyncs;
      return;
    }
    session->connection->write(push.in(session->connection->format()));
    ++report.frames;
  };
  if (event->users.empty()) {
    for (const api::ClientHandle client :
         sessions_.of_group(event->tenant, message->conversation)) {
      to(client);
    }
  }
  for (const std::string_view user : event->users) {
    for (const api::ClientHandle client : sessions_.of_user(event->tenant, user)) to(client);
  }
  if (operation) change_groups(*event, *message, *operation, false);
}

// Keeps the index of groups in step with the operations that pass: who joins is indexed before the
// operation is delivered, who leaves after it.
void AccessGateway::change_groups(const model::EventView& event, const model::MessageView& message,
                                  const model::Operation& operation, bool joins) {
  std::vector<UserId> users;
  bool leaves = false;
  if (const auto* created = std::get_if<model::ConversationCreated>(&operation)) {
    users = created->members;
    users.push_back({std::string(message.sender)});
  } else if (const auto* added = std::get_if<model::MembersAdded>(&operation)) {
    users = added->users;
  } else if (const auto* removed = std::get_if<model::MembersRemoved>(&operation)) {
    users = removed->users;
    leaves = true;
  }
  if (joins == leaves) return;
  for (const UserId& user : users) {
    for (const api::ClientHandle client : sessions_.of_user(event.tenant, user.text)) {
      Session* session = sessions_.find(client);
      std::vector<std::string>& removed = session->identity->removed_while_loading;
      if (leaves) {
        sessions_.leave_group(*session, event.tenant, message.conversation);
        if (session->state == SessionState::LoggingIn) removed.emplace_back(message.conversation);
      } else {
        sessions_.join_group(*session, event.tenant, message.conversation);
        std::erase(removed, message.conversation);
      }
    }
  }
}

void AccessGateway::deliver_read(const model::EventView& event, api::DeliverReport& report) {
  const Result<model::ReadMark> mark = model::decode_read_mark(event.read);
  if (!mark) return;
  Push push(read_receipt_frame(mark->conversation.text, mark->user.text, 0, mark->seq));
  for (const std::string_view user : event.users) {
    for (const api::ClientHandle client : sessions_.of_user(event.tenant, user)) {
      if (write_receipt(client, push)) ++report.frames;
    }
  }
}

// A receipt gives way on a slow connection, without a word: it is ephemeral, and a sync tells the
// same.
bool AccessGateway::write_receipt(api::ClientHandle client, Push& push) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->state != SessionState::Live) return false;
  if (session->connection->queued_bytes() > config_.slow_bytes.bytes) return false;
  session->connection->write(push.in(session->connection->format()));
  return true;
}

void AccessGateway::notify_here(const std::vector<api::ReceiptNotice>& notices) {
  for (const api::ReceiptNotice& notice : notices) {
    Push push(read_receipt_frame(notice.conversation.text, notice.by.text, notice.delivered_seq,
                                 notice.read_seq));
    for (const api::ClientHandle client : sessions_.of_user(notice.tenant.text, notice.to.text)) {
      write_receipt(client, push);
    }
  }
}

void AccessGateway::kick_here(uint64_t client, const std::string& reason, const std::string& by) {
  Session* session = sessions_.find(client);
  if (session == nullptr || session->state == SessionState::Closing) return;
  needs_.metrics.kicked.add();
  session->state = SessionState::Closing;
  write(*session, kicked_frame(reason, by, false));
  session->connection->close(api::CloseCode::Kicked, reason);
}

}  // namespace flare::access_gateway
