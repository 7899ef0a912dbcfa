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

std::string entry_json(const StoredTensor& tensor, std::size_t begin) {
  std::string shape;
  for (const int64_t size : tensor.sizes) shape += (shape.empty() ? "" : ",") + std::to_string(size);
  return json_text(tensor.name) + ":{\"dtype\":\"" + std::string(element_type_row(tensor.type).safetensors) +
         "\",\"shape\":[" + shape + "],\"data_offsets\":[" + std::to_string(begin) + "," +
         std::to_string(begin + tensor.storage.size()) + "]}";
}

}  // namespace

std::string safetensors_file_bytes(std::vector<StoredTensor> tensors,
                                   const std::map<std::string, std::string>& metadata) {
  check_names(tensors);
  std::sort(tensors.begin(), tensors.end(), [](const StoredTensor& a, const StoredTensor& b) {
    return a.type != b.type ? a.type > b.type : a.name < b.name;
  });
  std::string header = "{" + metadata_json(metadata);
  std::size_t end = 0;
  for (const StoredTensor& tensor : tensors) {
    if (header.size() > 1) header += ",";
    header += entry_json(tensor, end);
    end += tensor.storage.size();
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');  // the data begins at a multiple of 8 bytes
  const uint64_t length = header.size();
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  bytes.reserve(bytes.size() + header.size() + end);
  bytes += header;
  for (const StoredTensor& tensor : tensors) bytes += tensor.storage;
  return bytes;
}

}  // namespace adaptune
