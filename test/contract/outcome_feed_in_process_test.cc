#include "contract/outcome_feed_contract.h"
#include "flare/adapter/in_process/outcome_feed.h"

namespace flare::contract {

INSTANTIATE_TEST_SUITE_P(InProcess, OutcomeFeedContract,
                         testing::Values(OutcomeFeedBackend{
                             "in_process",
                             [] { return std::make_unique<in_process::OutcomeFeed>(); }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace flare::contract
