#include "recipe/init_network.h"

#include <torch/torch.h>

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "backbone/fresh_tensor.h"
#include "core/atomic_file.h"
#include "core/error.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

ordered_json resnet26(const NetworkFlags& flags) {
  return {{"model_type", "resnet26"},
          {"width", flags.width > 0 ? flags.width : 32},
          {"blocks", flags.blocks.empty() ? std::vector<int64_t>{4, 4, 4} : flags.blocks}};
}

ordered_json vit(const NetworkFlags& flags) {
  constexpr int64_t kHeadWidth = 32;
  const int64_t width = flags.width > 0 ? flags.width : 192;
  if (width % kHeadWidth != 0)
    throw UsageError("--width " + std::to_string(width) + ": a multiple of 32 is needed");
  if (flags.blocks.size() > 1) throw UsageError("--blocks: a Vision Transformer has one number, of layers");
  return {{"architectures", {"ViTModel"}},
          {"model_type", "vit"},
          {"hidden_size", width},
          {"num_hidden_layers", flags.blocks.empty() ? 6 : flags.blocks.front()},
          {"num_attention_heads", width / kHeadWidth},
          {"intermediate_size", 4 * width},
          {"hidden_act", "gelu"},
          {"hidden_dropout_prob", 0.0},
          {"attention_probs_dropout_prob", 0.0},
          {"image_size", 32},
          {"patch_size", 4},
          {"num_channels", 3},
          {"qkv_bias", true}};
}

const std::map<std::string, ordered_json (*)(const NetworkFlags&)>& networks() {
  static const std::map<std::string, ordered_json (*)(const NetworkFlags&)> all = {{"resnet26", resnet26},
                                                                                   {"vit", vit}};
  return all;
}

}  // namespace

bool is_network(const std::string& name) { return networks().count(name) > 0; }

std::vector<std::string> network_names() {
  std::vector<std::string> names;
  for (const auto& [name, describe] : networks()) names.push_back(name);
  return names;
}

int init_network(const NetworkFlags& flags, Console& console) {
  namespace fs = std::filesystem;
  if (fs::exists(flags.output)) throw UsageError("-o " + flags.output + " exists; name a new folder");
  const auto config = networks().at(flags.name)(flags);
  create_folders(fs::absolute(flags.output).parent_path());
  write_folder_atomically(flags.output, [&](const fs::path& folder) {
    write_file_atomically(folder / "config.json", config.dump(2) + "\n");
    const auto backbone = describe_backbone(folder);
    torch::manual_seed(static_cast<uint64_t>(flags.seed));
    TensorMap tensors;
    for (const auto& slot : backbone->tensors())
      tensors.emplace(slot.name, fresh_tensor(slot, backbone->info()));
    write_safetensors(folder / "model.safetensors", tensors);
  });
  console.done("wrote " + flags.output + " with random weights",
               {{"template", flags.name}, {"folder", flags.output}});
  return 0;
}

}  // namespace adaptune
