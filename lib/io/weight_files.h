#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace adaptune {

// All weights of a Hugging Face model folder, without LibTorch.
struct WeightFiles {
  std::vector<std::filesystem::path> files;  // in name order
  std::filesystem::path index;               // empty unless the weights are in shards
};

// model.safetensors, the shards named by model.safetensors.index.json, pytorch_model.bin, or the shards
// named by pytorch_model.bin.index.json: the first one found, in this order. Throws InputError when there
// is none, the index is damaged, or a shard is missing or lies outside the folder.
WeightFiles find_weight_files(const std::filesystem::path& folder);

// The index's map from tensor name to shard (a file name). Throws InputError as above.
std::map<std::string, std::string> read_weight_index(const std::filesystem::path& index);

}  // namespace adaptune
