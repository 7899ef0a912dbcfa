#pragma once
// The folder of a trained task, the thing to ship: adapter.safetensors (adapter and head), adapter.yaml and
// a card. A fusion's folder holds fusion.safetensors, fusion.yaml and a card.

#include <filesystem>
#include <memory>
#include <string>

#include "model/task_description.h"
#include "model/task_fusion.h"
#include "model/task_model.h"

namespace adaptune {

// "adapter" or "fusion" names what a folder holds; nothing when it is neither.
bool is_task_directory(const std::filesystem::path& folder);
bool is_fusion_directory(const std::filesystem::path& folder);

// Replaces the folder in one step. Returns its size in bytes.
int64_t write_task_directory(const std::filesystem::path& folder, const TaskDescription& description,
                             const torch::nn::Module& attachment, const Head& head);
int64_t write_fusion_directory(const std::filesystem::path& folder, const FusionDescription& description,
                               const torch::nn::Module& attachment, const Head& head);

// Adapter and head of a folder, on the backbone's sites but not attached. InputError for missing, surplus
// or misshaped tensors and for NaN or infinite ones. `allow_mismatch` accepts another backbone's weights.
struct LoadedTask {
  TaskDescription description;
  std::shared_ptr<TaskAdapter> adapter;
  std::shared_ptr<Head> head;
};
LoadedTask load_task_directory(const std::filesystem::path& folder, Backbone& backbone, torch::Device device);

// The tensors of a fusion's folder into a fusion and head that were built for its description.
void load_fusion_tensors(const std::filesystem::path& folder, TaskFusion& fusion, Head& head);

// SHA-256 of the folder's tensor file: what a fusion remembers of its members.
std::string task_digest(const std::filesystem::path& folder);

// Tensors as files name them: the attachment's own names, the head's behind "head.".
TensorMap owned_tensors(const torch::nn::Module& attachment, const torch::nn::Module& head);
void load_owned_tensors(torch::nn::Module& attachment, torch::nn::Module& head, const TensorMap& tensors,
                        const std::string& where);

}  // namespace adaptune
