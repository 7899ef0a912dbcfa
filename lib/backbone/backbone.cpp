#include "backbone/backbone.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>
#include <sstream>

#include "backbone/bert.h"
#include "backbone/resnet.h"
#include "backbone/vit.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "core/file_pages.h"
#include "core/text_distance.h"
#include "io/tensor_copy.h"

namespace adaptune {
namespace {

bool starts_with(const std::string& text, const std::string& prefix) { return text.rfind(prefix, 0) == 0; }

// TensorFlow's names of LayerNorm parameters, still found in old checkpoints.
std::string modern_name(std::string name) {
  for (const auto& [old_name, new_name] : {std::pair{".gamma", ".weight"}, {".beta", ".bias"}}) {
    const auto length = std::string(old_name).size();
    if (name.size() > length && name.compare(name.size() - length, length, old_name) == 0) {
      name.replace(name.size() - length, length, new_name);
    }
  }
  return name;
}

std::string shape_text(c10::IntArrayRef shape) {
  std::ostringstream text;
  text << shape;
  return text.str();
}

// Every difference between what the network needs and what the checkpoint holds, one line each.
std::string differences(const std::vector<TensorSlot>& slots, const CheckpointNames& checkpoint) {
  std::ostringstream text;
  std::set<std::string> known;
  for (const auto& slot : slots) {
    known.insert(slot.name);
    const auto found = checkpoint.base.find(slot.name);
    if (found == checkpoint.base.end()) {
      if (!slot.optional) text << "\n     missing     " << slot.name << " " << shape_text(slot.shape);
    } else if (found->second.sizes() != c10::IntArrayRef(slot.shape)) {
      text << "\n     misshaped   " << slot.name << ": config.json says " << shape_text(slot.shape)
           << ", the file has " << shape_text(found->second.sizes());
    } else if (!found->second.is_floating_point()) {
      text << "\n     wrong type  " << slot.name << ": floating point expected, the file has "
           << found->second.dtype();
    }
  }
  for (const auto& [name, tensor] : checkpoint.base) {
    if (!known.count(name)) text << "\n     unexpected  " << name << " " << shape_text(tensor.sizes());
  }
  return text.str();
}

std::vector<std::string> family_names() {
  std::vector<std::string> names;
  for (const auto& family : backbone_families()) names.push_back(family.model_type);
  return names;
}

std::unique_ptr<Backbone> build(const std::filesystem::path& folder, const nlohmann::json& config) {
  try {
    return family_of(config, folder).build(config);
  } catch (const nlohmann::json::exception& error) {
    throw InputError((folder / "config.json").string() + ": " + error.what());
  } catch (const InputError& error) {  // "config.json: num_channels ..."
    throw InputError((folder / "").string() + error.what());
  }
}

}  // namespace

const std::vector<BackboneFamily>& backbone_families() {
  static const std::vector<BackboneFamily> families = {
      {"bert", build_bert, {"cls.", "classifier.", "qa_outputs.", "embeddings.position_ids"}},
      {"resnet", build_resnet, {"classifier.", "fc."}, {".num_batches_tracked"}},
      {"resnet26", build_resnet26, {"linears."}, {".num_batches_tracked"}},
      {"roberta", build_roberta, {"lm_head.", "classifier.", "qa_outputs.", "embeddings.position_ids"}},
      {"vit", build_vit, {"classifier."}},
      {"xlm-roberta",
       build_xlm_roberta,
       {"lm_head.", "classifier.", "qa_outputs.", "embeddings.position_ids"}},
  };
  return families;
}

nlohmann::json read_model_config(const std::filesystem::path& folder) {
  const auto path = folder / "config.json";
  if (!std::filesystem::is_directory(folder)) {
    throw InputError(std::filesystem::absolute(folder).string() +
                     ": no such folder; 'model' must name a Hugging Face model folder");
  }
  try {
    return nlohmann::json::parse(read_file(path));
  } catch (const nlohmann::json::exception& error) {
    throw InputError(path.string() + ": not valid JSON: " + error.what());
  }
}

const BackboneFamily& family_of(const nlohmann::json& config, const std::filesystem::path& folder) {
  const std::string type = config.value("model_type", "");
  for (const auto& family : backbone_families()) {
    if (family.model_type == type) return family;
  }
  std::string message =
      (folder / "config.json").string() + ": model_type '" + type + "' is not supported; known:";
  for (const auto& name : family_names()) message += " " + name;
  if (const auto near = nearest_name(type, family_names())) message += "; did you mean '" + *near + "'?";
  throw InputError(message);
}

CheckpointNames sort_checkpoint(const TensorMap& tensors, const BackboneFamily& family,
                                const std::string& prefix) {
  CheckpointNames sorted;
  for (const auto& [raw, tensor] : tensors) {
    const std::string name =
        modern_name(starts_with(raw, prefix + ".") ? raw.substr(prefix.size() + 1) : raw);
    const auto& starts = family.ignored;
    const auto& ends = family.ignored_ends;
    const bool ignored =
        std::any_of(starts.begin(), starts.end(),
                    [&](const auto& start) { return name.starts_with(start); }) ||
        std::any_of(ends.begin(), ends.end(), [&](const auto& end) { return name.ends_with(end); });
    (ignored ? sorted.rest : sorted.base).emplace(name, tensor);
  }
  return sorted;
}

std::unique_ptr<Backbone> describe_backbone(const std::filesystem::path& folder) {
  return build(folder, read_model_config(folder));
}

std::unique_ptr<Backbone> load_backbone(const std::filesystem::path& folder, torch::Device device) {
  const auto config = read_model_config(folder);
  auto backbone = build(folder, config);
  const auto checkpoint =
      sort_checkpoint(read_weights(folder), family_of(config, folder), backbone->info().prefix);
  const auto slots = backbone->tensors();
  if (const auto text = differences(slots, checkpoint); !text.empty()) {
    throw InputError(folder.string() + ": the weights do not fit config.json" + text);
  }
  std::string damaged;
  for (const auto& slot : slots) {
    const auto found = checkpoint.base.find(slot.name);
    if (found == checkpoint.base.end()) continue;
    *slot.tensor = found->second.to(device, torch::kFloat32).contiguous();
    if (!all_finite(*slot.tensor)) damaged += "\n     " + slot.name;
    release_file_pages(slot.tensor->const_data_ptr(),
                       slot.tensor->nbytes());  // most are packed, or read in part
  }
  if (!damaged.empty()) {
    throw InputError(folder.string() +
                     ": the weights hold NaN or infinite values; take an undamaged copy of the checkpoint" +
                     damaged);
  }
  return backbone;
}

}  // namespace adaptune
