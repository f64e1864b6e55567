// Checkpoint: what the groups have committed and up to where each topic is known to be durable, in
// two files written in turn, so that a torn write leaves the state before it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flare/adapter/segment_log/files.h"
#include "flare/adapter/segment_log/journal.h"

namespace flare::segment_log {

struct TopicState {
  Place durable;
  std::map<std::string, std::vector<uint64_t>> groups;  // the next offset of each partition
};
using LogState = std::map<std::string, TopicState>;

struct CheckpointImage {
  uint64_t generation = 0;
  LogState state;
};
std::string encode_checkpoint(const CheckpointImage& image);
// Nothing if `bytes` do not begin with a sound checkpoint.
std::optional<CheckpointImage> decode_checkpoint(std::string_view bytes);

class Checkpoint {
 public:
  // Reads the newest state; makes the files if there is none. DataLoss when neither file checks
  // out, or when `must_exist` and there is none.
  static Result<std::unique_ptr<Checkpoint>> open(Files& files, std::string folder,
                                                  bool must_exist);

  const LogState& loaded() const { return loaded_; }

  // Durable when it returns. One thread at a time.
  Result<void> save(LogState state);

 private:
  struct Slot {
    std::string path;
    std::unique_ptr<File> file;
  };

  Checkpoint(Files& files, std::string folder) : files_(files), folder_(std::move(folder)) {}

  // Leaves `image` empty when the slot does not check out, and its file null when there is none.
  Result<void> load(Slot& slot, std::optional<CheckpointImage>& image);
  Result<void> make(Slot& slot, std::string_view bytes);

  Files& files_;
  const std::string folder_;
  Slot slots_[2];
  uint64_t generation_ = 0;
  LogState loaded_;
};

}  // namespace flare::segment_log
