// The one way the bench gives up: a sentence for the person at the terminal, thrown to main().
#pragma once

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace flare::bench {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void fail(const std::string& sentence) { throw Failure(sentence); }

// Adds what errno says.
[[noreturn]] inline void fail_errno(std::string_view step) {
  fail(std::string(step) + ": " + std::strerror(errno));
}

}  // namespace flare::bench
