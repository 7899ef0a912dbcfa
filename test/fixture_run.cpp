#include "fixture_run.h"

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

#include "core/error.h"
#include "golden_domains.h"
#include "golden_images.h"
#include "golden_knowledge.h"
#include "golden_metrics.h"
#include "golden_run.h"
#include "golden_tokenizer.h"
#include "interop/json_fields.h"
#include "io/text_file.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

CaseResult exact_result(int64_t checked, int64_t failed, const std::string& difference) {
  if (checked == 0) return {Outcome::kFailed, "nothing was compared"};
  if (failed == 0) return {Outcome::kPassed, std::to_string(checked) + " values equal"};
  return {Outcome::kFailed,
          std::to_string(failed) + " of " + std::to_string(checked) + " differ; " + difference};
}

CaseResult network_result(const GoldenReport& report) {
  std::ostringstream text;
  if (report.problems.empty()) {
    text << std::fixed << std::setprecision(3) << report.largest << " of the tolerance at " << report.at
         << ", " << report.compared << " tensors";
    return {Outcome::kPassed, text.str()};
  }
  text << report.problems.size() << " problems; " << report.problems[0];
  return {Outcome::kFailed, text.str()};
}

CaseResult run_kind(const fs::path& folder) {
  const auto description = read_json_file((folder / "case.json").string());
  const std::string kind = description.value("kind", "");
  if (kind == "tokenizer") {
    const auto result = compare_tokenizer(folder);
    return exact_result(result.checked, result.failed, result.first_difference);
  }
  if (kind == "metrics") {
    const auto scores = compare_metrics(folder);
    return exact_result(scores.checked, scores.failed, scores.first_difference);
  }
  if (kind == "image") return network_result(run_golden_images(folder));
  // Image networks of convolutions have no tokens, and batch norms that see batches.
  const bool convolutions = description.value("model", "").find("resnet") != std::string::npos;
  if (convolutions) return network_result(run_golden_domains(folder));
  const bool knowledge = description.value("model", "").find("kadapter") != std::string::npos;
  if (knowledge) return network_result(run_golden_knowledge(folder));
  if (kind == "adapterhub" || kind == "peft" || kind == "hf") return network_result(run_golden_case(folder));
  throw InputError("kind '" + kind + "' is not known");
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

NotYet read_not_yet(const fs::path& file) {
  NotYet not_yet;
  LineReader reader(file);
  for (std::string line; reader.next(line);) {
    if (line.empty() || line[0] == '#') continue;
    const auto tab = line.find('\t');
    if (tab == std::string::npos || tab == 0 || tab + 1 == line.size()) {
      throw InputError(file.string() + ":" + std::to_string(reader.line_number()) +
                       ": 'name<TAB>capability' expected");
    }
    not_yet[line.substr(0, tab)] = line.substr(tab + 1);
  }
  return not_yet;
}

std::vector<fs::path> find_cases(const fs::path& folder) {
  if (fs::exists(folder / "case.json")) return {folder};
  std::vector<fs::path> cases;
  const auto root = fs::is_directory(folder / "cases") ? folder / "cases" : folder;
  if (!fs::is_directory(root)) throw UsageError(folder.string() + ": no such folder");
  for (const auto& entry : fs::directory_iterator(root)) {
    if (fs::exists(entry.path() / "case.json")) cases.push_back(entry.path());
  }
  std::sort(cases.begin(), cases.end());
  return cases;
}

CaseResult run_case(const fs::path& folder, const NotYet& not_yet) {
  CaseResult result;
  try {
    result = run_kind(folder);
  } catch (const std::exception& error) {
    result = {Outcome::kFailed, first_line(error.what())};
  }
  const auto listed = not_yet.find(fs::weakly_canonical(folder).filename().string());
  if (listed == not_yet.end()) return result;
  if (result.outcome == Outcome::kPassed) {
    return {Outcome::kFailed, "passes although not_yet.txt lists it: strike it out"};
  }
  return {Outcome::kSkipped, listed->second + " (" + result.text + ")"};
}

}  // namespace adaptune
