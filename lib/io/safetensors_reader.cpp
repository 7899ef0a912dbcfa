#include "io/safetensors_reader.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {
namespace {

using Json = nlohmann::json;

constexpr uint64_t kLongestHeader = 100'000'000;  // the limit of the format's own library
constexpr int kDeepestHeader = 4;                 // header, tensor, shape: deeper is not safetensors
constexpr const char* kDamaged = "; the file is damaged, fetch or save it again";

// Accepts JSON as it is parsed, but no name twice in one object and no deep nesting.
class HeaderGuard {
 public:
  explicit HeaderGuard(const std::string& file) : file_(file) {}

  bool operator()(int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > kDeepestHeader) throw InputError(file_ + ": the header is nested too deep" + kDamaged);
    if (event == Json::parse_event_t::object_start) names_.emplace_back();
    if (event == Json::parse_event_t::object_end) names_.pop_back();
    if (event == Json::parse_event_t::key && !names_.back().insert(parsed.get<std::string>()).second) {
      throw InputError(file_ + ": the header names " + quoted_name(parsed.get<std::string>()) + " twice" +
                       kDamaged);
    }
    return true;
  }

 private:
  std::string file_;
  std::vector<std::set<std::string>> names_;
};

std::string_view header_text(const MappedFile& file) {
  const std::string name = file.path().string();
  const std::string_view bytes = file.bytes();
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) {
    throw InputError(name + ": has " + std::to_string(bytes.size()) +
                     " bytes, too few for a safetensors file; fetch or save it again");
  }
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > kLongestHeader) {
    throw InputError(name + ": is not a safetensors file, or damaged: its header would have " +
                     std::to_string(length) + " bytes, at most " + std::to_string(kLongestHeader) +
                     " are read");
  }
  if (length > bytes.size() - sizeof(length)) {
    throw InputError(name + ": is cut short: the header has " + std::to_string(length) + " bytes, the file " +
                     std::to_string(bytes.size()) + "; fetch or save it again");
  }
  return bytes.substr(sizeof(length), length);
}

Json parse_header(const MappedFile& file, std::string_view text) {
  const std::string name = file.path().string();
  const HeaderGuard guard(name);
  Json header;
  try {
    header = Json::parse(text.begin(), text.end(), guard);
  } catch (const Json::parse_error& error) {
    throw InputError(name + ": the header is not valid JSON at its byte " + std::to_string(error.byte) +
                     kDamaged);
  } catch (const Json::exception& error) {  // for example a number beyond a double's range
    throw InputError(name + ": the header is not valid JSON (" + error.what() + ")" + kDamaged);
  }
  if (!header.is_object()) throw InputError(name + ": the header is not a JSON object" + kDamaged);
  return header;
}

std::map<std::string, std::string> read_metadata(const Json& object, const std::string& file) {
  if (!object.is_object()) throw InputError(file + ": '__metadata__' is not an object" + kDamaged);
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : object.items()) {
    if (!value.is_string()) {
      throw InputError(file + ": '__metadata__' holds " + quoted_name(key) + " that is not a text" +
                       kDamaged);
    }
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

// One entry of the header, checked as far as it can be without its neighbours.
class EntryReader {
 public:
  EntryReader(std::string name, const Json& entry, const std::string& file)
      : name_(std::move(name)), entry_(entry), where_(file + ": tensor " + quoted_name(name_)) {}

  StoredTensor read(std::string_view data) const {
    if (!entry_.is_object()) fail("is not described by an object");
    for (const auto& item : entry_.items()) {
      if (item.key() != "dtype" && item.key() != "shape" && item.key() != "data_offsets") {
        fail("has an unknown property " + quoted_name(item.key()));
      }
    }
    StoredTensor tensor;
    tensor.name = name_;
    tensor.type = type();
    tensor.sizes = numbers("shape");
    tensor.storage = slice(data, tensor);
    tensor.strides = contiguous_strides(tensor.sizes);
    return tensor;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw InputError(where_ + " " + what + kDamaged); }

  const Json& property(const char* key) const {
    const auto found = entry_.find(key);
    if (found == entry_.end()) fail(std::string("has no '") + key + "'");
    return *found;
  }

  ElementType type() const {
    const Json& dtype = property("dtype");
    if (!dtype.is_string()) fail("has a 'dtype' that is not a text");
    const auto* row = find_safetensors_type(dtype.get_ref<const std::string&>());
    if (row != nullptr) return row->type;
    throw InputError(where_ + " has dtype " + quoted_name(dtype.get_ref<const std::string&>()) +
                     "; read are " + known_safetensors_types() + ". Convert it with the tool that wrote it.");
  }

  std::vector<int64_t> numbers(const char* key) const {
    const Json& list = property(key);
    if (!list.is_array()) fail(std::string("has a '") + key + "' that is not a list");
    std::vector<int64_t> values;
    for (const Json& value : list) {
      const bool fits = value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t{INT64_MAX};
      if (!fits) fail(std::string("has the value ") + value.dump().substr(0, 40) + " in its '" + key + "'");
      values.push_back(value.get<int64_t>());
    }
    return values;
  }

  std::string_view slice(std::string_view data, const StoredTensor& tensor) const {
    const std::vector<int64_t> offsets = numbers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail("has 'data_offsets' that are not [begin, end]");
    const std::size_t size = element_type_row(tensor.type).size;
    const auto count = element_count(tensor.sizes, size);
    if (!count) fail("has the shape " + shape_text(tensor.sizes) + ", too large for any memory");
    if (*count * static_cast<int64_t>(size) != offsets[1] - offsets[0]) {
      fail("has " + std::to_string(offsets[1] - offsets[0]) + " bytes, but " +
           std::string(element_type_row(tensor.type).safetensors) + " of shape " + shape_text(tensor.sizes) +
           " needs " + std::to_string(*count * static_cast<int64_t>(size)));
    }
    if (static_cast<std::size_t>(offsets[1]) > data.size()) {
      fail("ends at byte " + std::to_string(offsets[1]) + " of " + std::to_string(data.size()) +
           " bytes of data: the file is cut short");
    }
    return data.substr(offsets[0], offsets[1] - offsets[0]);
  }

  std::string name_;
  const Json& entry_;
  std::string where_;
};

// In file order every tensor must begin where the one before it ends.
void check_no_gaps(const std::vector<StoredTensor>& sorted, std::string_view data, const std::string& file) {
  const char* expected = data.data();
  for (const StoredTensor& tensor : sorted) {
    const char* const begin = tensor.storage.data();
    if (begin != expected) {
      throw InputError(file + ": tensor " + quoted_name(tensor.name) + " begins at byte " +
                       std::to_string(begin - data.data()) +
                       (begin < expected ? " inside another tensor, expected " : " after a gap, expected ") +
                       std::to_string(expected - data.data()) + kDamaged);
    }
    expected += tensor.storage.size();
  }
  const auto rest = data.data() + data.size() - expected;
  if (rest == 0) return;
  throw InputError(file + ": " + std::to_string(rest) + " bytes follow the last tensor" +
                   (sorted.empty() ? "" : " " + quoted_name(sorted.back().name)) + kDamaged);
}

}  // namespace

SafetensorsContent read_safetensors_content(const MappedFile& file) {
  reject_lfs_pointer(file);
  const std::string name = file.path().string();
  const std::string_view text = header_text(file);
  const std::string_view data = file.bytes().substr(sizeof(uint64_t) + text.size());
  const Json header = parse_header(file, text);
  SafetensorsContent content;
  for (const auto& [key, entry] : header.items()) {
    if (key == "__metadata__") {
      content.metadata = read_metadata(entry, name);
    } else {
      content.tensors.push_back(EntryReader(key, entry, name).read(data));
    }
  }
  std::sort(content.tensors.begin(), content.tensors.end(), [](const auto& a, const auto& b) {
    return std::pair(a.storage.data(), a.storage.size()) < std::pair(b.storage.data(), b.storage.size());
  });
  check_no_gaps(content.tensors, data, name);
  for (const StoredTensor& tensor : content.tensors) check_booleans(tensor, name);
  return content;
}

}  // namespace adaptune
