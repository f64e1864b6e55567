#include "sim/person.h"

namespace flare::sim {
namespace {

constexpr size_t kInFlightMax = 6;
constexpr size_t kContentBytesMax = 1'500;

// Content.text of that many dots.
std::string text(size_t size) {
  std::string content = "\x0a";
  for (size_t rest = size; rest > 0; rest >>= 7) {
    content += static_cast<char>((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return content + std::string(size, '.');
}

}  // namespace

Task<> Person::talk(Context ctx, api::Orchestrator* orchestrator, Faults* faults, size_t count) {
  Scope in_flight("person", *faults);
  while (!ctx.stop.stop_requested() && (count > 0 || !unanswered_.empty())) {
    const size_t together = 1 + random_() % kInFlightMax;
    for (; count > 0 && unanswered_.size() < together; --count) {
      unanswered_.push_back({.conversation = conversations_[random_() % conversations_.size()],
                             .client_message_id = name_ + '/' + std::to_string(++last_number_)});
    }
    for (Letter& letter : unanswered_) {
      in_flight.spawn(send(ctx, orchestrator, &letter));
      if (one_in(8)) in_flight.spawn(send(ctx, orchestrator, &letter));
    }
    if (!promises_.empty() && one_in(4)) {
      in_flight.spawn(repeat(ctx, orchestrator, promises_[random_() % promises_.size()]));
    }
    co_await in_flight.join();
    std::erase_if(unanswered_, [](const Letter& letter) { return letter.answered; });
    if (!unanswered_.empty()) co_return;
  }
}

Task<> Person::send(Context ctx, api::Orchestrator* orchestrator, Letter* letter) {
  const Result<api::SendReceipt> receipt = co_await attempt(
      orchestrator->send(std::move(ctx), request(letter->conversation, letter->client_message_id)));
  if (!receipt) {
    // A power cut looks like one of these; anything else is no reason to send again.
    const ErrorCode code = receipt.error().code;
    if (code != ErrorCode::Unavailable && code != ErrorCode::Cancelled) {
      complaints_.push_back(letter->client_message_id + ": " + receipt.error().message);
    }
    co_return;
  }
  letter->answered = true;
  promises_.push_back({letter->conversation, letter->client_message_id, receipt->id, receipt->seq});
}

Task<> Person::repeat(Context ctx, api::Orchestrator* orchestrator, Promise promise) {
  const Result<api::SendReceipt> receipt = co_await attempt(
      orchestrator->send(std::move(ctx), request(promise.conversation, promise.client_message_id)));
  if (!receipt || (receipt->id == promise.id && receipt->seq == promise.seq)) co_return;
  complaints_.push_back(promise.client_message_id + ": was told " + std::to_string(promise.seq) +
                        ", then " + std::to_string(receipt->seq));
}

api::SendRequest Person::request(const std::string& conversation,
                                 const std::string& client_message_id) {
  api::SendRequest asked;
  asked.conversation = {conversation};
  asked.sender = {name_};
  asked.client_message_id = client_message_id;
  asked.content = text(1 + random_() % kContentBytesMax);
  asked.ack_level = one_in(2) ? api::AckLevel::Persisted : api::AckLevel::Accepted;
  asked.origin = {.gateway = "g1", .session = 1};
  return asked;
}

}  // namespace flare::sim
