#pragma once
// The configuration of a run: one schema for all commands. What can be said without touching a file is
// checked here; the rest in run_checks.h.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/fusion.h"
#include "adapter/method.h"
#include "core/config_node.h"
#include "core/error.h"
#include "core/identity_difference.h"
#include "data/dataset.h"
#include "data/encoded.h"
#include "head/head.h"
#include "train/train_options.h"

namespace adaptune {

// The `data:` section; a task's own is read over the run's.
struct DataConfig {
  std::vector<std::string> train, validation, test;
  int64_t max_seq_length = 128;              // tokens, special ones included
  std::string truncation = "longest_first";  // longest_first | only_first | only_second
  std::optional<int64_t> max_train_samples;  // the first of a seeded shuffle
  std::optional<int64_t> max_eval_samples;
  bool quoted = false;  // .tsv: double quotes enclose fields as in .csv
};

struct TaskConfig {
  std::string name;
  std::string place;  // in the configuration: "glue.yaml:9:3"
  // Where its values are written, or those of the run that hold for it, by path: "adapter.layers".
  std::map<std::string, std::string> places;
  HeadSpec head;
  std::vector<std::string> text;  // columns; empty: the usual ones
  std::string label, tokens;
  std::vector<std::string> metrics;
  AdapterSpec adapter;
  DataConfig data;
  TrainOptions train;
  // Of the value at `key`, else of its section, else of the task.
  std::string place_of(std::string key) const;
};
// The error with the place of the value in front.
UsageError placed(const TaskConfig& task, const ValueError& error);

// A member of a fusion: a task of this run, or an adapter folder of our own, AdapterHub's or PEFT's.
struct FusionMember {
  std::string name;
  std::string path;  // empty: the task's own
};

struct FusionConfig {
  FusionOptions options;
  std::vector<FusionMember> members;  // in the order of the attention columns
  std::vector<std::string> targets;   // names of tasks
  bool include_target = true;         // false: the target's own adapter stays out of its fusion
  bool warm_head = false;             // start from the target's own head instead of a new one
  TrainOptions train;
};

struct RunConfig {
  std::string model;  // Hugging Face folder
  std::string output_dir;
  std::vector<std::string> export_formats;  // adapterhub
  std::vector<TaskConfig> tasks;
  FusionConfig fusion;  // all tasks on all tasks where the file says nothing
  const TaskConfig& task(const std::string& name) const;  // UsageError with the known names
};

// Reads and records everything (ConfigDocument::resolved()); errors are collected in the document.
RunConfig read_run_config(ConfigNode root);
// Dropout of the frozen backbone in training: the user's word, or the method's default.
bool backbone_dropout(const TrainOptions& options, const AdapterSpec& adapter);

LabelKind label_kind(const std::string& head_type);
// How the task's files are read, tokenized and sampled.
DatasetOptions dataset_options(const TaskConfig& task, std::optional<int64_t> max_samples);
EncodingOptions encoding_options(const DataConfig& data);

// The settings that decide what a task's training computes, one "key: value" a line: two runs into one
// folder must agree in all of them (core/identity_difference.h). Numbers of steps, logging, saving and
// patience are not among them.
std::string task_identity(const RunConfig& config, const TaskConfig& task);
std::string fusion_identity(const RunConfig& config, const TaskConfig& target);

}  // namespace adaptune
