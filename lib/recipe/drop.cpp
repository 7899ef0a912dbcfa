#include "recipe/drop.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "adapter/drop.h"
#include "core/config_layers.h"
#include "core/error.h"
#include "model/task_directory.h"
#include "recipe/drop_subject.h"
#include "recipe/start_up.h"
#include "report/number_format.h"
#include "report/table.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Numbers = std::vector<int64_t>;
using Score = std::optional<double>;

// The numbers that an option such as --layers names, ascending.
Numbers named_numbers(const std::string& option, const std::string& text) {
  Numbers numbers;
  std::istringstream items(text);
  for (std::string item; std::getline(items, item, ',');) {
    const auto range = layers_from(item);
    if (!range)
      throw UsageError(option + " '" + text + "': '" + item + "' is no number and no range such as 0-4");
    numbers.insert(numbers.end(), range->begin(), range->end());
  }
  std::sort(numbers.begin(), numbers.end());
  numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
  if (numbers.empty()) throw UsageError(option + " is empty");
  return numbers;
}

Numbers named_layers(const std::string& text, int64_t layer_count) {
  auto layers = named_numbers("--layers", text);
  if (layers.back() < layer_count) return layers;
  throw UsageError("--layers '" + text + "': layer " + std::to_string(layers.back()) +
                   " does not exist; this backbone has layers 0-" + std::to_string(layer_count - 1));
}

// How many adapters are to be kept, the most first.
Numbers named_counts(const std::string& text) {
  auto counts = named_numbers("--prune-fusion", text);
  if (counts.front() < 1)
    throw UsageError("--prune-fusion '" + text + "': a fusion keeps at least one adapter");
  std::reverse(counts.begin(), counts.end());
  return counts;
}

std::string points(const DropSubject& subject, const Score& score) {
  if (!score) return score_text(score);
  return score_text(subject.metric() == "loss" ? *score : 100 * *score);
}

// One setting a row, one task a column.
struct Sheet {
  std::vector<std::string> tasks, metrics;
  std::vector<Removal> settings;
  std::vector<std::vector<Score>> scores;      // by task, by setting
  std::vector<std::vector<std::string>> text;  // the same
};

void add(Sheet& sheet, DropSubject& subject) {
  sheet.tasks.push_back(subject.name());
  sheet.metrics.push_back(subject.metric());
  auto& scores = sheet.scores.emplace_back();
  auto& text = sheet.text.emplace_back();
  for (const auto& removal : sheet.settings) {
    scores.push_back(subject.score(removal));
    text.push_back(points(subject, scores.back()));
  }
}

std::string setting_text(const Removal& removal) {
  if (removal.kept) return std::to_string(*removal.kept);
  return removal.layers_off.empty() ? "none" : layer_ranges(removal.layers_off);
}

std::string sheet_text(const Sheet& sheet) {
  const bool prunes = sheet.settings.back().kept.has_value();
  std::vector<Column> columns = {{prunes ? "adapters kept" : "layers off", Align::kLeft}};
  for (size_t t = 0; t < sheet.tasks.size(); ++t)
    columns.push_back({sheet.tasks[t] + " " + sheet.metrics[t], Align::kRight});
  Table table(std::move(columns));
  for (size_t s = 0; s < sheet.settings.size(); ++s) {
    std::vector<TableCell> row = {s == 0 && prunes ? "all" : setting_text(sheet.settings[s])};
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
          const auto& off = sheet.settings[s].layers_off;
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

template <typename T>
nlohmann::ordered_json or_null(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
}

nlohmann::ordered_json sheet_json(const Sheet& sheet, const std::string& split) {
  nlohmann::ordered_json results = nlohmann::ordered_json::array();
  for (size_t t = 0; t < sheet.tasks.size(); ++t) {
    for (size_t s = 0; s < sheet.settings.size(); ++s) {
      const auto& score = sheet.scores[t][s];
      results.push_back({{"task", sheet.tasks[t]},
                         {"metric", sheet.metrics[t]},
                         {"layers_off", sheet.settings[s].layers_off},
                         {"kept", or_null(sheet.settings[s].kept)},
                         {"score", or_null(score)}});
    }
  }
  return {{"split", split}, {"results", results}};
}

// Everything in place first, then what is asked for.
std::vector<Removal> settings_of(const DropFlags& what, int64_t layer_count) {
  std::vector<Removal> settings(1);
  if (!what.prune_fusion.empty()) {
    for (const int64_t count : named_counts(what.prune_fusion)) settings.push_back({{}, count});
    return settings;
  }
  if (!what.layers.empty()) {
    settings.push_back({named_layers(what.layers, layer_count), {}});
    return settings;
  }
  for (int64_t first = 0; first < (what.spans ? layer_count : 1); ++first) {
    for (int64_t last = first; last < layer_count; ++last) {
      auto& off = settings.emplace_back().layers_off;
      for (int64_t layer = first; layer <= last; ++layer) off.push_back(layer);
    }
  }
  return settings;
}

void check_output(const DropFlags& what, const std::vector<Removal>& settings, size_t tasks) {
  if (what.output.empty()) return;
  if (settings.size() != 2 || (what.layers.empty() && what.prune_fusion.empty())) {
    throw UsageError(
        "-o writes what one choice leaves; make it with --layers, or --prune-fusion and a single number");
  }
  if (tasks > 1) throw UsageError("-o writes one task; choose it with --task");
  const auto& off = settings.back().layers_off;
  if (what.fusion && off != lowest_layers(static_cast<int64_t>(off.size()))) {
    throw UsageError("-o writes a fusion without its lowest layers only: --layers 0-" +
                     std::to_string(off.size() - 1));
  }
  if (fs::exists(what.output)) throw UsageError("-o " + what.output + " exists; name a new folder");
}

// More adapters than there are would not be a pruned fusion.
void check_counts(const std::vector<Removal>& settings, const DropSubject& subject) {
  const auto largest = settings[1].kept;
  if (!largest || *largest <= subject.members()) return;
  throw UsageError("--prune-fusion: the fusion of '" + subject.name() + "' has " +
                   std::to_string(subject.members()) + " adapters; it cannot keep " +
                   std::to_string(*largest));
}

// The trained ones, each found to be fit for what is asked, before the first is scored.
std::vector<const TaskConfig*> checked_tasks(const Run& run, Workspace& workspace, const DropFlags& what,
                                             const std::vector<Removal>& settings, Console& console) {
  std::vector<const TaskConfig*> tasks;
  std::vector<std::string> stale;
  for (const auto* task : run.selected_tasks()) {
    if (!DropSubject::is_trained(run, *task, what.of_fusion())) {
      console.warn("task '" + task->name + "' has no trained " + (what.of_fusion() ? "fusion" : "adapter") +
                   " yet; left out");
      continue;
    }
    try {
      const DropSubject subject(run, workspace, *task, what.split, what.of_fusion());
      if (const auto changed = subject.changed_settings(); !changed.empty()) console.warn(changed);
      check_counts(settings, subject);
      if (!what.output.empty()) subject.check_rest(settings.back());
      tasks.push_back(task);
    } catch (const StaleFusion& error) {
      stale.emplace_back(error.what());
    }
  }
  if (tasks.empty() && !stale.empty()) throw InputError(stale.front());
  for (const auto& reason : stale) console.warn(reason + "\n     it is left out here");
  if (!tasks.empty()) return tasks;
  throw InputError(fs::absolute(run.folder).string() +
                   ": no task of this configuration is trained there; run 'adaptune " +
                   (what.of_fusion() ? "fuse" : "train") + "' first");
}

}  // namespace

int drop(const RunFlags& flags, const DropFlags& what, Console& console) {
  std::vector<std::string> splits = {what.split};
  if (!what.prune_fusion.empty()) splits.emplace_back("train");
  const Run run = open_run(flags, splits);
  Workspace workspace(run);
  Sheet sheet;
  sheet.settings = settings_of(what, workspace.info().layers);
  check_output(what, sheet.settings, run.selected_tasks().size());
  console.say(header_text(run, workspace));
  std::optional<DropSubject> subject;  // the last one is written
  for (const auto* task : checked_tasks(run, workspace, what, sheet.settings, console)) {
    subject.emplace(run, workspace, *task, what.split, what.of_fusion());
    console.say(task->name + "  " + what.split + " " + std::to_string(subject->examples()));
    add(sheet, *subject);
  }
  if (!console.json())
    console.result(what.spans ? span_text(sheet, workspace.info().layers) : sheet_text(sheet));
  auto facts = sheet_json(sheet, what.split);
  if (!what.output.empty()) {
    const auto bytes = subject->write(what.output, sheet.settings.back());
    console.say("wrote " + what.output + " (" + mebibytes(bytes) + ")");
    facts["folder"] = what.output;
    facts["bytes"] = bytes;
  }
  if (console.json()) console.result(facts.dump(2) + "\n");
  return 0;
}

}  // namespace adaptune
