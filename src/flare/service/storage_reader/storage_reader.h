// Shows each user what he may see of what is stored: history, conversations, members, what changed
// since the last sync, and where a message is. Writes nothing, keeps nothing between calls, and
// knows nothing of who else is told.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "flare/api/storage_reader.h"
#include "flare/base/clock.h"
#include "flare/port/message_store.h"
#include "flare/service/storage_reader/config.h"
#include "flare/service/storage_reader/metrics.h"
#include "flare/service/storage_reader/page_token.h"
#include "flare/service/storage_reader/visibility.h"

namespace flare::storage_reader {

// Any loop may call.
class StorageReader final : public api::StorageReader {
 public:
  // All it reaches outside itself; each must outlive it.
  struct Needs {
    port::MessageStore& store;
    Clock& clock;
    Metrics& metrics;
  };

  StorageReader(Config config, Needs needs) : config_(config), needs_(needs) {}

  Task<api::SyncResult> sync(Context ctx, api::SyncRequest request) override;
  Task<api::HistoryPage> history(Context ctx, api::HistoryRequest request) override;
  Task<Bytes> get_message(Context ctx, UserId user, MessageId id) override;
  Task<api::ConversationPage> list_conversations(Context ctx, UserId user, size_t limit,
                                                 std::string page_token) override;
  Task<api::MemberPage> list_members(Context ctx, UserId user, ConversationId conversation,
                                     size_t limit, std::string page_token) override;
  Task<api::Whereabouts> where(Context ctx, UserId user, MessageId id) override;
  Task<std::vector<ConversationId>> groups_of(Context ctx, UserId user) override;

 private:
  // visibility.cc: the only two ways to a Sight. look() fails with NotFound and PermissionDenied as
  // the api says; look_at_all() gives every conversation of the user, newest first.
  Task<Sight> look(Context ctx, UserId user, ConversationId id);
  Task<std::vector<Sight>> look_at_all(Context ctx, UserId user);

  // The work behind the measured calls.
  Task<api::SyncResult> find_changes(Context ctx, api::SyncRequest request);
  Task<api::SyncResult> changes_page(Context ctx, api::SyncRequest request,
                                     std::vector<Sight> changed, uint64_t digest);
  Task<api::HistoryPage> read_history(Context ctx, api::HistoryRequest request);
  Task<Bytes> read_message(Context ctx, UserId user, MessageId id);
  Task<api::ConversationPage> read_conversations(Context ctx, UserId user, size_t limit,
                                                 std::string page_token);
  Task<api::MemberPage> read_members(Context ctx, UserId user, ConversationId conversation,
                                     size_t limit, std::string page_token);
  Task<api::Whereabouts> trace_message(Context ctx, UserId user, MessageId id);
  Task<std::vector<ConversationId>> read_groups(Context ctx, UserId user);

  // A message the user may see, and the conversation it is in.
  struct Seen {
    Bytes message;
    Sight sight;
  };
  Task<Seen> see_message(Context ctx, UserId user, MessageId id);

  // The newest messages of what Sight::clip() has allowed, ascending; the page's limit and bytes
  // are the caller's. None when it has allowed nothing.
  Task<std::vector<Bytes>> read_newest(Context ctx, std::optional<port::ReadRange> range,
                                       size_t limit, size_t bytes_max);

  // The same sights; the first singles_max single chats know their peer. One round trip for all.
  Task<std::vector<Sight>> with_peers(Context ctx, std::vector<Sight> sights, size_t singles_max);

  // Constant after construction.
  const Config config_;
  const Needs needs_;
};

// A page size asked for, within the api's limits; 0 asks for the default.
inline size_t page_size(size_t asked, size_t by_default, size_t max) {
  return asked == 0 ? by_default : std::min(asked, max);
}

// Drops what earlier pages have given out: all up to the token's place. The sights are in order.
void drop_given_out(const PageToken& token, std::vector<Sight>& sights);

// What the api shows of a sight; the preview is the caller's to fill.
api::ConversationView view_of(Sight sight);

}  // namespace flare::storage_reader
