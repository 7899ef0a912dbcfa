#include "data/parallel_chunks.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "core/processors.h"

namespace adaptune {
namespace {

// The chunks still to do, and the first failure.
class ChunkQueue {
 public:
  ChunkQueue(int64_t count, const std::function<void(int64_t)>& work) : count_(count), work_(work) {}

  // Chunks are taken in order, so all before a failing one are taken already and will be finished.
  void run() {
    for (int64_t chunk; !failed_ && (chunk = next_++) < count_;) {
      try {
        work_(chunk);
      } catch (...) {
        note_failure(chunk);
      }
    }
  }

  void rethrow() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void note_failure(int64_t chunk) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!failure_ || chunk < failed_chunk_) {
      failure_ = std::current_exception();
      failed_chunk_ = chunk;
    }
    failed_ = true;
  }

  const int64_t count_;
  const std::function<void(int64_t)>& work_;
  std::atomic<int64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
  int64_t failed_chunk_ = 0;
};

}  // namespace

void for_each_chunk(int64_t count, int threads, const std::function<void(int64_t chunk)>& work) {
  const int64_t wanted = threads > 0 ? threads : available_processors();
  ChunkQueue queue(count, work);
  {
    std::vector<std::jthread> others;
    for (int64_t i = 1; i < std::min(wanted, count); ++i) others.emplace_back([&queue] { queue.run(); });
    queue.run();
  }
  queue.rethrow();
}

}  // namespace adaptune
