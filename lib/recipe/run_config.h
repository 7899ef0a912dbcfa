#pragma once
// The configuration of a run: one schema for all commands. What can be said without touching a file is
// checked here; the rest in recipe/check.h.

#include <string>
#include <vector>

#include "adapter/fusion.h"
#include "core/config_node.h"
#include "core/identity_difference.h"
#include "recipe/task_config.h"
#include "train/train_options.h"

namespace adaptune {

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

// The `cache:` section: states of the backbone's lowest layers, where nothing below the lowest adapter can
// change them, computed once for each example and kept in files.
struct CacheConfig {
  bool enabled = false;
  std::string dir;                // empty: `cache` in the run's folder
  std::string dtype = "float32";  // float32 | bfloat16 | float16, in the files
  double max_gib = 20;            // of one training's files
};

struct RunConfig {
  std::string model;  // Hugging Face folder
  std::string output_dir;
  std::vector<std::string> export_formats;  // adapterhub
  std::string task_order = "sequential";    // sequential | round_robin: a training step of each task in turn
  std::vector<TaskConfig> tasks;
  FusionConfig fusion;  // all tasks on all tasks where the file says nothing
  CacheConfig cache;
  WrittenPlace cache_place;                               // where the configuration writes it
  const TaskConfig& task(const std::string& name) const;  // UsageError with the known names
};

// Reads and records everything (ConfigDocument::resolved()); errors are collected in the document. `splits`:
// those whose files must be there.
RunConfig read_run_config(ConfigNode root, const std::vector<std::string>& splits = kSplits);

// Dropout of the backbone while a fusion is trained: the user's word, else the default of k_adapter for
// knowledge adapters (of full fine-tuning where the backbone is trained), of the target's own method for
// AdapterFusion.
bool fusion_backbone_dropout(const FusionConfig& fusion, const AdapterSpec& target);

// The settings that decide what a task's training computes, one "key: value" a line: two runs into one
// folder must agree in all of them (core/identity_difference.h). Numbers of steps, logging, saving and
// patience are not among them.
std::string task_identity(const RunConfig& config, const TaskConfig& task);
std::string fusion_identity(const RunConfig& config, const TaskConfig& target);

}  // namespace adaptune
