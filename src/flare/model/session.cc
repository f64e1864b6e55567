#include "flare/model/session.h"

#include <algorithm>
#include <array>

namespace flare::model {

bool known_platform(std::string_view platform) {
  constexpr std::array<std::string_view, 8> kPlatforms = {"ios",   "android", "web",  "windows",
                                                          "macos", "linux",   "mini", "bot"};
  return std::ranges::find(kPlatforms, platform) != kPlatforms.end();
}

}  // namespace flare::model
