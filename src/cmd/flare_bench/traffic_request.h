// Request ids tell the answers apart: number:32 slot:8 in the low bits, the kind above them.
#pragma once

#include <cstdint>

namespace flare::bench::request {

constexpr uint64_t kRetry = uint64_t{1} << 40;
constexpr uint64_t kHistory = uint64_t{1} << 41;
constexpr uint64_t kSetup = uint64_t{1} << 42;

constexpr uint64_t of_message(uint32_t number, uint8_t slot, bool retry) {
  return uint64_t{number} << 8 | slot | (retry ? kRetry : 0);
}

constexpr uint32_t to_number(uint64_t request_id) { return static_cast<uint32_t>(request_id >> 8); }
constexpr uint8_t to_slot(uint64_t request_id) { return static_cast<uint8_t>(request_id); }

}  // namespace flare::bench::request
