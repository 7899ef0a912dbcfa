#pragma once
// A training that takes milliseconds: the fixtures' BERT of three layers on made-up sentences whose class
// shows in their tokens.

#include <torch/torch.h>

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <memory>
#include <string>

#include "adapter/method.h"
#include "backbone/backbone.h"
#include "data/encoded.h"
#include "data/random_sequence.h"
#include "model/task_fusion.h"
#include "model/task_model.h"
#include "train/trainer.h"

namespace adaptune {

// `rows` sentences of 5 to 12 tokens in two classes, pure in `seed`.
inline EncodedSplit made_up_split(int64_t rows, uint64_t seed) {
  EncodedSplit split;
  split.label_count = 2;
  RandomSequence random(seed, /*purpose=*/99, 0);
  for (int64_t row = 0; row < rows; ++row) {
    const auto label = static_cast<int64_t>(random.below(2));
    const auto words = 3 + random.below(8);
    split.ids.push_back(2);
    for (uint64_t i = 0; i < words; ++i) {
      split.ids.push_back(static_cast<int32_t>(10 + label * 50 + random.below(20)));
    }
    split.ids.push_back(3);
    split.classes.push_back(label);
    split.row_starts.push_back(static_cast<int64_t>(split.ids.size()));
    split.longest = std::max<int64_t>(split.longest, split.length(row));
  }
  return split;
}

inline std::filesystem::path small_bert() { return std::filesystem::path(FIXTURES) / "models" / "bert"; }

// A backbone with a fresh task on it.
struct SmallModel {
  explicit SmallModel(const std::string& method = "pfeiffer", HeadSpec head_spec = two_classes())
      : SmallModel(
            [&](Backbone& backbone) { return std::make_shared<TaskAdapter>(spec_of(method), backbone); },
            head_spec) {}

  template <std::invocable<Backbone&> MakeAttachment>
  SmallModel(MakeAttachment make_attachment, HeadSpec head_spec) {
    at::set_num_threads(1);  // products this small gain nothing from more, and lose much on a busy machine
    backbone = load_backbone(small_bert(), torch::kCPU);
    torch::manual_seed(1);
    attachment = make_attachment(*backbone);
    head = make_head(head_spec, backbone->info());
    model = std::make_unique<TaskModel>(*backbone, attachment, head);
  }

  static HeadSpec two_classes() {
    HeadSpec spec;
    spec.labels = {"a", "b"};
    return spec;
  }
  static AdapterSpec spec_of(const std::string& method) {
    AdapterSpec spec = adapter_spec(method);
    if (method == "top_layers") spec.layers = {{2}};
    return spec;
  }
  // Copies of all tensors that the task owns.
  TensorMap tensors() const {
    TensorMap all;
    for (const auto& [name, tensor] : parameter_map(*attachment)) all.emplace(name, tensor.clone());
    for (const auto& [name, tensor] : parameter_map(*head)) all.emplace("head." + name, tensor.clone());
    return all;
  }

  std::unique_ptr<Backbone> backbone;
  std::shared_ptr<Attachment> attachment;
  std::shared_ptr<Head> head;
  std::unique_ptr<TaskModel> model;
};

// Two fused adapters of made-up tasks.
inline std::shared_ptr<TaskFusion> small_fusion(Backbone& backbone, const FusionOptions& options = {}) {
  std::vector<std::shared_ptr<TaskAdapter>> members;
  for (int i = 0; i < 2; ++i)
    members.push_back(std::make_shared<TaskAdapter>(adapter_spec("pfeiffer"), backbone));
  return std::make_shared<TaskFusion>(options, members, backbone);
}

// 40 examples in batches of 8, evaluated on 20.
struct SmallJob {
  explicit SmallJob(const std::filesystem::path& folder, int64_t epochs = 2) {
    job.task = "made_up";
    job.train = &train;
    job.validation = &validation;
    job.metrics = {"accuracy"};
    job.folder = folder;
    job.identity = "data made up\nlearning_rate: 0.003\n";
    job.options.num_train_epochs = epochs;
    job.options.per_device_train_batch_size = 8;
    job.options.learning_rate = 3e-3;
    job.options.logging_steps = 2;
  }
  EncodedSplit train = made_up_split(40, 1), validation = made_up_split(20, 2);
  TrainingJob job;
};

inline bool equal_bits(const TensorMap& a, const TensorMap& b) {
  if (a.size() != b.size()) return false;
  for (const auto& [name, tensor] : a) {
    const auto found = b.find(name);
    if (found == b.end() || !at::equal(tensor, found->second)) return false;
  }
  return true;
}

}  // namespace adaptune
