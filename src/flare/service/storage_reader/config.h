// What an operator may set of the storage reader. Page sizes in items are part of the api.
#pragma once

#include "flare/base/config_field.h"

namespace flare::storage_reader {

struct Config {
  // A page stops after the message that reaches this, so that an answer fits a frame.
  ByteSize page_bytes_max = mib(1);

  // Each member costs a row, and nobody reads a longer list of receipts.
  uint32_t where_members_max = 100;

  // Ticks that moved while a device was away matter in the chats at the top of its screen.
  uint32_t sync_receipts_max = 20;

  void describe(auto& field) {
    field("page_bytes_max", page_bytes_max,
          "Bytes of messages in one page; a page ends early when it has reached them.",
          config::between(kib(16), mib(16)));
    field("where_members_max", where_members_max,
          "Members whose receipts are shown when somebody asks where a message is.",
          config::between(1u, 1000u));
    field("sync_receipts_max", sync_receipts_max,
          "Newest single chats in which a sync notices receipts that moved meanwhile; 0: none.",
          config::between(0u, 200u));
  }
};

}  // namespace flare::storage_reader
