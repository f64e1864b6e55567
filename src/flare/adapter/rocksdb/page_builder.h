// PageBuilder: the messages of one answer, side by side in one piece of memory. What is kept of the
// answer keeps nothing of the store's alive.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flare/base/bytes.h"

namespace flare::rocksdb {

class PageBuilder {
 public:
  PageBuilder(size_t limit, size_t bytes_max) : limit_(limit), bytes_max_(bytes_max) {}

  // Whether another message is wanted: the one that reaches bytes_max is the last.
  bool wants_more() const { return ends_.size() < limit_ && bytes_.size() < bytes_max_; }

  void add(std::string_view message) {
    bytes_.append(message);
    ends_.push_back(bytes_.size());
  }

  std::vector<Bytes> finish() && {
    const Bytes whole = Bytes::take(std::move(bytes_));
    std::vector<Bytes> messages;
    messages.reserve(ends_.size());
    size_t begin = 0;
    for (const size_t end : ends_) {
      messages.push_back(whole.slice(whole.view().substr(begin, end - begin)));
      begin = end;
    }
    return messages;
  }

 private:
  const size_t limit_;
  const size_t bytes_max_;
  std::string bytes_;
  std::vector<size_t> ends_;
};

}  // namespace flare::rocksdb
