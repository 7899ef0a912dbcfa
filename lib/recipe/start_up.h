#pragma once
// The lines a command prints before it works: what was understood, and what it will train.

#include <string>
#include <vector>

#include "model/task_adapter.h"
#include "recipe/workspace.h"

namespace adaptune {

// How many threads compute, for the whole program: OMP_NUM_THREADS (or MKL_NUM_THREADS); else LibTorch's
// choice, one a core of the processor, within what control groups leave of it.
void choose_threads();

// "adaptune 0.1.0  ·  LibTorch 2.13.0 (cpu, 2 threads)".
std::string program_text(torch::Device device);
// The same, configuration, backbone, tokenizer.
std::string header_text(const Run& run, Workspace& workspace);
// Examples of a split, and what of them is cut, empty or without tokens.
std::string split_text(const TaskConfig& task, const std::string& name, const TaskSplit& split);
// The same as the first line on a task's data: "data       mood  train 48 ...".
std::string split_line(const TaskConfig& task, const std::string& name, const TaskSplit& split);
// Which files a task reads, how many tokens they make, and which kernels compute: for --verbose.
std::string files_text(const TaskConfig& task, const TaskData& data, const TrainOptions& options);
// The splits and the label counts of a task.
std::string data_text(const TaskConfig& task, const TaskData& data);

// A line of the parameter table.
struct PartCount {
  std::string part, where;
  int64_t parameters = 0, trainable = 0;
};
// Of a task's model; overridden tensors count as the adapter's, not the backbone's.
std::vector<PartCount> part_counts(const TaskConfig& task, Backbone& backbone, const TaskAdapter& adapter,
                                   const Head& head);
PartCount head_count(const std::string& task, const Head& head);
std::string parameter_table(const std::vector<PartCount>& parts);

// "10 epochs × 2 105 steps = 21 050 · batch 32 · AdamW lr 1e-4 linear, warm-up 1 263 · seed 42"
std::string schedule_text(const TrainOptions& options, int64_t examples);

}  // namespace adaptune
