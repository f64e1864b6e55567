// What must hold for every input; ends the run with the line that does not.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <source_location>

inline void require(bool good, std::source_location at = std::source_location::current()) {
  if (good) return;
  std::fprintf(stderr, "%s:%u does not hold\n", at.file_name(), at.line());
  std::abort();
}
