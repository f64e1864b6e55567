// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once

#include <string_view>

namespace flare::websocket {

bool valid_utf8(std::string_view text);

// The longest front of `text` that is at most `bytes_max` long and cuts no character.
std::string_view cut_utf8(std::string_view text, size_t bytes_max);

}  // namespace flare::websocket
