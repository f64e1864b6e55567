// FakeReader: answers what a test puts in.
//
// Belongs to one loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "flare/api/storage_reader.h"
#include "kit/fakes/gate.h"

namespace flare {

class FakeReader final : public api::StorageReader {
 public:
  Task<api::SyncResult> sync(Context, api::SyncRequest request) override {
    co_await ready();
    syncs.push_back(std::move(request));
    co_return synced;
  }
  Task<api::HistoryPage> history(Context, api::HistoryRequest request) override {
    co_await ready();
    histories.push_back(std::move(request));
    co_return page;
  }
  Task<Bytes> get_message(Context, UserId, MessageId id) override {
    co_await ready();
    const auto found = messages.find(id);
    if (found == messages.end()) co_await fail(ErrorCode::NotFound, "there is no such message");
    co_return found->second;
  }
  Task<api::ConversationPage> list_conversations(Context, UserId, size_t, std::string) override {
    co_await ready();
    co_return conversations;
  }
  Task<api::MemberPage> list_members(Context, UserId, ConversationId, size_t,
                                     std::string) override {
    co_await ready();
    co_return members;
  }
  Task<api::Whereabouts> where(Context, UserId, MessageId) override {
    co_await ready();
    co_return whereabouts;
  }
  Task<std::vector<ConversationId>> groups_of(Context ctx, UserId user) override {
    // Read before the wait, as a store would: what changes meanwhile is not in the answer.
    std::vector<ConversationId> found = groups[user.text];
    co_await groups_gate.pass(ctx);
    co_await ready();
    co_return found;
  }

  api::SyncResult synced;
  api::HistoryPage page;
  std::map<MessageId, Bytes> messages;
  api::ConversationPage conversations;
  api::MemberPage members;
  api::Whereabouts whereabouts;
  std::map<std::string, std::vector<ConversationId>> groups;  // by user

  std::vector<api::SyncRequest> syncs;
  std::vector<api::HistoryRequest> histories;
  Gate groups_gate;
  std::optional<Error> failure;

 private:
  Result<> ready() const {
    if (failure) return fail(*failure);
    return {};
  }
};

}  // namespace flare
