#include "e2e/writer.h"

namespace flare::e2e {
namespace {

using namespace std::chrono_literals;

constexpr size_t kInFlightMax = 16;

// Who cannot finish within this long after the last restart has lost something.
constexpr auto kPatienceAtTheEnd = 30s;

}  // namespace

Writer::Writer(std::string user_id, std::vector<std::string> conversation_ids, LogIn log_in)
    : user_id_(std::move(user_id)),
      conversation_ids_(std::move(conversation_ids)),
      log_in_(std::move(log_in)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

void Writer::finish() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Writer::run(const std::stop_token& stop) {
  auto give_up = std::chrono::steady_clock::time_point::max();
  while (true) {
    if (stop.stop_requested()) {
      const auto now = std::chrono::steady_clock::now();
      give_up = std::min(give_up, now + kPatienceAtTheEnd);
      if (in_flight_.empty()) return;
      if (now >= give_up) {
        complaints_.push_back(user_id_ + " could not finish");
        return;
      }
    }
    sdk::Result<sdk::Client> client = log_in_();
    if (!client) {
      std::this_thread::sleep_for(10ms);  // the server is down; this is a client's backoff
      continue;
    }
    if (talk(*client, stop)) return;
  }
}

// Until all is said and answered: true. False when the connection is lost.
bool Writer::talk(sdk::Client& client, const std::stop_token& stop) {
  for (Outgoing& outgoing : in_flight_) {
    if (!start(client, outgoing)) return false;
  }
  while (true) {
    const bool more = !stop.stop_requested();
    if (!more && in_flight_.empty()) return true;
    if (more && in_flight_.size() < kInFlightMax) {
      ++last_number_;
      in_flight_.push_back(
          {.number = last_number_,
           .conversation_id = conversation_ids_[last_number_ % conversation_ids_.size()],
           .request_id = 0});
      if (!start(client, in_flight_.back())) return false;
    } else if (!settle_oldest(client)) {
      return false;
    }
  }
}

bool Writer::start(sdk::Client& client, Outgoing& outgoing) {
  const Label label{.sender_id = user_id_, .number = outgoing.number};
  sdk::wire::Frame frame;
  sdk::wire::Send& send = *frame.mutable_send();
  send.set_conversation_id(outgoing.conversation_id);
  send.set_client_message_id(label.text());
  send.mutable_content()->set_text(label.text());
  // Both levels promise that the message is not lost.
  send.set_ack_level(outgoing.number % 2 == 0 ? sdk::wire::ACK_LEVEL_PERSISTED
                                              : sdk::wire::ACK_LEVEL_ACCEPTED);
  const sdk::Result<uint64_t> request = client.start(std::move(frame));
  if (!request) return false;
  outgoing.request_id = *request;
  return true;
}

bool Writer::settle_oldest(sdk::Client& client) {
  const Outgoing& oldest = in_flight_.front();
  const std::string id = Label{.sender_id = user_id_, .number = oldest.number}.text();
  const sdk::Result<sdk::wire::Frame> answer = client.finish(oldest.request_id);
  if (!answer) {
    if (answer.error().failure != sdk::Failure::Refused) return false;
    complaints_.push_back(id + " was refused: " + sdk::describe(answer.error()));
    in_flight_.pop_front();
    return true;
  }
  const sdk::Result<sdk::SendReceipt> receipt = sdk::to_receipt(*answer);
  if (!receipt) {
    complaints_.push_back(id + ": " + sdk::describe(receipt.error()));
  } else {
    promises_.push_back({.client_message_id = id,
                         .conversation_id = oldest.conversation_id,
                         .message_id = receipt->message_id,
                         .seq = receipt->seq});
    ++promised_;
  }
  in_flight_.pop_front();
  return true;
}

}  // namespace flare::e2e
