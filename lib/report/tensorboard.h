#pragma once
// Scalars for TensorBoard: an events file of TFRecords that hold `Event` messages (protocol buffers of
// tensorboard's event.proto and summary.proto, written field by field).

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace adaptune {

class TensorBoardWriter {
 public:
  using Clock = std::chrono::system_clock;

  // Creates a new `events.out.tfevents.<seconds>.<host>.<process>.<number>` in `folder` (created). After a
  // resume at step N > 0 the file begins with a session start at N + 1: TensorBoard then drops what
  // earlier files of the folder hold for that step and later. IoError with the path and a remedy.
  TensorBoardWriter(const std::filesystem::path& folder, int64_t resumed_step,
                    Clock::time_point now = Clock::now());

  // One event with all scalars of a step, written through to the file. Tags as TensorBoard groups them:
  // "train/loss". Values are stored as 32-bit floats. IoError when it cannot be written.
  void write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
             Clock::time_point now = Clock::now());

  const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(const std::string& event);

  std::filesystem::path path_;
  std::ofstream file_;
};

}  // namespace adaptune
