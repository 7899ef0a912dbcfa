#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "adapter/fusion.h"
#include "adapter/method.h"
#include "core/config_node.h"
#include "head/head.h"
#include "image/transform.h"
#include "model/backbone_identity.h"
#include "model/task_fusion.h"

namespace adaptune {

// How a task's inputs are read: what prediction needs beside the weights.
struct TaskInput {
  std::vector<std::string> text;  // columns, one or two; tagging: none
  std::string label, tokens;
  std::vector<std::string> entity;  // columns of spans
  int64_t max_seq_length = 128;
  std::string truncation = "longest_first";
  bool quoted = false;  // .tsv: double quotes enclose fields as in .csv
  std::string image;    // column of images; then also
  std::optional<ImageTransform> transform;
  friend bool operator==(const TaskInput&, const TaskInput&) = default;
};

// Whether a text names a truncation.
Check<std::string> truncation_name();

// adapter.yaml: everything about a trained task but its tensors.
struct TaskDescription {
  std::string name;
  std::string model;  // the backbone's folder as the configuration named it
  BackboneIdentity backbone;
  AdapterSpec adapter;
  HeadSpec head;
  TaskInput input;
  std::vector<std::string> metrics;
  // The most frequent label of the training split; of label sets, those that more than half of its rows have.
  std::vector<std::string> majority;
  std::map<std::string, double> scores;  // of the validation split, by metric
  int64_t step = 0;                      // of these weights
  std::string written_by;                // "adaptune 0.1.0"
};

// Reads over `description`; with an empty document it is the writer (ConfigDocument::resolved()).
void read_task_description(ConfigNode root, TaskDescription& description);
std::string task_description_yaml(const TaskDescription& description);
nlohmann::ordered_json task_description_json(const TaskDescription& description);
// InputError naming the file and the line.
TaskDescription load_task_description(const std::filesystem::path& file);

// One member of a fusion as fusion.yaml names it.
struct FusedAdapter {
  std::string name, path;  // the folder, relative to fusion.yaml's where it lies in the same run
  std::string sha256;      // of its tensors, checked at loading
};

// fusion.yaml.
struct FusionDescription {
  TaskDescription target;  // its adapter spec is that of the target's own adapter
  FusionOptions options;
  std::vector<FusedAdapter> members;
  // A pruned fusion's: by site ("encoder/3/ffn/residual") the members that are left there. Elsewhere all are.
  std::map<std::string, std::vector<std::string>> kept;
};
// `kept` by index. InputError where it names no member, or none at all, starting with `where`.
KeptMembers kept_members(const FusionDescription& description, const std::string& where);
std::string fusion_description_yaml(const FusionDescription& description);
nlohmann::ordered_json fusion_description_json(const FusionDescription& description);
FusionDescription load_fusion_description(const std::filesystem::path& file);

// FusionOptions' keys, and `config`: dynamic and static as their presets, or a combination by its name.
void read_fusion_options(ConfigNode node, FusionOptions& options);

}  // namespace adaptune
