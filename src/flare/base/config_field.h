// What a room's config struct needs to describe itself: ByteSize and the checks.
//
//   struct Config {
//     std::string listen = "0.0.0.0:60051";
//     ByteSize frame_max = mib(1);
//     std::chrono::milliseconds idle{60'000};
//     std::string token_secret;
//
//     void describe(auto& field) {
//       field("listen", listen, "Address clients connect to.", config::not_empty());
//       field("frame_max", frame_max, "Largest frame taken.", config::between(kib(1), mib(16)));
//       field("idle", idle, "Silence that closes a connection.",
//       config::at_least(1s)).reloadable(); field("token_secret", token_secret, "Signs tokens.",
//       config::not_empty()).secret();
//     }
//   };
//
// Members may be bool, any integer type, double, std::string, std::vector<std::string>,
// std::chrono::milliseconds ("500ms", "10s", "5m", "1h") and ByteSize ("64KiB", "1MiB", "2GiB").
// A default that fails its own check means: this key must be set. config.h does the reading.
#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace flare {

struct ByteSize {
  uint64_t bytes = 0;

  auto operator<=>(const ByteSize&) const = default;
};

constexpr ByteSize kib(uint64_t n) { return {n << 10}; }
constexpr ByteSize mib(uint64_t n) { return {n << 20}; }
constexpr ByteSize gib(uint64_t n) { return {n << 30}; }

namespace config {

// A value as a person writes it, without quotes: 42, 0.5, 10s, 64KiB.
std::string to_text(bool value);
std::string to_text(int64_t value);
std::string to_text(uint64_t value);
std::string to_text(double value);
std::string to_text(std::chrono::milliseconds value);
std::string to_text(ByteSize value);
std::string to_text(const std::string& value);
std::string to_text(const std::vector<std::string>& value);
template <std::integral T>
std::string to_text(T value) {
  if constexpr (std::signed_integral<T>) return to_text(static_cast<int64_t>(value));
  return to_text(static_cast<uint64_t>(value));
}

// A check is any type with these three: limits() for the manual, demand() for the error message,
// allows() for the decision.

struct NotEmpty {
  std::string limits() const { return "not empty"; }
  std::string demand() const { return "must not be empty"; }
  bool allows(const auto& value) const { return !value.empty(); }
};

template <class B>
struct Between {
  B min;
  B max;

  std::string limits() const { return "between " + to_text(min) + " and " + to_text(max); }
  std::string demand() const { return "must be " + limits(); }
  template <class T>
  bool allows(const T& value) const {
    if constexpr (std::integral<T> && std::integral<B>) {
      return std::cmp_less_equal(min, value) && std::cmp_less_equal(value, max);
    } else {
      return min <= value && value <= max;
    }
  }
};

template <class B>
struct AtLeast {
  B min;

  std::string limits() const { return "at least " + to_text(min); }
  std::string demand() const { return "must be " + limits(); }
  template <class T>
  bool allows(const T& value) const {
    if constexpr (std::integral<T> && std::integral<B>) {
      return std::cmp_less_equal(min, value);
    } else {
      return min <= value;
    }
  }
};

struct OneOf {
  std::vector<std::string> choices;

  std::string limits() const { return "one of " + to_text(choices); }
  std::string demand() const { return "must be " + limits(); }
  bool allows(const std::string& value) const {
    return std::ranges::find(choices, value) != choices.end();
  }
  // Of a list, every element.
  bool allows(const std::vector<std::string>& values) const {
    return std::ranges::all_of(values, [this](const auto& value) { return allows(value); });
  }
};

inline NotEmpty not_empty() { return {}; }
inline OneOf one_of(std::vector<std::string> choices) { return {std::move(choices)}; }

template <class B>
Between<B> between(B min, std::type_identity_t<B> max) {
  return {min, max};
}
template <class B>
AtLeast<B> at_least(B min) {
  return {min};
}

// Bounds of a time in any unit: at_least(1s), between(1ms, 1h).
template <class Rep, class Period>
AtLeast<std::chrono::milliseconds> at_least(std::chrono::duration<Rep, Period> min) {
  return {min};
}
template <class Rep, class Period>
Between<std::chrono::milliseconds> between(std::chrono::duration<Rep, Period> min,
                                           std::chrono::milliseconds max) {
  return {min, max};
}

}  // namespace config
}  // namespace flare
