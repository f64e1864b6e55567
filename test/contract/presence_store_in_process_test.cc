#include "contract/presence_store_contract.h"
#include "flare/adapter/in_process/presence_store.h"

namespace flare::contract {

INSTANTIATE_TEST_SUITE_P(InProcess, PresenceStoreContract,
                         testing::Values(PresenceStoreBackend{
                             .name = "in_process",
                             .open =
                                 [](const Clock& clock) {
                                   return std::make_unique<in_process::PresenceStore>(clock);
                                 }}),
                         [](const auto& info) { return info.param.name; });

}  // namespace flare::contract
