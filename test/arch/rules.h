// The rules of the architecture and of the style that a machine can read. Each takes files and
// returns where they break it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "arch/source_file.h"

namespace flare::arch {

// ---- include_law.cc

// A layer includes itself and the layers its row of the table names; a service never a service.
std::vector<Breach> breaches_of_include_law(const SourceFile& file);

// Headers show no third-party type outside their room. In base, model, port, api, service and app
// no header includes one at all; in adapter and transport a header that does is not reached from
// another room. Headers for tests include gtest and are reached from tests only.
std::vector<Breach> third_party_in_headers(const std::vector<SourceFile>& files);

// ---- listing.cc

// A .cc file is named by the nearest CMakeLists.txt above it; what is not, is not built.
// `read` gives the text of a file or "".
std::vector<Breach> not_listed(const SourceFile& file,
                               const std::function<std::string(const std::string&)>& read);

// ---- tidy.cc

// A header is a manual page; a file that has to be scrolled for long is two.
std::vector<Breach> too_long(const SourceFile& file);
std::vector<Breach> too_long_functions(const SourceFile& file);
std::vector<Breach> too_wide(const SourceFile& file);

// msg, conv and req are not words.
std::vector<Breach> forbidden_words(const SourceFile& file);

// A loop that sleeps serves nobody, and a test that sleeps is slow or wrong.
std::vector<Breach> sleeping(const SourceFile& file);

// ---- coroutines.cc

// A coroutine outlives the expression that called it: a reference or a view among its parameters
// dangles at the first wait. (The object it is a method of is the caller's to keep.)
std::vector<Breach> borrowed_parameters(const SourceFile& file);

// The captures of a lambda die with the lambda, which a coroutine outlives.
std::vector<Breach> coroutine_lambdas(const SourceFile& file);

}  // namespace flare::arch
