// The cheapest log that keeps the promise the floor is measured with: an appended batch is reported
// back once it is on the disk.
//
// One thread writes everything that came in while its last write was under way, and syncs once
// (natural batching). Segments are written full of zeros at start and used round and round, since a
// sync of a file that grows, or whose blocks were never written, also has to sync metadata.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace flare::bench {

// What goes through the log for one message. The bytes are its Deliver frame as it goes out.
struct FloorMessage {
  uint32_t sender = 0;
  uint32_t conversation = 0;
  uint64_t request_id = 0;
  uint64_t seq = 0;
  uint64_t message_mark = 0;
  size_t offset = 0;  // in FloorBatch::bytes
  size_t size = 0;
};

struct FloorBatch {
  std::string bytes;
  std::vector<FloorMessage> messages;
};

class FloorLog {
 public:
  // `synced` false: nothing is written, for a floor of class D0. Throws Failure.
  FloorLog(const std::string& folder, bool synced);
  ~FloorLog();
  FloorLog(const FloorLog&) = delete;
  FloorLog& operator=(const FloorLog&) = delete;

  void append(FloorBatch batch);

  // Readable when take_committed() has something.
  int event() const { return event_; }

  // In the order appended.
  std::vector<FloorBatch> take_committed();

 private:
  void open_segments(const std::string& folder);
  void run();
  void write(const std::vector<FloorBatch>& batches);

  const bool synced_;
  const int event_;
  std::vector<int> segments_;

  // Belongs to the thread.
  size_t segment_ = 0;
  int64_t position_ = 0;
  std::string joined_;

  // Guarded by mutex_.
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<FloorBatch> waiting_;
  std::vector<FloorBatch> committed_;
  bool stopping_ = false;

  std::thread thread_;
};

}  // namespace flare::bench
