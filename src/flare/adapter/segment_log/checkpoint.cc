#include "flare/adapter/segment_log/checkpoint.h"

#include <algorithm>
#include <cstring>

#include "flare/adapter/segment_log/crc32c.h"
#include "flare/base/log.h"

namespace flare::segment_log {
namespace {

constexpr std::string_view kMagic = "FLARECHK";
constexpr size_t kCrcAt = 8;
constexpr size_t kCheckedFrom = 12;
constexpr size_t kHeaderBytes = 24;

// Enough for hundreds of groups; a larger state gets a larger file.
constexpr uint64_t kSlotBytesMin = 64 << 10;

template <class N>
void put(std::string& out, N value) {
  char bytes[sizeof(N)];
  std::memcpy(bytes, &value, sizeof(N));
  out.append(bytes, sizeof(N));
}

void put_text(std::string& out, std::string_view text) {
  put(out, static_cast<uint32_t>(text.size()));
  out.append(text);
}

// Takes values off the front; zeroes and false once there is nothing left.
struct Input {
  std::string_view left;
  bool ok = true;

  template <class N>
  N take() {
    N value = 0;
    if (left.size() < sizeof(N)) {
      ok = false;
      left = {};
      return value;
    }
    std::memcpy(&value, left.data(), sizeof(N));
    left.remove_prefix(sizeof(N));
    return value;
  }

  std::string take_text() {
    const auto size = take<uint32_t>();
    if (size > left.size()) {
      ok = false;
      left = {};
      return {};
    }
    std::string text(left.substr(0, size));
    left.remove_prefix(size);
    return text;
  }
};

TopicState take_topic(Input& in) {
  TopicState topic;
  topic.durable.segment = in.take<uint64_t>();
  topic.durable.position = in.take<uint32_t>();
  const auto groups = in.take<uint32_t>();
  for (uint32_t i = 0; i < groups && in.ok; ++i) {
    std::vector<uint64_t>& next = topic.groups[in.take_text()];
    const auto partitions = in.take<uint32_t>();
    for (uint32_t p = 0; p < partitions && in.ok; ++p) next.push_back(in.take<uint64_t>());
  }
  return topic;
}

}  // namespace

std::string encode_checkpoint(const CheckpointImage& image) {
  std::string out(kMagic);
  put(out, uint32_t{0});  // the CRC, below
  put(out, uint32_t{0});  // the size, below
  put(out, image.generation);
  put(out, static_cast<uint32_t>(image.state.size()));
  for (const auto& [name, topic] : image.state) {
    put_text(out, name);
    put(out, topic.durable.segment);
    put(out, topic.durable.position);
    put(out, static_cast<uint32_t>(topic.groups.size()));
    for (const auto& [group, next] : topic.groups) {
      put_text(out, group);
      put(out, static_cast<uint32_t>(next.size()));
      for (const uint64_t offset : next) put(out, offset);
    }
  }
  const auto size = static_cast<uint32_t>(out.size());
  std::memcpy(out.data() + kCheckedFrom, &size, sizeof(size));
  const uint32_t crc = crc32c(std::string_view(out).substr(kCheckedFrom));
  std::memcpy(out.data() + kCrcAt, &crc, sizeof(crc));
  return out;
}

std::optional<CheckpointImage> decode_checkpoint(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes || !bytes.starts_with(kMagic)) return std::nullopt;
  Input in{bytes.substr(kCrcAt)};
  const auto crc = in.take<uint32_t>();
  const auto size = in.take<uint32_t>();
  if (size < kHeaderBytes || size > bytes.size()) return std::nullopt;
  if (crc != crc32c(bytes.substr(kCheckedFrom, size - kCheckedFrom))) return std::nullopt;
  in.left = bytes.substr(kHeaderBytes - sizeof(uint64_t), size - kHeaderBytes + sizeof(uint64_t));
  CheckpointImage image;
  image.generation = in.take<uint64_t>();
  const auto topics = in.take<uint32_t>();
  for (uint32_t i = 0; i < topics && in.ok; ++i) {
    std::string name = in.take_text();
    image.state[std::move(name)] = take_topic(in);
  }
  if (!in.ok || !in.left.empty()) return std::nullopt;
  return image;
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::open(Files& files, std::string folder,
                                                     bool must_exist) {
  std::unique_ptr<Checkpoint> made(new Checkpoint(files, std::move(folder)));
  std::optional<CheckpointImage> images[2];
  for (size_t i = 0; i < 2; ++i) {
    made->slots_[i].path = made->folder_ + "/checkpoint-" + std::to_string(i);
    if (Result<void> loaded = made->load(made->slots_[i], images[i]); !loaded) {
      return fail(std::move(loaded).error());
    }
  }
  const bool any_file = made->slots_[0].file != nullptr || made->slots_[1].file != nullptr;
  if (!images[0] && !images[1] && (any_file || must_exist)) {
    return fail(ErrorCode::DataLoss,
                made->slots_[0].path + " and " + made->slots_[1].path +
                    " at byte 0: " + (any_file ? "neither checks out" : "both are missing") +
                    "; they hold what the groups have committed");
  }
  for (std::optional<CheckpointImage>& image : images) {
    if (!image || image->generation < made->generation_) continue;
    made->generation_ = image->generation;
    made->loaded_ = std::move(image->state);
  }
  // Both sound from the start: a torn one then never leaves us without any.
  for (int i = 0; i < 2; ++i) {
    if (Result<void> saved = made->save(made->loaded_); !saved) {
      return fail(std::move(saved).error());
    }
  }
  return made;
}

Result<void> Checkpoint::load(Slot& slot, std::optional<CheckpointImage>& image) {
  Result<std::unique_ptr<File>> file = files_.open(slot.path);
  if (!file) {
    if (file.error().code == ErrorCode::NotFound) return {};
    return fail(std::move(file).error());
  }
  slot.file = std::move(*file);
  std::string bytes(slot.file->size(), '\0');
  Result<size_t> read = slot.file->read(bytes.data(), bytes.size(), 0);
  if (!read) return fail(std::move(read).error().during(slot.path));
  bytes.resize(*read);
  image = decode_checkpoint(bytes);
  if (!image) {
    log_warning(
        "segment_log_checkpoint_torn",
        {{"file", slot.path}, {"reason", "a write was not finished; using the one before"}});
  }
  return {};
}

Result<void> Checkpoint::save(LogState state) {
  const std::string bytes =
      encode_checkpoint({.generation = generation_ + 1, .state = std::move(state)});
  Slot& slot = slots_[(generation_ + 1) % 2];
  if (slot.file == nullptr || slot.file->size() < bytes.size()) {
    if (Result<void> made = make(slot, bytes); !made) return made;
  } else {
    Result<void> saved = slot.file->write(bytes, 0);
    if (saved) saved = slot.file->sync();
    if (!saved) return fail(std::move(saved).error().during(slot.path));
  }
  ++generation_;
  return {};
}

// Under another name until it is sound.
Result<void> Checkpoint::make(Slot& slot, std::string_view bytes) {
  const std::string path = slot.path + ".new";
  if (Result<void> removed = files_.remove(path);
      !removed && removed.error().code != ErrorCode::NotFound) {
    return removed;
  }
  Result<std::unique_ptr<File>> file =
      files_.create(path, std::max<uint64_t>(kSlotBytesMin, 2 * bytes.size()));
  if (!file) return fail(std::move(file).error());
  Result<void> done = (*file)->write(bytes, 0);
  if (done) done = (*file)->sync();
  if (done) done = files_.rename(path, slot.path);
  if (done) done = files_.sync_folder(folder_);
  if (done) slot.file = std::move(*file);
  return done;
}

}  // namespace flare::segment_log
