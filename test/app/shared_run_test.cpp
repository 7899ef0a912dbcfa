#include <nlohmann/json.hpp>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

// To be put before a command: it runs while another one trains, which a signal ends afterwards. What
// status.json says at that moment is kept in during.json, what the other one printed in first.out.
std::string while_training(const std::string& arguments, const std::string& signal = "TERM") {
  return std::string("rm -f first.out; { '") + ADAPTUNE_BINARY + "' " + arguments +
         " >first.out 2>&1 & }; pid=$!; trap 'kill -" + signal +
         " $pid; wait $pid; echo $? >first.status' EXIT; " +
         "until grep -qs step= first.out || ! kill -0 $pid; do sleep 0.05; done; ";
}

// A training without end of a task of kSuite, and one that ends, of the same settings.
std::string training(const std::string& task, const std::string& steps = "1000000") {
  return "train suite.yaml train.logging_steps=1 train.eval_strategy=no train.lr_scheduler_type=constant "
         "train.warmup_steps=0 train.max_steps=" +
         steps + " --task " + task;
}

json status(const CommandFolder& folder, const std::string& file = "suite/status.json") {
  return json::parse(folder.read(file));
}

}  // namespace

TEST_CASE("one process at a time trains a task, and a killed one is in nobody's way") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  for (const std::string again : {"", " --overwrite"}) {
    const auto second = folder.run(training("mood", "40") + again, while_training(training("mood"), "KILL"));
    INFO(second.err);
    CHECK(second.status == 4);
    CHECK_THAT(second.err, Contains(folder.path("suite/mood").string() + ": ") &&
                               Contains("is writing there; wait until it has ended, or choose another task"));
    if (fs::exists("/proc/locks")) CHECK_THAT(second.err, Contains("process ") && Contains("--task mood)"));
    CHECK_THAT(folder.read("first.out"), Contains("step="));
    CHECK(folder.read("first.status") == "137\n");
    CHECK(fs::exists(folder.path("suite/mood/metrics.jsonl")));
  }
  CHECK(folder.run(training("tone", "3")).status == 0);
  CHECK(status(folder)["tasks"]["mood"]["state"] == "stopped");  // by the next command that looks at it
  CHECK(folder.run(training("mood", "3") + " --overwrite").status == 0);
}

TEST_CASE("processes that train tasks of one run leave each other's status") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  const auto second = folder.run(training("tone", "3") + " && cp suite/status.json during.json",
                                 while_training(training("mood")));
  INFO(second.err);
  REQUIRE(second.status == 0);
  CHECK(folder.read("first.status") == "75\n");
  CHECK(status(folder, "during.json")["tasks"]["mood"]["state"] == "running");
  CHECK(status(folder, "during.json")["tasks"]["tone"]["state"] == "done");
  CHECK(status(folder)["tasks"]["mood"]["state"] == "stopped");
  CHECK(status(folder)["tasks"]["tone"]["state"] == "done");
  CHECK(status(folder)["tasks"]["tone"]["step"] == 3);
}

TEST_CASE("a status with states that are none is written anew") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run(training("mood", "3")).status == 0);
  auto changed = status(folder);
  changed["tasks"]["mood"]["state"] = "paused";
  folder.write("suite/status.json", changed.dump());
  const auto next = folder.run(training("tone", "3"));
  INFO(next.err);
  CHECK(next.status == 0);
  CHECK(status(folder)["tasks"]["mood"]["state"] == "done");
}

TEST_CASE("a signal is heard while another process keeps the run's folder locked") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  // The lock belongs to the shell. `timeout` says 137 when it had to kill.
  const auto stopped =
      folder.run(training("mood"),
                 "mkdir suite && exec 9<suite && flock 9 && timeout --preserve-status --kill-after 20 3 ");
  INFO(stopped.err);
  CHECK(stopped.status == 75);
  CHECK(status(folder)["state"] == "stopped");
  CHECK(status(folder)["tasks"]["mood"]["state"] == "stopped");
}

TEST_CASE("a folder that is trained in is not exported into") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run(training("mood", "3")).status == 0);
  const auto within =
      folder.run("export suite/mood/adapter --format adapterhub", while_training(training("mood")));
  CHECK(within.status == 4);
  CHECK_THAT(within.err, Contains("suite/mood: ") && Contains("is writing there"));
  CHECK(folder.run("export suite/mood/adapter --format adapterhub -o hub", while_training(training("mood")))
            .status == 0);
}

}  // namespace adaptune
