#include "recipe/merge.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "model/merge.h"
#include "model/task_model.h"
#include "recipe/plain_model.h"
#include "report/number_format.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using torch::Tensor;

constexpr int64_t kProbes = 8;
constexpr double kTolerance = 1e-4;

// Random images, about as they are normalised, of the size that the task reads.
Batch probe(const TaskInput& input) {
  const auto size = input.transform->size().value_or(ImageSize{64, 64});
  Batch batch;
  batch.pixels = torch::randn({kProbes, 3, size.height, size.width});
  return batch;
}

Tensor logits_of(TaskModel& model, const Batch& batch) {
  const torch::NoGradGuard no_grad;
  model.train(false, false);
  return model.logits(batch).to(torch::kFloat64);
}

void check_mergeable(const TrainedTask& task, const Backbone& backbone) {
  const auto& name = task.description.name;
  if (task.fused) {
    throw UsageError("merge: '" + name +
                     "' has a fusion, whose attention depends on the input; name the folder of its adapter, "
                     "<run>/" +
                     name + "/adapter");
  }
  if (backbone.info().classifier.empty() || !task.description.input.transform)
    throw UsageError("merge: networks of the family '" + backbone.info().family + "' are not merged");
  if (task.description.head.layers != 1)
    throw UsageError("merge: the head of '" + name + "' has several layers; the family's classifier has one");
}

// The weights under the family's names; a head without bias as one whose bias is zero.
TensorMap network_tensors(Backbone& backbone, const Head& head) {
  const auto& info = backbone.info();
  const std::string prefix = info.prefix.empty() ? "" : info.prefix + ".";
  TensorMap tensors;
  for (const auto& slot : backbone.tensors()) {
    if (!slot.tensor->defined()) continue;
    tensors.emplace(prefix + slot.name, slot.tensor->detach().contiguous());
    // PyTorch's batch norms count their batches, which matters to none of ours.
    const auto mean = slot.name.rfind(".running_mean");
    if (slot.role == TensorRole::kRunningMean)
      tensors.emplace(prefix + slot.name.substr(0, mean) + ".num_batches_tracked",
                      torch::zeros({}, torch::kInt64));
  }
  for (const auto& item : head.named_parameters()) {
    const auto dot = item.key().rfind('.');
    tensors.emplace(info.classifier + item.key().substr(dot), item.value().detach().contiguous());
  }
  const auto& weight = tensors.at(info.classifier + ".weight");
  tensors.emplace(info.classifier + ".bias",
                  torch::zeros({weight.size(0)}, weight.options()));  // where there is none
  return tensors;
}

std::string network_config(const std::string& model, const std::vector<std::string>& labels) {
  auto config = ordered_json::parse(read_file(fs::path(model) / "config.json"));
  ordered_json by_id = ordered_json::object(), by_label = ordered_json::object();
  for (size_t i = 0; i < labels.size(); ++i) {
    by_id[std::to_string(i)] = labels[i];
    by_label[labels[i]] = i;
  }
  config["num_labels"] = labels.size();
  config["id2label"] = by_id;
  config["label2id"] = by_label;
  return config.dump(2) + "\n";
}

// Of the network that the folder holds, to the logits that it should give, as a share of the largest.
double difference_of(const fs::path& folder, const Batch& batch, const Tensor& expected) {
  auto opened = open_plain_model({folder, {}, {}, torch::kCPU});
  TaskModel model(*opened.backbone, opened.tasks.front().adapter, opened.tasks.front().head);
  const double largest = std::max(expected.abs().max().item<double>(), 1e-6);
  return (logits_of(model, batch) - expected).abs().max().item<double>() / largest;
}

void check_same(double difference, const TaskDescription& task) {
  if (difference <= kTolerance) return;
  if (task.head.use_pooler) {
    throw UsageError("merge: the head of '" + task.name +
                     "' reads the pooled output, the family's classifier the first token; train it with "
                     "head.use_pooler: false");
  }
  throw Error(ExitCode::kInternal, "merge: the merged network differs by " + scientific(difference, 1) +
                                       " of the largest logit on a probe batch");
}

}  // namespace

int merge(const MergeFlags& flags, Console& console) {
  const fs::path output = flags.output;
  if (fs::exists(output)) throw UsageError("-o " + flags.output + " exists; name a new folder");
  std::vector<std::string> tasks;
  if (!flags.task.empty()) tasks.push_back(flags.task);
  auto opened = open_trained_tasks({flags.folder, tasks, flags.model, torch::kCPU, false});
  if (opened.tasks.size() != 1) throw UsageError("merge writes one task; choose it with --task");
  auto& task = opened.tasks.front();
  auto& backbone = *opened.backbone;
  check_mergeable(task, backbone);
  const Batch batch = probe(task.description.input);
  const auto before = [&] {
    TaskModel model(backbone, task.adapter, task.head);
    return logits_of(model, batch);
  }();
  try {
    merge_into(*task.adapter, backbone);
  } catch (const ValueError& error) {
    throw UsageError(std::string("merge: ") + error.what());
  }
  double difference = 0;
  create_folders(fs::absolute(output).parent_path());
  write_folder_atomically(output, [&](const fs::path& folder) {
    write_safetensors(folder / "model.safetensors", network_tensors(backbone, *task.head));
    write_file_atomically(folder / "config.json", network_config(opened.model, task.description.head.labels));
    write_file_atomically(folder / "preprocessor_config.json",
                          preprocessor_config(*task.description.input.transform));
    difference = difference_of(folder, batch, before);
    check_same(difference, task.description);
  });
  console.done(
      "wrote " + flags.output + "; on a probe batch it differs by " + scientific(difference, 1) +
          " of the largest logit",
      {{"task", task.description.name}, {"folder", flags.output}, {"relative_difference", difference}});
  return 0;
}

}  // namespace adaptune
