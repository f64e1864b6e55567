#include <map>
#include <set>

#include "arch/rules.h"

namespace flare::arch {
namespace {

// The architecture in one table: a layer may include itself and the layers its row names.
const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"base", {}},
    {"model", {"base"}},
    {"port", {"base", "model"}},
    {"api", {"base", "model"}},
    {"service", {"base", "model", "port", "api"}},
    {"adapter", {"base", "model", "port"}},
    {"transport", {"base", "model", "api"}},
    {"app", {"base", "model", "port", "api", "service", "adapter", "transport"}},
    {"cmd", {"base", "model", "app", "sdk"}},
    {"sdk", {}},  // knows the protocol only: what both sides misunderstood would go unnoticed
};

// The layers in whose headers nobody else's type may appear at all.
const std::set<std::string> kPureLayers = {"base", "model", "port", "api", "service", "app"};

struct Place {
  std::string layer;  // "" outside the table
  std::string room;   // "service/push_server"; of the layers without rooms, the layer
};

Place place_of(std::string path) {
  for (const std::string root : {"src/flare/", "src/", "flare/"}) {
    if (!path.starts_with(root)) continue;
    path.erase(0, root.size());
    break;
  }
  Place place;
  if (path.starts_with("sdk/")) return {.layer = "sdk", .room = "sdk"};
  const size_t slash = path.find('/');
  place.layer = path.substr(0, slash);
  if (slash == std::string::npos || !kMayInclude.contains(place.layer)) return {};
  place.room = path.substr(0, path.find('/', slash + 1));
  if (place.room == path) place.room = place.layer;
  return place;
}

bool is_generated(const Include& include) { return include.path.ends_with(".pb.h"); }
bool is_ours(const Include& include) {
  return !include.angled && include.path.starts_with("flare/") && !is_generated(include);
}
// <vector> is the language's; <openssl/sha.h>, <sys/socket.h> and generated types are not.
bool is_third_party(const Include& include) {
  return is_generated(include) ||
         (include.angled && include.path.find_first_of("./") != std::string::npos);
}
bool is_for_tests(const SourceFile& file) {
  for (const Include& include : file.includes()) {
    if (include.path.starts_with("gtest/") || include.path.starts_with("benchmark/")) return true;
  }
  return file.path().starts_with("test/");
}

using ByInclude = std::map<std::string, const SourceFile*>;  // "flare/base/task.h"

// The headers of other rooms that `file` sees, through however many of its includes.
void reach(const SourceFile& file, const ByInclude& headers, std::set<const SourceFile*>& seen) {
  for (const Include& include : file.includes()) {
    const auto header = headers.find(include.path);
    if (header == headers.end() || !seen.insert(header->second).second) continue;
    reach(*header->second, headers, seen);
  }
}

}  // namespace

std::vector<Breach> breaches_of_include_law(const SourceFile& file) {
  std::vector<Breach> breaches;
  const Place from = place_of(file.path());
  if (from.layer.empty()) return breaches;
  const std::set<std::string>& allowed = kMayInclude.at(from.layer);
  for (const Include& include : file.includes()) {
    if (!is_ours(include)) continue;
    const Place to = place_of(include.path);
    const bool upward = to.layer != from.layer && !allowed.contains(to.layer);
    const bool sideways = from.layer == "service" && to.layer == "service" && to.room != from.room;
    if (!upward && !sideways) continue;
    breaches.push_back({.path = file.path(),
                        .line = include.line,
                        .what = from.room + " may not include " + include.path});
  }
  return breaches;
}

std::vector<Breach> third_party_in_headers(const std::vector<SourceFile>& files) {
  ByInclude headers;
  for (const SourceFile& file : files) {
    constexpr std::string_view kRoot = "src/";
    if (file.is_header() && file.path().starts_with("src/flare/")) {
      headers[file.path().substr(kRoot.size())] = &file;
    }
  }
  std::vector<Breach> breaches;
  for (const auto& [name, header] : headers) {
    if (is_for_tests(*header) || !kPureLayers.contains(place_of(header->path()).layer)) continue;
    for (const Include& include : header->includes()) {
      if (!is_third_party(include)) continue;
      breaches.push_back({.path = header->path(),
                          .line = include.line,
                          .what = "<" + include.path + "> in a header; a .cc file may include it"});
    }
  }
  for (const SourceFile& file : files) {
    if (!file.path().starts_with("src/") || file.is_test() || is_for_tests(file)) continue;
    std::set<const SourceFile*> seen;
    reach(file, headers, seen);
    for (const SourceFile* header : seen) {
      const Place place = place_of(header->path());
      const bool another_room = place.room != place_of(file.path()).room;
      for (const Include& include : header->includes()) {
        if (!is_third_party(include)) continue;
        const bool leaks = another_room && !kPureLayers.contains(place.layer);
        if (!leaks && !is_for_tests(*header)) continue;
        breaches.push_back({.path = file.path(),
                            .line = 0,
                            .what = "sees <" + include.path + "> through " + header->path()});
      }
    }
  }
  return breaches;
}

}  // namespace flare::arch
