#include "recipe/drop.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "adapter/drop.h"
#include "core/config_layers.h"
#include "core/error.h"
#include "model/task_directory.h"
#include "recipe/eval_parts.h"
#include "recipe/fused_task.h"
#include "recipe/start_up.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Layers = std::vector<int64_t>;
using Score = std::optional<double>;

// The layers that --layers names, ascending.
Layers named_layers(const std::string& text, int64_t layer_count) {
  Layers layers;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const auto range = layers_from(item);
    if (!range)
      throw UsageError("--layers '" + text + "': '" + item + "' is no layer and no range such as 0-4");
    layers.insert(layers.end(), range->begin(), range->end());
  }
  std::sort(layers.begin(), layers.end());
  layers.erase(std::unique(layers.begin(), layers.end()), layers.end());
  if (layers.empty()) throw UsageError("--layers names no layer");
  if (layers.back() >= layer_count) {
    throw UsageError("--layers '" + text + "': layer " + std::to_string(layers.back()) +
                     " does not exist; this backbone has layers 0-" + std::to_string(layer_count - 1));
  }
  return layers;
}

// A trained task, attached, and what it is scored on.
class Subject {
 public:
  Subject(const Run& run, Workspace& workspace, const TaskConfig& task, const DropFlags& what)
      : run_(run), workspace_(workspace), task_(task), split_(scored_split(workspace, task, what.split)) {
    if (what.fusion) {
      fused_ = load_trained_fusion(run, workspace, task);
    } else {
      loaded_ = load_trained_adapter(run, workspace, task);
    }
    if (!fused_ && !loaded_) {
      throw InputError(
          fs::absolute(run.folder).string() + ": task '" + task.name + "' has no trained " +
          (what.fusion ? "fusion; run 'adaptune fuse' first" : "adapter; run 'adaptune train' first"));
    }
    if (attachment().site_adapters().empty())
      throw UsageError("task '" + task.name + "' owns no adapters in the layers that could be dropped");
    model_.emplace(workspace.backbone(),
                   fused_ ? std::shared_ptr<Attachment>(fused_->fusion) : loaded_->adapter,
                   fused_ ? fused_->head : loaded_->head);
  }

  Score score(const Layers& off) {
    model_->leave_out(off);
    return evaluate_on(run_, workspace_, task_, *model_, *split_.rows).scores.front().second;
  }

  // What is left without the layers, as a folder of its own.
  int64_t write(const fs::path& folder, const Layers& off) const {
    if (loaded_) return write_adapter(folder, off);
    auto description = fused_->description;
    if (off != lowest_layers(static_cast<int64_t>(off.size()))) {
      throw UsageError("a fusion is written without its lowest layers only: --layers 0-" +
                       std::to_string(off.size() - 1));
    }
    description.options.drop = {"fixed", static_cast<int64_t>(off.size())};
    for (auto& member : description.members) {
      const auto path =
          (fs::absolute(run_.fusion_folder(task_.name)) / "fusion" / member.path).lexically_normal();
      member.path = path.lexically_relative(fs::absolute(folder)).string();
    }
    std::vector<std::shared_ptr<TaskAdapter>> members;
    for (const auto& member : fused_->members) members.push_back(member.adapter);
    TaskFusion rest(description.options, members, workspace_.backbone());
    load_parameters(rest, parameters_of(rest), task_.name);
    return write_fusion_directory(folder, description, rest, *fused_->head);
  }

  const std::string& name() const { return task_.name; }
  const std::string& metric() const { return task_.metrics.front(); }
  int64_t examples() const { return split_.rows->size(); }

 private:
  const Attachment& attachment() const {
    if (fused_) return *fused_->fusion;
    return *loaded_->adapter;
  }
  // Those of the trained attachment that `rest` has too.
  TensorMap parameters_of(const torch::nn::Module& rest) const {
    TensorMap all = parameter_map(attachment()), own;
    for (const auto& [name, tensor] : parameter_map(rest)) own.emplace(name, all.at(name));
    return own;
  }
  int64_t write_adapter(const fs::path& folder, const Layers& off) const {
    auto description = loaded_->description;
    auto& left_out = description.adapter.leave_out;
    for (const int64_t layer : off) {
      if (std::find(left_out.begin(), left_out.end(), layer) == left_out.end()) left_out.push_back(layer);
    }
    std::sort(left_out.begin(), left_out.end());
    TaskAdapter rest(description.adapter, workspace_.backbone());
    load_parameters(rest, parameters_of(rest), task_.name);
    description.scores.clear();
    return write_task_directory(folder, description, rest, *loaded_->head);
  }

  const Run& run_;
  Workspace& workspace_;
  const TaskConfig& task_;
  TaskSplit split_;
  std::optional<FusedTask> fused_;
  std::optional<LoadedTask> loaded_;
  std::optional<TaskModel> model_;
};

std::string points(const Subject& subject, const Score& score) {
  if (!score) return score_text(score);
  return score_text(subject.metric() == "loss" ? *score : 100 * *score);
}

// One setting a row, one task a column.
struct Sheet {
  std::vector<std::string> tasks, metrics;
  std::vector<Layers> settings;
  std::vector<std::vector<Score>> scores;      // by task, by setting
  std::vector<std::vector<std::string>> text;  // the same
};

void add(Sheet& sheet, Subject& subject) {
  sheet.tasks.push_back(subject.name());
  sheet.metrics.push_back(subject.metric());
  auto& scores = sheet.scores.emplace_back();
  auto& text = sheet.text.emplace_back();
  for (const auto& off : sheet.settings) {
    scores.push_back(subject.score(off));
    text.push_back(points(subject, scores.back()));
  }
}

std::string ranges(const Layers& layers) { return layers.empty() ? "none" : layer_ranges(layers); }

std::string sheet_text(const Sheet& sheet) {
  std::vector<Column> columns = {{"layers off", Align::kLeft}};
  for (size_t t = 0; t < sheet.tasks.size(); ++t)
    columns.push_back({sheet.tasks[t] + " " + sheet.metrics[t], Align::kRight});
  Table table(std::move(columns));
  for (size_t s = 0; s < sheet.settings.size(); ++s) {
    std::vector<TableCell> row = {ranges(sheet.settings[s])};
    for (const auto& column : sheet.text) row.emplace_back(column[s]);
    table.add_row(std::move(row));
  }
  return table.text();
}

// First layer off by last layer off, a table a task.
std::string span_text(const Sheet& sheet, int64_t layer_count) {
  std::string text;
  for (size_t t = 0; t < sheet.tasks.size(); ++t) {
    std::vector<Column> columns = {{"first \\ last", Align::kRight}};
    for (int64_t last = 0; last < layer_count; ++last)
      columns.push_back({std::to_string(last), Align::kRight});
    Table table(std::move(columns));
    for (int64_t first = 0; first < layer_count; ++first) {
      std::vector<TableCell> row = {std::to_string(first)};
      for (int64_t last = 0; last < layer_count; ++last) {
        std::string cell;
        for (size_t s = 1; s < sheet.settings.size(); ++s) {
          const auto& off = sheet.settings[s];
          if (off.front() == first && off.back() == last) cell = sheet.text[t][s];
        }
        row.emplace_back(cell);
      }
      table.add_row(std::move(row));
    }
    text += (t > 0 ? "\n" : "") + sheet.tasks[t] + ": " + sheet.metrics[t] +
            " without the layers first to last; " + sheet.text[t][0] + " with all\n" + table.text();
  }
  return text;
}

std::string sheet_json(const Sheet& sheet, const std::string& split) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (size_t t = 0; t < sheet.tasks.size(); ++t) {
    for (size_t s = 0; s < sheet.settings.size(); ++s) {
      const auto& score = sheet.scores[t][s];
      results.push_back({{"task", sheet.tasks[t]},
                         {"metric", sheet.metrics[t]},
                         {"layers_off", sheet.settings[s]},
                         {"score", score ? nlohmann::ordered_json(*score) : nlohmann::ordered_json()}});
    }
  }
  return nlohmann::ordered_json{{"split", split}, {"results", results}}.dump(1) + "\n";
}

std::vector<Layers> settings_of(const DropFlags& what, int64_t layer_count) {
  std::vector<Layers> settings = {{}};
  if (!what.layers.empty()) {
    settings.push_back(named_layers(what.layers, layer_count));
    return settings;
  }
  for (int64_t first = 0; first < (what.spans ? layer_count : 1); ++first) {
    for (int64_t last = first; last < layer_count; ++last) {
      auto& off = settings.emplace_back();
      for (int64_t layer = first; layer <= last; ++layer) off.push_back(layer);
    }
  }
  return settings;
}

void check_flags(const DropFlags& what, size_t tasks) {
  if (what.output.empty()) return;
  if (what.layers.empty())
    throw UsageError("-o writes what is left without certain layers; name them with --layers");
  if (tasks > 1) throw UsageError("-o writes one task; choose it with --task");
  const fs::path folder = what.output;
  const bool ours = is_task_directory(folder) || is_fusion_directory(folder);
  if (fs::exists(folder) && !ours) {
    throw UsageError("-o " + what.output +
                     " exists and holds no adapter that could be replaced; name a new folder");
  }
}

}  // namespace

int drop(const RunFlags& flags, const DropFlags& what, Console& console) {
  const Run run = open_run(flags);
  Workspace workspace(run);
  const auto tasks = run.selected_tasks();
  check_flags(what, tasks.size());
  Sheet sheet;
  sheet.settings = settings_of(what, workspace.info().layers);
  for (const auto* task : tasks) {
    Subject subject(run, workspace, *task, what);
    console.say(task->name + "  " + what.split + " " + std::to_string(subject.examples()));
    add(sheet, subject);
    if (what.output.empty()) continue;
    const auto bytes = subject.write(what.output, sheet.settings.back());
    console.say("wrote " + what.output + " (" + mebibytes(bytes) + ")");
  }
  console.result(console.json() ? sheet_json(sheet, what.split)
                 : what.spans   ? span_text(sheet, workspace.info().layers)
                                : sheet_text(sheet));
  return 0;
}

}  // namespace adaptune
