// What a server has promised, kept where the server cannot lose it.
//
// A text file, one line an entry, never synced: it is the server that gets killed, not the bench.
//
//   flare-bench-journal 1 TEXT_BYTES
//   A CLIENT_ID MESSAGE_ID SEQ CONVERSATION_ID      a receipt; SEQ 0 when it had none
//
// A last line without its newline is the end of an interrupted write and is ignored. Several runs
// may be appended to one file.
#pragma once

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/flare_bench/message_key.h"

namespace flare::bench {

using MessageId = std::array<char, 16>;

// Shorter and longer ids are cut or filled with zeros: they are compared, not interpreted.
MessageId to_message_id(std::string_view bytes);

struct Promise {
  MessageKey key;
  MessageId message_id{};
  uint64_t seq = 0;
};

struct Journal {
  size_t text_bytes = 0;
  uint64_t promises = 0;
  std::map<std::string, std::vector<Promise>, std::less<>> conversations;
};

class JournalWriter {
 public:
  // Appends to the file. Throws Failure.
  JournalWriter(const std::string& path, size_t text_bytes);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  void add(const Promise& promise, std::string_view conversation_id);

  uint64_t written() const { return written_; }

 private:
  std::FILE* file_;
  std::string line_;
  uint64_t written_ = 0;
};

// Throws Failure when the file cannot be read or a whole line does not parse.
Journal read_journal(const std::string& path);

}  // namespace flare::bench
