#include <random>

#include "contract/event_log_contract.h"
#include "contract/segment_log_world.h"

namespace flare::contract {
namespace {

INSTANTIATE_TEST_SUITE_P(SegmentLog, EventLogContract,
                         testing::ValuesIn(std::vector<EventLogBackend>{
                             {"segment_log", [] { return std::make_unique<SegmentLogWorld>(); }},
                             {"segment_log_small_files",
                              [] {
                                segment_log::Options small;
                                small.segment_bytes = 512 << 10;
                                small.cache_bytes = 16 << 10;
                                return std::make_unique<SegmentLogWorld>(small);
                              }},
                         }),
                         [](const auto& about) { return about.param.name; });

}  // namespace
}  // namespace flare::contract
