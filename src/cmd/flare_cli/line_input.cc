#include "line_input.h"

#include <poll.h>
#include <unistd.h>

#include <array>

namespace flare::cli {

LineInput::LineInput(std::function<void()> on_news)
    : on_news_(std::move(on_news)), thread_([this](std::stop_token stop) { read(stop); }) {}

LineInput::~LineInput() = default;

std::optional<std::string> LineInput::next_line() {
  const std::lock_guard lock(mutex_);
  if (lines_.empty()) return std::nullopt;
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  return line;
}

bool LineInput::ended() const {
  const std::lock_guard lock(mutex_);
  return at_end_ && lines_.empty();
}

void LineInput::read(std::stop_token stop) {
  constexpr int kLookForStopMs = 100;  // nothing else ends a poll of a quiet keyboard
  std::string buffer;
  std::array<char, 4096> bytes;
  while (!stop.stop_requested()) {
    pollfd waiting{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
    if (::poll(&waiting, 1, kLookForStopMs) <= 0) continue;
    const ssize_t got = ::read(STDIN_FILENO, bytes.data(), bytes.size());
    if (got > 0) buffer.append(bytes.data(), static_cast<size_t>(got));
    take(buffer, got <= 0);
    on_news_();
    if (got <= 0) return;
  }
}

void LineInput::take(std::string& buffer, bool last) {
  const std::lock_guard lock(mutex_);
  for (size_t end = buffer.find('\n'); end != std::string::npos; end = buffer.find('\n')) {
    lines_.push_back(buffer.substr(0, end));
    buffer.erase(0, end + 1);
  }
  if (last && !buffer.empty()) lines_.push_back(buffer);
  at_end_ = last;
}

}  // namespace flare::cli
