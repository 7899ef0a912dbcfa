#include "io/weight_files.h"

#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "io/mapped_file.h"
#include "io/printable.h"

namespace adaptune {
namespace {

constexpr const char* kContainers[] = {"model.safetensors", "pytorch_model.bin"};

// A shard is named without a path: an index must not lead out of its folder.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

WeightFiles find_shards(const std::filesystem::path& index) {
  std::set<std::string> names;
  for (const auto& [tensor, shard] : read_weight_index(index)) names.insert(shard);
  WeightFiles found;
  found.index = index;
  for (const std::string& name : names) {
    const std::filesystem::path file = index.parent_path() / name;
    if (!std::filesystem::is_regular_file(file)) {
      throw InputError(index.string() + ": its shard " + quoted_name(name) +
                       " is missing; fetch the whole model folder");
    }
    found.files.push_back(file);
  }
  return found;
}

}  // namespace

std::map<std::string, std::string> read_weight_index(const std::filesystem::path& index) {
  const MappedFile file(index);
  const std::string where = index.string();
  const nlohmann::json content = nlohmann::json::parse(file.bytes(), nullptr, false);
  if (!content.is_object() || !content.contains("weight_map") || !content["weight_map"].is_object()) {
    throw InputError(where + ": is not a JSON object with a 'weight_map'; fetch the model folder again");
  }
  std::map<std::string, std::string> shards;
  for (const auto& [tensor, shard] : content["weight_map"].items()) {
    if (!shard.is_string() || !is_plain_name(shard.get<std::string>())) {
      throw InputError(where + ": tensor " + quoted_name(tensor) +
                       " is not mapped to the name of a file in this folder");
    }
    shards[tensor] = shard.get<std::string>();
  }
  if (shards.empty()) throw InputError(where + ": its 'weight_map' is empty; fetch the model folder again");
  return shards;
}

WeightFiles find_weight_files(const std::filesystem::path& folder) {
  for (const std::string container : kContainers) {
    const std::filesystem::path file = folder / container;
    const std::filesystem::path index = folder / (container + ".index.json");
    if (std::filesystem::is_regular_file(file)) return {{file}, {}};
    if (std::filesystem::is_regular_file(index)) return find_shards(index);
  }
  throw InputError(folder.string() +
                   ": holds no weights; expected model.safetensors, pytorch_model.bin, or their" +
                   " shards with an index file (.index.json)");
}

}  // namespace adaptune
