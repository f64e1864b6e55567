// How flare-cli ends, for scripts.
#pragma once

namespace flare::cli {

enum class ExitCode : int {
  Ok = 0,
  Refused = 1,        // the server said no, or did not answer
  Usage = 2,          // the command line or a file it names is wrong
  CannotConnect = 3,  // no server there, or not any more
};

}  // namespace flare::cli
