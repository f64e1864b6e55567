// main() of every binary: reads the command line and the configuration, makes the plan, runs it
// until SIGTERM, SIGINT or a fault.
//
// Exit codes: 0 stopped as asked, 1 a fault or a failed start, 2 the command line or the
// configuration is wrong.
#pragma once

#include <string>
#include <vector>

#include "flare/app/plan.h"

namespace flare::app {

using AddRoom = Result<> (*)(Plan&);

int main(int argc, char** argv, std::string name, std::vector<AddRoom> rooms);

}  // namespace flare::app
