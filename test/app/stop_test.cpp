#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

// Runs a command, sends it SIGTERM once it says that it trains, and ends as it does.
constexpr const char* kStopInTraining = R"("$@" &
child=$!
until grep -q 'step=' err.txt || ! kill -0 $child; do sleep 0.05; done
kill -TERM $child
wait $child
)";

// A training without end, in which every step counts the same.
const std::string kEndless =
    "train config.yaml train.lr_scheduler_type=constant train.warmup_steps=0 train.eval_strategy=no "
    "train.save_strategy=no train.max_steps=";

json status_of(const CommandFolder& folder) { return json::parse(folder.read("run/status.json")); }

// Of the newest checkpoint.
int64_t checkpoint_step(const CommandFolder& folder) {
  int64_t step = -1;
  for (const auto& entry : fs::directory_iterator(folder.path("run/mood/checkpoints"))) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("step-")) step = std::max<int64_t>(step, std::stoll(name.substr(5)));
  }
  return step;
}

}  // namespace

TEST_CASE("a signal ends a training with a checkpoint and status 75; the same command goes on") {
  const CommandFolder folder;
  folder.write("stop.sh", kStopInTraining);
  const std::string command = kEndless + "1000000";
  const auto first = folder.run(command, "sh stop.sh ");
  INFO(first.err);
  REQUIRE(first.status == 75);
  CHECK_THAT(first.err, Contains("stopped by SIGTERM: ") && Contains("To continue: adaptune " + command));
  CHECK(status_of(folder)["state"] == "stopped");
  CHECK(status_of(folder)["exit_code"] == 75);
  CHECK(status_of(folder)["tasks"]["mood"]["state"] == "stopped");
  CHECK(status_of(folder)["resume"] == "adaptune " + command);
  CHECK_FALSE(fs::exists(folder.path("run/mood/adapter")));

  const auto stopped_at = checkpoint_step(folder);
  REQUIRE(stopped_at > 0);
  const auto second = folder.run(command, "sh stop.sh ");
  INFO(second.err);
  REQUIRE(second.status == 75);
  CHECK_THAT(second.err, Contains("resumed at step " + std::to_string(stopped_at)));
  CHECK(checkpoint_step(folder) > stopped_at);

  // Stopped twice or not at all: the same in the end.
  const std::string finite = kEndless + std::to_string(checkpoint_step(folder) + 2);
  CHECK(folder.run(finite).status == 0);
  CHECK(status_of(folder)["state"] == "done");
  REQUIRE(folder.run(finite + " output_dir=undisturbed").status == 0);
  CHECK(folder.read("run/mood/adapter/adapter.safetensors") ==
        folder.read("undisturbed/mood/adapter/adapter.safetensors"));
}

}  // namespace adaptune
