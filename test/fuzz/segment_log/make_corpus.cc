// segment_log_corpus <folder>: sound inputs for fuzz_segment_log, one of each kind.
#include <cstdio>
#include <fstream>
#include <string>

#include "flare/adapter/segment_log/checkpoint.h"
#include "flare/adapter/segment_log/format.h"

namespace flare::segment_log {
namespace {

std::string record(uint64_t offset, uint32_t partition, std::string_view body) {
  std::string bytes(record_bytes(body.size()), '\0');
  encode_record(bytes.data(),
                {.offset = offset,
                 .partition = partition,
                 .epoch = 1,
                 .segment = 1,
                 .durable_end = kSegmentHeaderBytes},
                body);
  return bytes;
}

void write(const std::string& folder, const char* name, char kind, const std::string& bytes) {
  std::ofstream(folder + "/" + name, std::ios::binary) << kind << bytes;
}

void write_all(const std::string& folder) {
  const std::string records = record(0, 0, "one") + record(0, 1, "") + record(1, 0, "three");
  const std::string header = encode_segment_header({.number = 1, .base_offsets = {0, 0}});
  const std::string checkpoint = encode_checkpoint(
      {.generation = 4, .state = {{"orders", {.durable = {1, 4096}, .groups = {{"g", {0, 0}}}}}}});
  write(folder, "record", 0, record(0, 0, "one"));
  write(folder, "header", 0, header);
  write(folder, "checkpoint", 0, checkpoint);
  write(folder, "segment", 1, header + records);
  write(folder, "records", 2, records);
  write(folder, "chain", 3,
        std::string("\3\0\0\1\1\x10\0\0\3\0\1\1\1\x10\0\0\3\1\0\1\1\x10\0\0", 24));
  write(folder, "saved", 4, checkpoint);
}

}  // namespace
}  // namespace flare::segment_log

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: segment_log_corpus <folder>\n");
    return 2;
  }
  flare::segment_log::write_all(argv[1]);
}
