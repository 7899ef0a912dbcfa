#include "report/tensorboard.h"

#include <cstring>
#include <map>
#include <stdexcept>

#include "core/atomic_file.h"
#include "core/error.h"
#include "report/crc32c.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

// A reader of what the writer made: bytes taken from the front.
class Bytes {
 public:
  explicit Bytes(std::string bytes) : bytes_(std::move(bytes)) {}
  bool empty() const { return place_ == bytes_.size(); }
  std::string take(size_t count) {
    if (place_ + count > bytes_.size()) throw std::runtime_error("cut off");
    place_ += count;
    return bytes_.substr(place_ - count, count);
  }
  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)).data(), sizeof(T));
    return value;
  }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const uint8_t byte = take(1)[0];
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

 private:
  std::string bytes_;
  size_t place_ = 0;
};

struct Field {
  uint64_t number = 0;  // varint
  double real = 0;      // fixed 64 or 32 bits
  std::string bytes;
};

// The fields of a protocol buffer message in order.
std::vector<std::pair<uint64_t, Field>> fields_of(const std::string& message) {
  std::vector<std::pair<uint64_t, Field>> fields;
  for (Bytes rest(message); !rest.empty();) {
    const uint64_t key = rest.varint();
    Field field;
    if (key % 8 == 0) field.number = rest.varint();
    if (key % 8 == 1) field.real = rest.number<double>();
    if (key % 8 == 2) field.bytes = rest.take(rest.varint());
    if (key % 8 == 5) field.real = rest.number<float>();
    fields.emplace_back(key / 8, field);
  }
  return fields;
}

struct Event {
  double wall_time = 0;
  int64_t step = 0;
  std::string file_version;
  uint64_t session_status = 0;
  std::map<std::string, double> scalars;
};

Event parse_event(const std::string& message) {
  Event event;
  for (const auto& [number, field] : fields_of(message)) {
    if (number == 1) event.wall_time = field.real;
    if (number == 2) event.step = static_cast<int64_t>(field.number);
    if (number == 3) event.file_version = field.bytes;
    if (number == 7) event.session_status = fields_of(field.bytes).at(0).second.number;
    if (number != 5) continue;
    for (const auto& [one, value] : fields_of(field.bytes)) {
      const auto parts = fields_of(value.bytes);
      event.scalars[parts.at(0).second.bytes] = parts.at(1).second.real;
    }
  }
  return event;
}

std::vector<Event> read_events(const std::filesystem::path& path) {
  std::vector<Event> events;
  for (Bytes file(read_file(path)); !file.empty();) {
    const std::string length = file.take(8);
    CHECK(file.number<uint32_t>() == masked_crc32c(length));
    const std::string data = file.take(Bytes(length).number<uint64_t>());
    CHECK(file.number<uint32_t>() == masked_crc32c(data));
    events.push_back(parse_event(data));
  }
  return events;
}

const auto kTime = std::chrono::system_clock::from_time_t(1795447211);

}  // namespace

TEST_CASE("the checksum is Castagnoli's") {
  CHECK(crc32c("123456789") == 0xe3069283);            // the check value of its definition
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);  // RFC 3720, appendix B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
}

TEST_CASE("an events file begins with its version and holds every scalar") {
  const ScratchFolder folder("tensorboard");
  TensorBoardWriter writer(folder.path / "tb", 0, kTime);
  CHECK_THAT(writer.path().filename().string(), Catch::StartsWith("events.out.tfevents.1795447211."));
  writer.write(300, {{"train/loss", 0.25}, {"train/lr", 1e-4}}, kTime + std::chrono::milliseconds(500));
  writer.write(int64_t{5} << 33, {{"eval/accuracy", -2}}, kTime);

  const std::vector<Event> events = read_events(writer.path());
  REQUIRE(events.size() == 3);
  CHECK(events[0].file_version == "brain.Event:2");
  CHECK(events[0].wall_time == 1795447211.0);
  CHECK(events[1].wall_time == 1795447211.5);
  CHECK(events[1].step == 300);
  CHECK(events[1].scalars == std::map<std::string, double>{{"train/loss", 0.25}, {"train/lr", 1e-4f}});
  CHECK(events[2].step == int64_t{5} << 33);
  CHECK(events[2].scalars.at("eval/accuracy") == -2);
}

TEST_CASE("a resumed run starts a session in a file of its own") {
  const ScratchFolder folder("tensorboard_resume");
  const TensorBoardWriter first(folder.path, 0, kTime);
  const TensorBoardWriter second(folder.path, 20, kTime);  // in the same second
  CHECK(first.path() != second.path());
  const std::vector<Event> events = read_events(second.path());
  REQUIRE(events.size() == 2);
  CHECK(events[1].session_status == 1);  // START
  CHECK(events[1].step == 21);           // steps from here on are made again
}

TEST_CASE("a folder that cannot be made is an error with its path") {
  const ScratchFolder folder("tensorboard_file");
  TensorBoardWriter(folder.path / "a", 0, kTime);
  const auto file = TensorBoardWriter(folder.path / "b", 0, kTime).path();
  CHECK_THROWS_AS(TensorBoardWriter(file, 0, kTime), IoError);
}

}  // namespace adaptune
