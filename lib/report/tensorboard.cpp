#include "report/tensorboard.h"

#include <unistd.h>

#include <bit>
#include <cerrno>

#include "core/atomic_file.h"
#include "core/io_failure.h"
#include "report/crc32c.h"

namespace adaptune {
namespace {

// Field numbers of event.proto and summary.proto.
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2, kSessionStatus = 1;
constexpr uint64_t kSessionStart = 1;

template <typename Unsigned>
std::string little_endian(Unsigned number) {
  std::string bytes;
  for (size_t i = 0; i < sizeof(number); ++i) bytes += static_cast<char>(number >> (8 * i) & 0xff);
  return bytes;
}

std::string varint(uint64_t number) {
  std::string bytes;
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  return bytes + static_cast<char>(number);
}

enum class Wire : uint64_t { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

std::string key(int field, Wire wire) {
  return varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire));
}

std::string number_field(int field, uint64_t number) { return key(field, Wire::kVarint) + varint(number); }
std::string bytes_field(int field, const std::string& bytes) {
  return key(field, Wire::kLength) + varint(bytes.size()) + bytes;
}
std::string double_field(int field, double number) {
  return key(field, Wire::kFixed64) + little_endian(std::bit_cast<uint64_t>(number));
}
std::string float_field(int field, float number) {
  return key(field, Wire::kFixed32) + little_endian(std::bit_cast<uint32_t>(number));
}

double seconds_of(TensorBoardWriter::Clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string host_name() {
  char name[256] = {};
  if (gethostname(name, sizeof(name) - 1) != 0 || name[0] == '\0') return "localhost";
  return name;
}

// A name that no file has yet: two writers of one process may start in the same second.
std::filesystem::path new_file(const std::filesystem::path& folder, double seconds) {
  const std::string start = "events.out.tfevents." + std::to_string(static_cast<int64_t>(seconds)) + "." +
                            host_name() + "." + std::to_string(getpid()) + ".";
  int number = 0;
  while (std::filesystem::exists(folder / (start + std::to_string(number)))) ++number;
  return folder / (start + std::to_string(number));
}

}  // namespace

TensorBoardWriter::TensorBoardWriter(const std::filesystem::path& folder, int64_t resumed_step,
                                     Clock::time_point now) {
  create_folders(folder);
  path_ = new_file(folder, seconds_of(now));
  file_.open(path_, std::ios::binary);
  if (!file_) throw io_failure(path_, "create", errno);
  write_record(double_field(kWallTime, seconds_of(now)) + bytes_field(kFileVersion, "brain.Event:2"));
  if (resumed_step == 0) return;
  write_record(double_field(kWallTime, seconds_of(now)) + number_field(kStep, resumed_step + 1) +
               bytes_field(kSessionLog, number_field(kSessionStatus, kSessionStart)));
}

void TensorBoardWriter::write(int64_t step, const std::vector<std::pair<std::string, double>>& scalars,
                              Clock::time_point now) {
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    summary += bytes_field(
        kSummaryValue, bytes_field(kValueTag, tag) + float_field(kValueSimple, static_cast<float>(value)));
  }
  write_record(double_field(kWallTime, seconds_of(now)) + number_field(kStep, step) +
               bytes_field(kSummary, summary));
}

// TFRecord: length, its checksum, the data, its checksum; all little-endian.
void TensorBoardWriter::write_record(const std::string& event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  file_ << length << little_endian(masked_crc32c(length)) << event << little_endian(masked_crc32c(event))
        << std::flush;
  if (!file_) throw io_failure(path_, "write", errno);
}

}  // namespace adaptune
