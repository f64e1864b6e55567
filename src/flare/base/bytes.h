// Bytes: an immutable, shared piece of memory. Copying shares, slicing shares; the memory lives as
// long as its last slice. May be read from any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace flare {

class Bytes {
 public:
  Bytes() = default;

  // Takes the string over without copying it.
  static Bytes take(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    std::string_view view = *owner;
    return {std::move(owner), view};
  }
  static Bytes copy(std::string_view text) { return take(std::string(text)); }

  // A view of memory that `owner` keeps alive.
  static Bytes share(std::shared_ptr<const void> owner, std::string_view view) {
    return {std::move(owner), view};
  }

  // `part` must lie inside view().
  Bytes slice(std::string_view part) const { return {owner_, part}; }

  std::string_view view() const { return view_; }
  size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }

 private:
  Bytes(std::shared_ptr<const void> owner, std::string_view view)
      : owner_(std::move(owner)), view_(view) {}

  std::shared_ptr<const void> owner_;
  std::string_view view_;
};

}  // namespace flare
