#include <nlohmann/json.hpp>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

json results(const CommandFolder& folder, const std::string& run) {
  return json::parse(folder.read(run + "/results.json"))["results"];
}

}  // namespace

TEST_CASE("a fusion belongs to the adapters it was trained on") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  CHECK(folder.run("fuse suite.yaml").status == 3);
  CHECK_FALSE(fs::exists(folder.path("suite")));  // nothing is begun that cannot be done
  REQUIRE(folder.run("train suite.yaml").status == 0);
  const auto planned = folder.run("fuse suite.yaml --dry-run");
  CHECK_THAT(planned.out, Contains("fusion mood"));
  CHECK_THAT(planned.err, Contains("lr 5.0e-05"));
  CHECK_FALSE(fs::exists(folder.path("suite/fusion")));
  REQUIRE(folder.run("fuse suite.yaml").status == 0);
  REQUIRE(folder.run("train suite.yaml --task tone --overwrite tasks.tone.train.seed=6").status == 0);
  const auto refused = folder.run("fuse suite.yaml tasks.tone.train.seed=6");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("adapter tone: sha256") && Contains("--overwrite"));
  CHECK(folder.run("fuse suite.yaml tasks.tone.train.seed=6 --overwrite").status == 0);
}

TEST_CASE("the head that a fusion starts from is one of its settings") {
  const CommandFolder folder;
  fuse_suite(folder);
  const auto refused = folder.run("fuse suite.yaml fusion.head=warm");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("- fusion.head: new") && Contains("+ fusion.head: warm"));
}

TEST_CASE("a fusion without a layer to fuse in says what would help") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml 'adapter.layers=[0]'").status == 0);
  const auto refused =
      folder.run("fuse suite.yaml 'adapter.layers=[0]' 'fusion.drop={mode: fixed, layers: 2}'");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains(": error: fusion.adapters: none has a bottleneck adapter") &&
                              Contains("from 2 on; name others, or lower fusion.drop.layers"));
}

TEST_CASE("a fusion for a target that the configuration does not name stays in the table") {
  const CommandFolder folder;
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml --target tone").status == 0);
  const auto first = results(folder, "suite/fusion");
  REQUIRE(first.size() == 1);
  CHECK(first[0]["task"] == "tone");
  REQUIRE(folder.run("fuse suite.yaml").status == 0);
  const auto both = results(folder, "suite/fusion");
  REQUIRE(both.size() == 2);
  CHECK(both[0]["task"] == "mood");
  CHECK(both[1]["task"] == "tone");
}

TEST_CASE("tasks of one run may be trained by several processes at once") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  for (int round = 0; round < 3; ++round) {
    // The first runs in the background of the second one's shell, and is waited for.
    const auto both =
        folder.run("train suite.yaml --overwrite --task tone",
                   std::string("{ '") + ADAPTUNE_BINARY +
                       "' train suite.yaml --overwrite --task mood >first.out 2>&1 & }; pid=$!; "
                       "trap 'wait $pid; echo $? >first.status' EXIT; ");
    INFO(both.err);
    CHECK(both.status == 0);
    CHECK(folder.read("first.status") == "0\n");
    CHECK(json::parse(folder.read("suite/results.json"))["results"].size() == 2);
    CHECK_FALSE(folder.read("suite/config.yaml").empty());
  }
}

TEST_CASE("backbone_dropout of a fusion is its own") {
  const CommandFolder folder;
  train_suite(folder);
  const std::string weights = "suite/fusion/mood/fusion/fusion.safetensors";
  REQUIRE(folder.run("fuse suite.yaml fusion.train.backbone_dropout=true").status == 0);
  const auto with = folder.read(weights);
  REQUIRE(folder.run("fuse suite.yaml fusion.train.backbone_dropout=false --overwrite").status == 0);
  CHECK(folder.read(weights) != with);
}

TEST_CASE("a run is found where it is, not where it was configured to be") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml --output-dir elsewhere").status == 0);
  CHECK_THAT(folder.read("elsewhere/config.yaml"), Contains("output_dir: elsewhere"));
  CHECK(results(folder, "elsewhere")[0]["adapter"] == "mood/adapter");
  CHECK(folder.run("eval elsewhere").status == 0);
  CHECK_FALSE(fs::exists(folder.path("run")));
  CHECK_THAT(folder.read("elsewhere/mood/result.json"), !Contains("elsewhere"));
  fs::rename(folder.path("elsewhere"), folder.path("moved"));
  CHECK_THAT(folder.run("train config.yaml --output-dir moved").out, Contains(" moved/mood/adapter"));
  CHECK(folder.run("eval moved").status == 0);
  CHECK(results(folder, "moved")[0].contains("majority"));
}

TEST_CASE("eval says what of a split is cut, and where a split is missing") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  CHECK_THAT(folder.run("eval run").err, Contains("\ndata       mood  validation 12   0 examples cut at"));
  const auto missing = folder.run("eval run --split test");
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err, Contains("config.yaml:") && Contains(": error: data.test: task 'mood'") &&
                              Contains("write 'data: {test: ...}'"));
}

TEST_CASE("a refused command leaves the run's configuration and results") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  REQUIRE(folder.run("eval run").status == 0);
  const auto config = folder.read("run/config.yaml"), table = folder.read("run/results.json");
  const auto refused = folder.refusal("train config.yaml train.learning_rate=2e-2");
  CHECK_THAT(refused, Contains("output_dir 'run' belongs to another configuration"));
  CHECK(folder.refusal("check config.yaml train.learning_rate=2e-2") == refused);
  CHECK(folder.read("run/config.yaml") == config);
  CHECK(folder.run("train config.yaml").status == 0);  // finished: nothing to do
  CHECK(folder.read("run/results.json") == table);
}

TEST_CASE("tasks trained one by one stand in one table and one status") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml --task tone").status == 0);
  CHECK(json::parse(folder.read("suite/status.json"))["tasks"]["mood"]["state"] == "waiting");
  REQUIRE(folder.run("train suite.yaml --task mood").status == 0);
  REQUIRE(results(folder, "suite").size() == 2);
  CHECK(results(folder, "suite")[0]["task"] == "mood");
  CHECK(json::parse(folder.read("suite/status.json"))["tasks"]["tone"]["state"] == "done");
}

TEST_CASE("a finished run knows its data, and exports what is asked for later") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  const auto weights = folder.read("run/mood/adapter/adapter.safetensors");
  CHECK(folder.run("train config.yaml 'export=[adapterhub]'").status == 0);
  CHECK(fs::exists(folder.path("run/mood/export/adapterhub/adapter_config.json")));
  CHECK(folder.read("run/mood/adapter/adapter.safetensors") == weights);
  // Nothing is trained for it, nor is a checkpoint needed.
  const auto exported = folder.read("run/mood/export/adapterhub/adapter_config.json");
  fs::remove_all(folder.path("run/mood/export"));
  fs::remove_all(folder.path("run/mood/checkpoints"));
  const auto again = folder.run("train config.yaml 'export=[adapterhub]' --resume never");
  INFO(again.err);
  CHECK(again.status == 0);
  CHECK_THAT(again.err, Contains("mood is finished") && Contains("wrote run/mood/export/adapterhub\n") &&
                            !Contains("step="));
  CHECK(folder.read("run/mood/export/adapterhub/adapter_config.json") == exported);
  CHECK(folder.read("run/mood/adapter/adapter.safetensors") == weights);
  folder.write("train.jsonl", folder.read("train.jsonl") + folder.read("train.jsonl"));
  const auto refused = folder.run("train config.yaml");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("bytes sha256") && Contains("--overwrite"));
}

TEST_CASE("--overwrite trains anew what is finished, too") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  CHECK_THAT(folder.run("train config.yaml").err, Contains("mood is finished"));
  const auto anew = folder.run("train config.yaml --overwrite");
  CHECK(anew.status == 0);
  CHECK_THAT(anew.err, !Contains("mood is finished") && Contains("step=1/12"));
  CHECK_THAT(folder.run("train --help").out, Contains("train anew"));
}

TEST_CASE("eval says that nothing is trained before it loads the backbone") {
  const CommandFolder folder;
  fs::remove(folder.path("model/config.json"));
  folder.write("model/config.json", "{\"model_type\": \"bert\"}");  // would be refused
  const auto refused = folder.refusal("eval config.yaml", 3);
  CHECK_THAT(refused,
             Contains("no task of this configuration is trained there; run 'adaptune train' first") &&
                 !Contains("config.json"));
}

TEST_CASE("a finished adapter is replaced by its continuation, or with --overwrite") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  const auto adapter = [&] { return folder.read("run/mood/adapter/adapter.safetensors"); };
  const auto weights = adapter(), config = folder.read("run/config.yaml");
  const auto refused = [&](const std::string& arguments) {
    const auto message = folder.refusal("train config.yaml " + arguments);
    CHECK(folder.refusal("train config.yaml --dry-run " + arguments) == message);
    CHECK(adapter() == weights);
    CHECK(folder.read("run/config.yaml") == config);
    return message;
  };
  const std::string longer = "train.num_train_epochs=3";
  CHECK_THAT(
      refused(longer + " --resume never"),
      Contains(
          "run/mood/adapter is finished, of 12 steps, and --resume never begins anew; give --overwrite"));
  CHECK_THAT(refused("train.num_train_epochs=1"), Contains("and fewer are asked for, 6; give --overwrite"));
  CHECK_THAT(
      refused("--resume run/mood/checkpoints/step-6"),
      Contains("--resume run/mood/checkpoints/step-6: run/mood/adapter is finished, of 12 steps; ask for "
               "more of them (train.num_train_epochs, train.max_steps)"));
  fs::rename(folder.path("run/mood/checkpoints"), folder.path("kept"));
  CHECK_THAT(refused(longer), Contains("no checkpoint is left to go on from"));
  fs::rename(folder.path("kept"), folder.path("run/mood/checkpoints"));
  CHECK(folder.run("train config.yaml --resume never").status == 0);
  CHECK(adapter() == weights);
  CHECK_THAT(folder.run("train config.yaml " + longer).err, Contains("resumed at step 12"));
  CHECK(folder.run("train config.yaml --overwrite --resume never --dry-run " + longer).status == 0);
  CHECK(folder.run("train config.yaml --overwrite --resume never " + longer).status == 0);
}

TEST_CASE("a checkpoint to go on from is looked at before anything runs") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  const auto two = folder.run("train suite.yaml --resume suite/mood/checkpoints/step-3");
  CHECK(two.status == 2);
  CHECK_THAT(two.err, Contains("is for one task") && Contains("choose one with --task"));
  CHECK_FALSE(fs::exists(folder.path("suite")));
  const auto missing = folder.run("train config.yaml --resume nowhere --dry-run");
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err, Contains("'nowhere' is no checkpoint") && Contains("run/mood/checkpoints/step-"));

  REQUIRE(folder.run("train config.yaml").status == 0);
  const std::string from = " --resume run/mood/checkpoints/step-6";
  const auto other = folder.run("train config.yaml train.seed=7 --output-dir other --dry-run" + from);
  CHECK(other.status == 3);
  CHECK_THAT(other.err, Contains("was written by another training") && Contains("task.train.seed: 7"));
  CHECK(folder.run("train config.yaml --overwrite" + from).status == 2);
  CHECK(folder.run("train config.yaml train.num_train_epochs=3 --dry-run" + from).status == 0);
  const auto resumed = folder.run("train config.yaml train.num_train_epochs=3" + from);
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.err, Contains("resumed at step 6"));
}

TEST_CASE("the command that continues a run does not begin it anew") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml --overwrite --resume never 'train.seed=3'").status == 0);
  CHECK(json::parse(folder.read("run/status.json"))["resume"] == "adaptune train config.yaml train.seed=3");
}

TEST_CASE("a run goes on by the configuration in its own folder") {
  const CommandFolder folder;
  fuse_suite(folder);
  for (const std::string command : {"train suite", "fuse suite"}) {
    const auto again = folder.run(command);
    INFO(again.err);
    CHECK(again.status == 0);
    CHECK_THAT(again.err, Contains("mood is finished"));
  }
}

}  // namespace adaptune
