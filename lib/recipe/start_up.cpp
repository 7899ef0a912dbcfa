#include "recipe/start_up.h"

#include <torch/torch.h>

#include <filesystem>

#include "core/environment.h"
#include "core/processors.h"
#include "core/thousands.h"
#include "core/version.h"
#include "data/image_set.h"
#include "nn/linear.h"
#include "report/number_format.h"
#include "report/table.h"
#include "train/schedule.h"
#include "train/trainer.h"

namespace adaptune {
namespace {

std::string kernels_text(const TrainOptions& options) {
  if (options.bf16) {
    return multiplies_bfloat16() ? "frozen weights packed in bfloat16 for oneDNN's kernels"
                                 : "frozen weights rounded to bfloat16, which this processor multiplies in "
                                   "float32";
  }
  return packs_frozen_weights() ? "frozen weights packed for oneDNN's kernels"
                                : "frozen weights as they are, LibTorch's own choice of kernels";
}

}  // namespace

void choose_threads() {
  if (!first_environment({"OMP_NUM_THREADS", "MKL_NUM_THREADS"}).empty()) return;
  const auto available = static_cast<int>(available_processors());
  if (available < at::get_num_threads()) at::set_num_threads(available);
}

std::string program_text(torch::Device device) {
  return std::string("adaptune ") + kVersion + "  ·  LibTorch " + TORCH_VERSION + " (" + device.str() + ", " +
         std::to_string(torch::get_num_threads()) + " threads)";
}

std::string header_text(const Run& run, Workspace& workspace) {
  const auto& info = workspace.info();
  return program_text(run.device) + "  ·  config " + run.flags.config + " (sha256 " +
         run.config_sha256.substr(0, 8) + "…)\n" + "backbone   " + info.family + "  " +
         std::to_string(info.layers) + " layers  hidden " + std::to_string(info.hidden_size) + "  " +
         run.config.model + "  fingerprint " + workspace.identity().fingerprint.substr(0, 8) + "…\n" +
         (workspace.reads_images() ? "reads      images"
                                   : "tokenizer  " + workspace.tokenizer().description());
}

std::string split_text(const TaskConfig& task, const std::string& name, const TaskSplit& split) {
  const auto& rows = *split.rows;
  std::string text = name + " " + thousands(rows.size());
  if (split.in_files > rows.size()) text += " (of " + thousands(split.in_files) + ")";
  if (rows.images) {
    if (rows.images->skipped() > 0) {
      text += "   " + thousands(rows.images->skipped()) +
              " cannot be read and are left out, the first: " + rows.images->first_problem();
    }
    return text;
  }
  text += "   " + thousands(rows.cut_rows) + " examples cut at " + std::to_string(task.data.max_seq_length) +
          " tokens (longest " + std::to_string(rows.longest) + ")";
  if (rows.empty_rows > 0) text += "   " + thousands(rows.empty_rows) + " empty texts";
  if (rows.cut_words > 0)
    text += "   " + thousands(rows.cut_words) + " words behind the cut are neither trained nor scored";
  if (rows.cut_entities > 0) {
    text += "   " + thousands(rows.cut_entities) +
            " examples with an entity or mask behind the cut are neither trained nor scored";
  }
  if (rows.long_answers > 0) {
    text += "   " + thousands(rows.long_answers) +
            " examples without an answer of one token are neither trained nor scored";
  }
  if (rows.cut_heads > 0)
    text += "   " + thousands(rows.cut_heads) +
            " words with a head behind the cut are neither trained nor scored";
  if (rows.cyclic_rows > 0) text += "   " + thousands(rows.cyclic_rows) + " sentences with a cycle";
  if (rows.words_without_tokens > 0)
    text += "   " + thousands(rows.words_without_tokens) +
            " words have no tokens and are neither trained nor scored";
  return text;
}

std::string split_line(const TaskConfig& task, const std::string& name, const TaskSplit& split) {
  return "data       " + task.name + "  " + split_text(task, name, split);
}

std::string files_text(const TaskConfig& task, const TaskData& data, const TrainOptions& options) {
  std::string text = "reading " + task.name;
  const auto add = [&](const char* name, const std::vector<std::string>& files, const TaskSplit& split) {
    for (const auto& file : files)
      text += std::string("\n  ") + name + "  " + std::filesystem::absolute(file).string();
    text += "\n  " + thousands(split.rows->size()) + " examples, " +
            thousands(static_cast<int64_t>(split.rows->ids.size())) + " tokens";
  };
  add("train", task.data.train, data.train);
  if (data.validation) add("validation", task.data.validation, *data.validation);
  return text + "\n  " + kernels_text(options);
}

std::string data_text(const TaskConfig& task, const TaskData& data) {
  std::string text = split_line(task, "train", data.train);
  if (data.validation) text += "\n           " + split_text(task, "validation", *data.validation);
  if (data.head.labels.empty()) return text;
  text += "\n           labels ";
  constexpr size_t kShown = 12;
  for (size_t i = 0; i < data.head.labels.size() && i < kShown; ++i) {
    text += (i ? " · " : "") + data.head.labels[i] + " " + thousands(data.train.label_counts[i]);
  }
  if (data.head.labels.size() > kShown)
    text += " · " + std::to_string(data.head.labels.size() - kShown) + " more";
  return text;
}

PartCount head_count(const std::string& task, const Head& head) {
  const auto& spec = head.spec();
  const std::string labels = spec.labels.empty() ? "" : ", " + std::to_string(spec.labels.size()) + " labels";
  return {"head " + task, spec.type + labels, parameter_count(head), parameter_count(head)};
}

std::vector<PartCount> part_counts(const TaskConfig& task, Backbone& backbone, const TaskAdapter& adapter,
                                   const Head& head) {
  const int64_t overridden = overridden_count(task.adapter, backbone);
  int64_t own = overridden;
  for (const auto& module : adapter.children()) own += parameter_count(*module);
  return {{"backbone", "frozen", shape_count(backbone) - overridden, 0},
          {"adapter " + task.name, describe(task.adapter, backbone.info().layers), own, own},
          head_count(task.name, head)};
}

std::string parameter_table(const std::vector<PartCount>& parts) {
  Table table({{"part"}, {"where"}, {"parameters", Align::kRight}, {"trainable", Align::kRight}, {""}});
  PartCount total{"total", "", 0, 0};
  for (const auto& part : parts) {
    table.add_row({part.part, part.where, thousands(part.parameters), thousands(part.trainable), ""});
    total.parameters += part.parameters;
    total.trainable += part.trainable;
  }
  const double share =
      static_cast<double>(total.trainable) / static_cast<double>(std::max<int64_t>(1, total.parameters));
  table.add_row({total.part, "", thousands(total.parameters), thousands(total.trainable), percentage(share)});
  return table.text();
}

std::string schedule_text(const TrainOptions& o, int64_t examples) {
  const int64_t steps = total_steps(o, examples);
  std::string batch = std::to_string(o.per_device_train_batch_size);
  if (o.gradient_accumulation_steps > 1) batch += " × " + std::to_string(o.gradient_accumulation_steps);
  const std::string length = o.max_steps ? thousands(steps) + " steps"
                                         : std::to_string(o.num_train_epochs) + " epochs × " +
                                               thousands(steps / std::max<int64_t>(1, o.num_train_epochs)) +
                                               " steps = " + thousands(steps);
  return "schedule   " + length + " · batch " + batch + " · " + o.optim + " lr " +
         scientific(o.learning_rate, 1) + " " + o.lr_scheduler_type + ", warm-up " +
         thousands(warmup_steps(o, steps)) + " · seed " + std::to_string(o.seed);
}

}  // namespace adaptune
