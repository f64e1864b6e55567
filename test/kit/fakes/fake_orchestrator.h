// FakeOrchestrator: accepts everything, gives each conversation its seqs, and keeps the requests.
//
// Belongs to one loop.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "flare/api/orchestrator.h"
#include "kit/fakes/gate.h"

namespace flare {

class FakeOrchestrator final : public api::Orchestrator {
 public:
  Task<api::SendReceipt> send(Context ctx, api::SendRequest request) override {
    sends.push_back(request);
    co_await gate.pass(ctx);
    co_await ready();
    api::SendReceipt receipt;
    receipt.id = model::message_id(ctx.tenant, request.conversation, request.sender,
                                   request.client_message_id);
    receipt.server_time_ms = 1;
    if (knows_seq) receipt.seq = ++heads[request.conversation];
    co_return receipt;
  }

  Task<api::OperateReceipt> operate(Context ctx, api::OperateRequest request) override {
    operations.push_back(request);
    co_await gate.pass(ctx);
    co_await ready();
    api::OperateReceipt receipt{.conversation = request.conversation};
    receipt.id = model::message_id(ctx.tenant, request.conversation, request.actor,
                                   request.client_operation_id);
    if (request.conversation.empty()) receipt.conversation = model::group_conversation(receipt.id);
    receipt.seq = ++heads[receipt.conversation];
    co_return receipt;
  }

  Task<> read(Context ctx, api::ReadRequest request) override {
    reads.push_back(std::move(request));
    co_await gate.pass(ctx);
    co_await ready();
  }

  std::vector<api::SendRequest> sends;
  std::vector<api::OperateRequest> operations;
  std::vector<api::ReadRequest> reads;
  std::map<ConversationId, Sequence> heads;
  bool knows_seq = true;
  Gate gate;
  std::optional<Error> failure;

 private:
  Result<> ready() const {
    if (failure) return fail(*failure);
    return {};
  }
};

}  // namespace flare
