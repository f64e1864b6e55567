// FakeFaults: writes down what stopped working, "scope: message".
#pragma once

#include <string>
#include <vector>

#include "flare/base/scope.h"

namespace flare {

class FakeFaults final : public Faults {
 public:
  void report(std::string_view scope, const Error& error) override {
    reports.push_back(std::string(scope) + ": " + error.message);
  }

  std::vector<std::string> reports;
};

}  // namespace flare
