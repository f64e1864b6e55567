// Engine: the threads of one log, shared by its topics.
//
// commit   takes what was appended while its last commit was in flight, writes and syncs it.
// house    writes derived records, saves the checkpoint, recycles segments; nobody waits for it.
// reader   reads records that are no longer in memory, so that no loop ever waits for the disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "flare/adapter/segment_log/checkpoint.h"
#include "flare/adapter/segment_log/gate.h"
#include "flare/adapter/segment_log/options.h"

namespace flare::segment_log {

class Topic;

// One look into the files.
struct ReadRequest {
  std::shared_ptr<Topic> topic;
  uint32_t partition = 0;
  uint64_t offset = 0;
  std::shared_ptr<Signal> done;
  Result<std::shared_ptr<const Chunk>> chunk;  // set before `done` is fired
};

class Engine {
 public:
  Engine(Options options, std::shared_ptr<Files> files, std::unique_ptr<Files::Lock> lock,
         std::unique_ptr<Checkpoint> checkpoint);
  // Writes and syncs everything, saves the checkpoint, joins the threads.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Starts the threads.
  void start();
  void add(std::shared_ptr<Topic> topic);

  const Options& options() const { return options_; }
  Files& files() { return *files_; }
  Counters& counters() { return counters_; }
  const LogState& loaded() const { return checkpoint_->loaded(); }

  // Loop thread. Where its coroutines wait.
  std::shared_ptr<Gate> gate();

  // Loop thread. Somebody waits for a commit. An idle commit thread is woken at the end of the
  // turn, so that all that the turn appends goes into one commit.
  void commit_soon(const std::shared_ptr<Gate>& gate);

  // Any thread; cheap. There are records to be written, or a checkpoint to be saved.
  void write_soon();
  void write_now();
  void checkpoint_soon();

  void read(std::shared_ptr<ReadRequest> request);

 private:
  enum class Commit : uint32_t { Idle, Busy, Wanted };
  using Topics = std::vector<std::shared_ptr<Topic>>;

  std::shared_ptr<const Topics> topics() const;
  void wake_commit();
  void run_commit();
  void run_house();
  void run_reader();
  // False: to be tried again.
  bool write_derived();
  bool save_checkpoint();
  void report(std::string_view what, const Result<void>& result);

  const Options options_;
  const std::shared_ptr<Files> files_;
  const std::unique_ptr<Files::Lock> lock_;
  const uint64_t id_;
  Counters counters_{};

  std::atomic<Commit> commit_ = Commit::Idle;
  std::atomic<bool> stop_ = false;

  std::atomic<bool> dirty_ = false;    // the house has something to do
  std::atomic<bool> unsaved_ = false;  // the checkpoint is not what it should be
  std::mutex house_mutex_;
  std::condition_variable house_;
  bool urgent_ = false;  // guarded by house_mutex_

  // The house's, and the destructor's.
  std::unique_ptr<Checkpoint> checkpoint_;
  bool failing_ = false;

  std::mutex reader_mutex_;
  std::condition_variable reader_;
  std::deque<std::shared_ptr<ReadRequest>> requests_;  // guarded by reader_mutex_

  mutable std::mutex mutex_;
  std::shared_ptr<const Topics> topics_ = std::make_shared<Topics>();
  std::vector<std::shared_ptr<Gate>> gates_;

  std::vector<std::thread> threads_;
};

}  // namespace flare::segment_log
