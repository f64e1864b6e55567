// flare-cli: the whole client protocol from a terminal or a script.
#include <csignal>

#include "arguments.h"

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // `flare-cli history | head` ends quietly
  const auto run = flare::cli::parse(argc, argv);
  return static_cast<int>(run ? (*run)() : run.error());
}
