// Waits for a condition instead of for time to pass.
#pragma once

#include <chrono>
#include <functional>

namespace flare::kit {

// Long enough for a loaded machine under a sanitizer; only a failing test ever waits this long.
inline constexpr std::chrono::milliseconds kPatience{10'000};

// Asks until `condition` holds; false when the timeout came first.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds timeout = kPatience);

}  // namespace flare::kit
