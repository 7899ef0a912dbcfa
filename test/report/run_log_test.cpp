#include "report/run_log.h"

#include <cmath>
#include <fstream>
#include <stdexcept>

#include "core/atomic_file.h"
#include "core/error.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

std::vector<int64_t> steps_in(const std::filesystem::path& path) {
  std::vector<int64_t> steps;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) steps.push_back(ordered_json::parse(line)["step"]);
  return steps;
}

}  // namespace

TEST_CASE("every record is one line, in the file at once") {
  const ScratchFolder folder("run_log");
  RunLog log(folder.path / "sst2" / "metrics.jsonl", 0);
  log.append({{"step", 10}, {"loss", 0.5}, {"note", "two\nlines"}});
  CHECK(read_file(log.path()) == "{\"step\":10,\"loss\":0.5,\"note\":\"two\\nlines\"}\n");
  log.append({{"step", 20}, {"loss", NAN}});
  CHECK_THAT(read_file(log.path()), Catch::EndsWith("{\"step\":20,\"loss\":null}\n"));
  CHECK_THROWS_AS(log.append({{"loss", 1}}), std::logic_error);
}

TEST_CASE("a resume drops the steps that will be made again") {
  const ScratchFolder folder("run_log_resume");
  const auto path = folder.path / "metrics.jsonl";
  {
    RunLog log(path, 0);
    for (int step : {10, 20, 20, 30}) log.append({{"step", step}});
  }
  std::ofstream(path, std::ios::app) << "{\"step\":4";  // the process died here
  RunLog log(path, 20);
  CHECK(steps_in(path) == std::vector<int64_t>{10, 20, 20});
  log.append({{"step", 30}});
  CHECK(steps_in(path) == std::vector<int64_t>{10, 20, 20, 30});
}

TEST_CASE("a resumed log drops what will be written again") {
  const ScratchFolder folder("run_log_filter");
  const auto path = folder.path / "metrics.jsonl";
  for (RunLog log(path, 0); const bool evaluation : {false, true})
    log.append({{"step", 20}, {"evaluation", evaluation}});
  RunLog(path, 20, [](const nlohmann::ordered_json& record) { return !record["evaluation"].get<bool>(); });
  CHECK(steps_in(path) == std::vector<int64_t>{20});
}

TEST_CASE("a fresh run begins a new log") {
  const ScratchFolder folder("run_log_fresh");
  const auto path = folder.path / "metrics.jsonl";
  RunLog(path, 0).append({{"step", 5}});
  RunLog log(path, 0);
  CHECK(read_file(path).empty());
}

TEST_CASE("a damaged log is named with its line") {
  const ScratchFolder folder("run_log_damaged");
  const auto path = folder.path / "metrics.jsonl";
  std::ofstream(path) << "{\"step\":1}\nnonsense\n{\"step\":2}\n";
  CHECK_THROWS_WITH(RunLog(path, 2), Catch::Contains("metrics.jsonl:2: not a JSON object"));
}

}  // namespace adaptune
