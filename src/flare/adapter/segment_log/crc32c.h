// CRC-32C (Castagnoli), as in RFC 3720. With the processor's instruction where there is one.
#pragma once

#include <cstdint>
#include <string_view>

namespace flare::segment_log {

uint32_t crc32c(std::string_view bytes);

// The same without the instruction; for tests and for processors that lack it.
uint32_t crc32c_portable(std::string_view bytes);

}  // namespace flare::segment_log
