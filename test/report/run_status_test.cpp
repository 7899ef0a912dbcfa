#include "report/run_status.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/atomic_file.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("the status holds what scripts read") {
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
  const auto stopped = nlohmann::ordered_json::parse(read_file(path));
  CHECK(stopped["state"] == "stopped");
  CHECK(stopped["exit_code"] == 75);
  REQUIRE(stopped["tasks"].size() == 2);
  CHECK(stopped["tasks"].begin().key() == "rte");  // the order of the configuration
  CHECK(stopped["tasks"]["rte"]["step"] == 100);
  CHECK_FALSE(stopped["tasks"]["mnli"].contains("best"));
}

TEST_CASE("a state that is none is refused") {
  const ScratchFolder folder("run_status_bad");
  CHECK_THROWS_AS(write_run_status(folder.path / "status.json", {"dancing", "train", {}, {}, ""}),
                  std::logic_error);
}

}  // namespace adaptune
