// Ids are types: a user cannot be passed where a conversation is wanted.
#pragma once

#include <compare>
#include <functional>
#include <string>

namespace flare {

template <class Tag>
struct Id {
  std::string text;

  bool empty() const { return text.empty(); }
  auto operator<=>(const Id&) const = default;
};

using TenantId = Id<struct TenantTag>;

}  // namespace flare

template <class Tag>
struct std::hash<flare::Id<Tag>> {
  size_t operator()(const flare::Id<Tag>& id) const noexcept {
    return std::hash<std::string>{}(id.text);
  }
};
