// LineInput: lines of stdin as they come, without making the network wait for the keyboard.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace flare::cli {

class LineInput {
 public:
  // `on_news` is called from the reading thread after each line and at the end.
  explicit LineInput(std::function<void()> on_news);
  ~LineInput();  // does not wait for a line

  std::optional<std::string> next_line();  // nothing: none yet, or none any more
  bool ended() const;                      // stdin is at its end and all lines were taken

 private:
  void read(std::stop_token stop);
  void take(std::string& buffer, bool last);

  std::function<void()> on_news_;
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
  bool at_end_ = false;
  std::jthread thread_;
};

}  // namespace flare::cli
