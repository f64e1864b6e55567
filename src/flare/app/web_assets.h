// The demo page, as the web build made it, inside the binary. The source is generated from
// web/dist (cmake/assets.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace flare::app {

struct WebAsset {
  std::string_view path;  // "/index.html"
  std::string_view bytes;
};

std::vector<WebAsset> web_assets();

}  // namespace flare::app
