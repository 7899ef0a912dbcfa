#pragma once
// Final tables of a run: results of training, and the comparison of single adapters with their fusion.

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/attention_table.h"
#include "report/table.h"

namespace adaptune {

// One task after `train`.
struct TrainResult {
  std::string task, metric;
  std::optional<double> best;  // in the metric's own unit
  bool share = true;           // the metric lies in [0, 1]: shown times 100
  int64_t step = 0;            // of the best score
  double epoch = 0;
  std::string adapter;  // folder
  int64_t adapter_bytes = 0;
  double seconds = 0;
};

// One task of `eval`. A score that was not made, or is undefined, is empty.
struct SuiteResult {
  std::string task, metric;
  int64_t examples = 0;
  std::optional<double> majority, adapter, fusion;  // at most 1: shown times 100
  std::optional<int64_t> parameters;                // numbers that the adapter adds, without the head
  // Of the difference, by a paired bootstrap over the examples: the middle 95 %.
  std::optional<std::pair<double, double>> interval;
  std::optional<FusionAttention> attention;  // of the fusion over the split
  // All metrics of the task, in the metrics' own units; undefined ones are empty.
  std::vector<std::pair<std::string, std::optional<double>>> adapter_scores, fusion_scores;

  std::optional<double> difference() const;  // fusion - adapter
};

// The adapters' Visual Decathlon score (metric/decathlon.h) beside another run's.
struct DecathlonResult {
  double score = 0, baseline = 0;
  std::string baseline_folder;
};

// What `eval` found.
struct SuiteResults {
  std::string split;
  std::vector<SuiteResult> tasks;
  std::optional<DecathlonResult> decathlon;
};

Table train_table(const std::vector<TrainResult>& results);
// Columns: task, metric, n, majority, adapter, its parameters, fusion, difference, its interval, adapters
// used most. In CSV the scores are those of the metric, as in results.json.
Table suite_table(const std::vector<SuiteResult>& results);

// Write results.json, results.md and results.csv into the folder, each in one step; folders of adapters are
// named from there, so that a run may move. Errors as core/atomic_file.h.
void write_train_results(const std::filesystem::path& folder, const std::vector<TrainResult>& results);
void write_suite_results(const std::filesystem::path& folder, const SuiteResults& results);
// The text of results.json, for `--json`: {"split": "test", "results": [{"task": ..., "fusion": 0.7184,
// ...}], "decathlon": {"score": ...} or null}; only "results" after training.
std::string train_json(const std::vector<TrainResult>& results);
std::string suite_json(const SuiteResults& results);
// "Visual Decathlon score 1043.2 of at most 2000 (runs/full: 500.0)".
std::string decathlon_text(const DecathlonResult& result, size_t tasks);

}  // namespace adaptune
