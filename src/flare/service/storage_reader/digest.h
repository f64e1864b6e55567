// The digest of a sync: one number for all that a user may see. Equal digests: nothing changed.
//
// Its upper 24 bits are the minute (since 2020) of the newest receipt it has seen, the others a
// hash. A receipt moves no seq, so positions cannot tell which conversation changed; the minute
// can.
#pragma once

#include <cstdint>
#include <span>

#include "flare/service/storage_reader/visibility.h"

namespace flare::storage_reader {

// Never 0. Peers count where a Sight has one.
uint64_t digest_of(std::span<const Sight> sights);

// Whether a receipt of this conversation may be newer than what the digest has seen. May say yes
// too often, never too rarely: the clocks that stamp receipts differ by less than a minute.
bool receipts_moved_since(uint64_t digest, const Sight& sight);

}  // namespace flare::storage_reader
