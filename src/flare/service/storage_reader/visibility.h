// Visibility: what one user may see of one conversation.
//
// StorageReader makes a Sight after it has checked membership, and every read of messages takes its
// range from Sight::clip(), which keeps the history floor. There is no other way to the messages.
#pragma once

#include <optional>
#include <vector>

#include "flare/port/message_store.h"

namespace flare::storage_reader {

// The other side of a single chat.
struct Peer {
  UserId user;
  Sequence read_seq = 0;
  Sequence delivered_seq = 0;
  int64_t moved_ms = 0;  // when one of the two last moved; 0: never, or not known any more
};

struct Sight {
  TenantId tenant;
  model::Conversation conversation;
  model::Head head;
  model::Member member;      // the one who looks
  std::optional<Peer> peer;  // filled where it was asked for

  port::ConversationKey key() const { return {tenant, conversation.id}; }

  // The oldest message the member may see: a late joiner does not see what was said before.
  Sequence floor() const;
  bool shows(Sequence seq) const { return seq >= floor(); }

  // The visible part of [from, to], both ends included; nothing when there is none.
  std::optional<port::ReadRange> clip(Sequence from, Sequence to) const;
};

// The order of every list of conversations: newest first, equally new ones by id.
bool comes_before(const Sight& a, const Sight& b);

}  // namespace flare::storage_reader
