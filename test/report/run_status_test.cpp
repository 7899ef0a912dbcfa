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

TEST_CASE("a status is read as it was written, or not at all") {
  const ScratchFolder folder("run_status_read");
  const auto path = folder.path / "status.json";
  CHECK_FALSE(read_run_status(path));
  write_run_status(path, {"running", "fuse", {{"rte", {"done", "f1", 0.5, 7}}, {"qqp", {"failed"}}}, 5, "x"});
  const auto status = read_run_status(path);
  REQUIRE(status);
  CHECK(status->stage == "fuse");
  CHECK(status->exit_code == 5);
  REQUIRE(status->tasks.size() == 2);
  CHECK(status->tasks[0].first == "rte");
  CHECK(status->tasks[0].second.best == 0.5);
  CHECK(status->tasks[1].second.state == "failed");
  CHECK_FALSE(status->tasks[1].second.step);
  write_file_atomically(path, "{\"state\": \"done\"}");
  CHECK_FALSE(read_run_status(path));
  const auto with_states = [&](const std::string& run, const std::string& task) {
    write_file_atomically(path, R"({"state": ")" + run +
                                    R"(", "stage": "fuse", "exit_code": 0, "resume": "x", )" +
                                    R"("tasks": {"rte": {"state": ")" + task + R"("}}})");
    return read_run_status(path);
  };
  CHECK(with_states("done", "waiting"));
  CHECK_FALSE(with_states("done", "paused"));
  CHECK_FALSE(with_states("dancing", "done"));
}

TEST_CASE("a state that is none is refused") {
  const ScratchFolder folder("run_status_bad");
  CHECK_THROWS_AS(write_run_status(folder.path / "status.json", {"dancing", "train", {}, {}, ""}),
                  std::logic_error);
}

}  // namespace adaptune
