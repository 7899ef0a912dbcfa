#include "recipe/decathlon_run.h"

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/atomic_file.h"
#include "core/error.h"
#include "metric/decathlon.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr const char* kMetric = "accuracy";

std::optional<double> accuracy_of(const SuiteResult& task) {
  for (const auto& [metric, score] : task.adapter_scores) {
    if (metric == kMetric) return score;
  }
  return std::nullopt;
}

// By task, in a results.json.
std::map<std::string, double> accuracies(const json& results) {
  std::map<std::string, double> found;
  for (const auto& task : results.at("results")) {
    const auto& scores = task.at("adapter_scores");
    if (scores.contains(kMetric) && scores[kMetric].is_number())
      found[task.at("task").get<std::string>()] = scores[kMetric].get<double>();
  }
  return found;
}

json evaluation_of(const fs::path& folder, const std::string& split) {
  const fs::path file = folder / "results.json";
  const std::string remedy = "; run 'adaptune eval " + folder.string() + " --split " + split + "' first";
  if (!fs::exists(file))
    throw UsageError("--baseline: " + fs::absolute(file).string() + " does not exist" + remedy);
  const auto results = json::parse(read_file(file), nullptr, false);
  if (results.is_discarded() || results.value("split", "") != split) {
    throw UsageError("--baseline: " + fs::absolute(file).string() + " holds no evaluation of the " + split +
                     " split" + remedy);
  }
  return results;
}

}  // namespace

DecathlonResult decathlon_of(const SuiteResults& results, const std::string& baseline_folder) {
  const auto baseline = accuracies(evaluation_of(baseline_folder, results.split));
  std::vector<double> errors, baseline_errors;
  std::string missing;
  for (const auto& task : results.tasks) {
    const auto own = accuracy_of(task);
    if (!own || baseline.count(task.task) == 0) {
      missing += (missing.empty() ? "'" : ", '") + task.task + "'";
      continue;
    }
    errors.push_back(1 - *own);
    baseline_errors.push_back(1 - baseline.at(task.task));
  }
  if (!missing.empty()) {
    throw UsageError("--baseline: no accuracy of " + missing + " both here and in " + baseline_folder +
                     "; the score needs every task in both, with the metric accuracy");
  }
  return {decathlon_score(errors, baseline_errors), decathlon_score(baseline_errors, baseline_errors),
          baseline_folder};
}

}  // namespace adaptune
