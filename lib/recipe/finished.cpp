#include "recipe/finished.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/identity_difference.h"
#include "train/checkpoint.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kFile = "result.json";

// Why this start would not go on from what is finished; empty: it does.
std::string obstacle(const Run& run, const StageTask& task, int64_t finished_steps, int64_t steps) {
  if (run.flags.resume == "never") return "--resume never begins anew";
  if (steps < finished_steps) return "fewer are asked for, " + std::to_string(steps);
  const bool newest = run.flags.resume == "auto";
  if (newest && CheckpointFolder(task.folder / "checkpoints").steps().empty())
    return "no checkpoint is left to go on from";
  return "";
}

}  // namespace

std::optional<FinishedTraining> read_finished(const StageTask& task) {
  const auto file = task.folder / kFile;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const json o = json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  if (!o.is_object() || !o.contains("total_steps")) return std::nullopt;
  FinishedTraining finished;
  auto& r = finished.result;
  r.task = o.value("task", "");
  r.metric = o.value("metric", "");
  if (o.contains("best") && o["best"].is_number()) r.best = o["best"].get<double>();
  r.share = o.value("share", true);
  r.step = o.value("step", int64_t{0});
  r.epoch = o.value("epoch", 0.0);
  r.adapter = task.outputs.front().string();  // where the run is now
  r.adapter_bytes = o.value("adapter_bytes", int64_t{0});
  r.seconds = o.value("seconds", 0.0);
  finished.total_steps = o.value("total_steps", int64_t{0});
  finished.stopped_early = o.value("stopped_early", false);
  if (o.contains("patience") && o["patience"].is_number()) finished.patience = o["patience"].get<int64_t>();
  finished.identity = o.value("identity", "");
  return finished;
}

void write_finished(const std::filesystem::path& folder, const FinishedTraining& finished) {
  const auto& r = finished.result;
  const json o = {{"task", r.task},
                  {"metric", r.metric},
                  {"best", r.best ? json(*r.best) : json()},
                  {"share", r.share},
                  {"step", r.step},
                  {"epoch", r.epoch},
                  {"adapter_bytes", r.adapter_bytes},
                  {"seconds", r.seconds},
                  {"total_steps", finished.total_steps},
                  {"stopped_early", finished.stopped_early},
                  {"patience", finished.patience ? json(*finished.patience) : json()},
                  {"identity", finished.identity}};
  write_file_atomically(folder / kFile, o.dump(2) + "\n");
}

std::optional<TrainResult> finished_result(const Run& run, const StageTask& task, const std::string& identity,
                                           int64_t steps) {
  const auto finished = read_finished(task);
  const auto& output = task.outputs.front();
  if (!finished || !fs::exists(output)) return std::nullopt;
  const auto difference = identity_difference(finished->identity, identity);
  if (!difference.empty()) {
    throw UsageError(fs::absolute(task.folder).string() + " was trained on something else:" + difference +
                     "\nchoose another output_dir, or --overwrite to train it anew");
  }
  const bool waits_longer =
      finished->stopped_early && finished->patience != task.options->early_stopping_patience;
  const bool ended = finished->total_steps == steps && !waits_longer;
  const std::string& resume = run.flags.resume;
  if (ended && (resume == "auto" || resume == "never")) return finished->result;
  const std::string what =
      output.string() + " is finished, of " + std::to_string(finished->total_steps) + " steps";
  if (ended) {
    throw UsageError("--resume " + resume + ": " + what +
                     "; ask for more of them (train.num_train_epochs, train.max_steps) to go on from the "
                     "checkpoint, or give --overwrite instead to train anew");
  }
  const auto problem = obstacle(run, task, finished->total_steps, steps);
  if (!problem.empty()) {
    throw UsageError(what + ", and " + problem +
                     "; give --overwrite to train it anew in its place, or choose another output_dir");
  }
  return std::nullopt;
}

}  // namespace adaptune
