#include "model/task_directory.h"

#include <torch/torch.h>

#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/fingerprint.h"
#include "io/tensor_copy.h"
#include "io/tensor_file.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

const std::string kHead = "head.";
constexpr const char* kAdapterTensors = "adapter.safetensors";
constexpr const char* kAdapterYaml = "adapter.yaml";
constexpr const char* kFusionTensors = "fusion.safetensors";
constexpr const char* kFusionYaml = "fusion.yaml";

std::string card(const TaskDescription& d, const std::string& what) {
  std::ostringstream text;
  text << "# " << d.name << "\n\n"
       << what << " for the task `" << d.name << "` (" << d.head.type << "), trained with " << d.written_by
       << ".\n\n"
       << "- backbone: `" << d.backbone.name << "` (" << d.backbone.family << ", " << d.backbone.layers
       << " layers, hidden size " << d.backbone.hidden_size << "), frozen; fingerprint `"
       << d.backbone.fingerprint << "`\n"
       << "- method: " << describe(d.adapter, d.backbone.layers) << "\n";
  if (!d.head.labels.empty()) {
    text << "- labels:";
    for (const auto& label : d.head.labels) text << " `" << label << "`";
    text << "\n";
  }
  for (const auto& [metric, score] : d.scores)
    text << "- " << metric << " on the validation split: " << score << "\n";
  text << "\nUse it with `adaptune predict <this folder> INPUT`.\n";
  return text.str();
}

int64_t folder_bytes(const fs::path& folder) {
  int64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) bytes += static_cast<int64_t>(entry.file_size());
  }
  return bytes;
}

void check_finite(const TensorMap& tensors, const std::string& where) {
  for (const auto& [name, tensor] : tensors) {
    if (!all_finite(tensor)) {
      throw InputError(where + ": tensor '" + name + "' holds NaN or infinite values; train this task again");
    }
  }
}

}  // namespace

bool is_task_directory(const fs::path& folder) { return fs::is_regular_file(folder / kAdapterYaml); }
bool is_fusion_directory(const fs::path& folder) { return fs::is_regular_file(folder / kFusionYaml); }

TensorMap owned_tensors(const torch::nn::Module& attachment, const torch::nn::Module& head) {
  TensorMap tensors = parameter_map(attachment);
  for (const auto& [name, tensor] : parameter_map(head)) tensors.emplace(kHead + name, tensor);
  return tensors;
}

void load_owned_tensors(torch::nn::Module& attachment, torch::nn::Module& head, const TensorMap& tensors,
                        const std::string& where) {
  check_finite(tensors, where);
  TensorMap own, of_head;
  for (const auto& [name, tensor] : tensors) {
    if (name.rfind(kHead, 0) == 0) {
      of_head.emplace(name.substr(kHead.size()), tensor);
    } else {
      own.emplace(name, tensor);
    }
  }
  load_parameters(attachment, own, where);
  load_parameters(head, of_head, where + " (head)");
}

int64_t write_task_directory(const fs::path& folder, const TaskDescription& description,
                             const torch::nn::Module& attachment, const Head& head) {
  write_folder_atomically(folder, [&](const fs::path& target) {
    write_safetensors(target / kAdapterTensors, owned_tensors(attachment, head));
    write_file_atomically(target / kAdapterYaml, task_description_yaml(description));
    write_file_atomically(target / "README.md", card(description, "An adapter and its head"));
  });
  return folder_bytes(folder);
}

int64_t write_fusion_directory(const fs::path& folder, const FusionDescription& description,
                               const torch::nn::Module& attachment, const Head& head) {
  write_folder_atomically(folder, [&](const fs::path& target) {
    write_safetensors(target / kFusionTensors, owned_tensors(attachment, head));
    write_file_atomically(target / kFusionYaml, fusion_description_yaml(description));
    std::string members;
    for (const auto& member : description.members) members += (members.empty() ? "" : ", ") + member.name;
    const std::string pruned = description.kept.empty() ? "" : ", pruned to those that `fusion.yaml` names,";
    write_file_atomically(target / "README.md",
                          card(description.target, "An AdapterFusion of " + members + pruned));
  });
  return folder_bytes(folder);
}

LoadedTask load_task_directory(const fs::path& folder, Backbone& backbone, torch::Device device) {
  LoadedTask loaded;
  loaded.description = load_task_description(folder / kAdapterYaml);
  loaded.adapter = std::make_shared<TaskAdapter>(loaded.description.adapter, backbone);
  loaded.head = make_head(loaded.description.head, backbone.info());
  const auto file = folder / kAdapterTensors;
  load_owned_tensors(*loaded.adapter, *loaded.head, read_safetensors(file), file.string());
  loaded.adapter->to(device);
  loaded.head->to(device);
  return loaded;
}

void load_fusion_tensors(const fs::path& folder, TaskFusion& fusion, Head& head) {
  const auto file = folder / kFusionTensors;
  load_owned_tensors(fusion, head, read_safetensors(file), file.string());
}

std::string task_digest(const fs::path& folder) { return fingerprint_file(folder / kAdapterTensors); }

}  // namespace adaptune
