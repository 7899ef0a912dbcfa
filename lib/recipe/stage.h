#pragma once
// A stage of training: knowledge extraction and knowledge composition are the same walk over tasks, each
// with its own folder, status, progress and result; they differ in what is trained and what is written.

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recipe/check.h"
#include "recipe/console.h"
#include "recipe/plan.h"
#include "recipe/run.h"
#include "recipe/workspace.h"
#include "train/trainer.h"

namespace adaptune {

// What is trained, fresh from the seed, and how it is written once it is.
struct StageModel {
  std::shared_ptr<Attachment> attachment;
  std::shared_ptr<Head> head;
  std::vector<PartCount> parts;
  std::string settings;                                  // as in Plan
  std::optional<int64_t> largest_drop;                   // as in TrainingJob, where there are so many layers
  std::function<int64_t(const TaskDescription&)> write;  // returns bytes
};

struct Stage {
  std::string name;               // of the command
  std::vector<StageTask> tasks;   // to be trained now
  std::vector<StageTask> known;   // all of the configuration: their results stay in the tables
  std::filesystem::path results;  // folder of the stage's results.json, and of its tasks' folders
  std::function<StageModel(const TaskConfig&)> prepare;
  std::vector<RunCheck> checks = {};  // beside those of the tasks
};

// Checks, claims the folders, trains what is not finished, prints the table. With --dry-run only the checks
// and what would be trained. Returns the exit status: 0, or 75 when a signal stopped it.
int run_stage(const Run& run, Workspace& workspace, const Stage& stage, Console& console);

}  // namespace adaptune
