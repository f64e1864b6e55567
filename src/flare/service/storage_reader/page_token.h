// Page tokens: where a list goes on. Opaque to clients, which get them as text; a token only says
// where, never what may be seen, so a made-up one shows nothing that a page would not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "flare/base/result.h"

namespace flare::storage_reader {

enum class PageKind : uint8_t { Sync = 1, Conversations = 2, Members = 3 };

struct PageToken {
  PageKind kind = PageKind::Sync;
  std::string after;         // id of the last item given out
  int64_t last_time_ms = 0;  // of conversations: the time it stood at
  uint64_t digest = 0;       // of Sync: what the first page saw
};

std::string encode(const PageToken& token);

// Fails with InvalidArgument when the text is no token of this kind.
Result<PageToken> decode_page_token(PageKind kind, std::string_view text);

}  // namespace flare::storage_reader
