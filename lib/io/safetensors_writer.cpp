#include "io/safetensors_writer.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/printable.h"

namespace adaptune {
namespace {

std::string json_text(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    throw InputError("safetensors: the name or text " + quoted_name(text) +
                     " is not UTF-8 and cannot be written");
  }
}

void check_names(const std::vector<StoredTensor>& tensors) {
  std::vector<std::string> names;
  for (const StoredTensor& tensor : tensors) names.push_back(tensor.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end())
    throw InputError("safetensors: tensor " + quoted_name(*twice) + " is given twice");
  if (std::binary_search(names.begin(), names.end(), "__metadata__")) {
    throw InputError("safetensors: a tensor cannot be named '__metadata__'; rename it");
  }
}

std::string metadata_json(const std::map<std::string, std::string>& metadata) {
  std::string json;
  for (const auto& [key, value] : metadata) {
    json += (json.empty() ? "\"__metadata__\":{" : ",") + json_text(key) + ":" + json_text(value);
  }
  return json.empty() ? json : json + "}";
}

std::size_t byte_count(const StoredTensor& tensor) {
  const std::size_t size = element_type_row(tensor.type).size;
  const auto count = element_count(tensor.sizes, size);
  if (!count) throw InputError("safetensors: tensor " + quoted_name(tensor.name) + " is too large");
  return static_cast<std::size_t>(*count) * size;
}

std::string entry_json(const StoredTensor& tensor, std::size_t begin) {
  std::string shape;
  for (const int64_t size : tensor.sizes) shape += (shape.empty() ? "" : ",") + std::to_string(size);
  return json_text(tensor.name) + ":{\"dtype\":\"" + std::string(element_type_row(tensor.type).safetensors) +
         "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(begin + byte_count(tensor)) + "]}";
}

}  // namespace

std::string safetensors_header(const std::vector<StoredTensor>& tensors,
                               const std::map<std::string, std::string>& metadata) {
  check_names(tensors);
  std::string header = "{" + metadata_json(metadata);
  std::size_t end = 0;
  for (const StoredTensor& tensor : tensors) {
    if (header.size() > 1) header += ",";
    header += entry_json(tensor, end);
    end += byte_count(tensor);
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');  // the data begins at a multiple of 8 bytes
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes + header;
}

std::string safetensors_file_bytes(std::vector<StoredTensor> tensors,
                                   const std::map<std::string, std::string>& metadata) {
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return a.type != b.type ? a.type > b.type : a.name < b.name;
  });
  std::string bytes = safetensors_header(tensors, metadata);
  std::size_t size = bytes.size();
  for (const StoredTensor& tensor : tensors) size += tensor.storage.size();
  bytes.reserve(size);
  for (const StoredTensor& tensor : tensors) bytes += tensor.storage;
  return bytes;
}

}  // namespace adaptune
