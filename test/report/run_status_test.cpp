#include "report/run_status.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/atomic_file.h"
#include "core/error.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("the status holds what scripts read and comes back whole") {
  const ScratchFolder folder("run_status");
  const auto path = folder.path / "status.json";
  RunStatus status{"running",
                   "train",
                   {{"rte", {"done", "accuracy", 0.842, 100}}, {"mnli", {"waiting", {}, {}, {}}}},
                   {},
                   "adaptune train glue.yaml"};
  write_run_status(path, status);
  const auto running = nlohmann::json::parse(read_file(path));
  CHECK(running["exit_code"].is_null());
  CHECK(running["tasks"]["rte"]["best"] == 0.842);
  CHECK(running["resume"] == "adaptune train glue.yaml");

  status.state = "stopped";
  status.exit_code = 75;
  write_run_status(path, status);
  const RunStatus read = read_run_status(path);
  CHECK(read.state == "stopped");
  CHECK(read.exit_code == 75);
  REQUIRE(read.tasks.size() == 2);
  CHECK(read.tasks[0].first == "rte");  // the order of the configuration
  CHECK(read.tasks[0].second.step == 100);
  CHECK_FALSE(read.tasks[1].second.best.has_value());
}

TEST_CASE("a status that is none is refused") {
  const ScratchFolder folder("run_status_bad");
  const auto path = folder.path / "status.json";
  CHECK_THROWS_AS(read_run_status(path), InputError);
  std::ofstream(path) << "{\"state\": \"dancing\", \"stage\": \"train\", \"tasks\": {}}";
  CHECK_THROWS_WITH(read_run_status(path), Catch::Contains("state 'dancing' is not known"));
  CHECK_THROWS_AS(write_run_status(path, {"dancing", "train", {}, {}, ""}), std::logic_error);
}

}  // namespace adaptune
