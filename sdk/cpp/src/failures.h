// The errors this library makes itself.
#pragma once

#include <string>

#include "flare/client/v1/frame.pb.h"
#include "flare/sdk/error.h"

namespace flare::sdk {

Error cannot_connect(std::string why);
Error timed_out(std::string what);
Error closed(std::string why);
Error malformed(std::string what);

// What an Error frame says.
Error refused(const flare::client::v1::Error& error);

}  // namespace flare::sdk
