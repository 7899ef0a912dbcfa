#include "app/command.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

// Exit status 2 with all of the messages, each at its place in c.yaml.
void check_refused(const CommandFolder& folder, const std::string& config,
                   const std::vector<std::string>& messages) {
  folder.write("c.yaml", config);
  const auto run = folder.run("check c.yaml");
  CHECK(run.status == 2);
  for (const auto& message : messages) CHECK_THAT(run.err, Contains("c.yaml:" + message));
  CHECK_THAT(run.err, !Contains("error: c.yaml"));
}

const std::string kData = "data: {train: train.jsonl, validation: dev.jsonl, max_seq_length: 16}\n";

}  // namespace

TEST_CASE("names that a run needs itself are no names of tasks") {
  const CommandFolder folder;
  check_refused(folder, "model: model\n" + kData + "task: {type: classification, name: fusion}\n",
                {"3:36: error: task name 'fusion' is that of another folder of a run"});
  check_refused(folder, "model: model\n" + kData + "tasks:\n  fusion:\n    type: classification\n",
                {"4:3: error: task name 'fusion'"});
}

TEST_CASE("the metric that chooses the best model is one that is computed") {
  const CommandFolder folder;
  const std::string start = "model: model\n" + kData;
  const std::string task = "task: {type: classification, metric: accuracy}\n";
  check_refused(folder, start + task + "train: {metric_for_best_model: acuracy}\n",
                {"4:32: error: train metric_for_best_model 'acuracy' is not known"});
  CHECK_THAT(folder.run("check c.yaml").err, Contains("did you mean 'accuracy'?"));
  check_refused(folder, start + task + "train: {metric_for_best_model: f1}\n",
                {"4:32: error: 'f1' is not a metric of task 'task'"});
  check_refused(folder, start + task + "fusion: {train: {metric_for_best_model: pearsonr}}\n",
                {"4:41: error: 'pearsonr' is not a metric of task 'task'"});
  for (const std::string name : {"loss", "eval_loss", "accuracy", "eval_accuracy"}) {
    folder.write("c.yaml", start + task + "train: {metric_for_best_model: " + name + "}\n");
    CHECK(folder.run("check c.yaml").status == 0);
  }
}

TEST_CASE("values that no method can use are refused before anything runs") {
  const CommandFolder folder;
  check_refused(folder,
                "model: model\n"
                "adapter:\n"
                "  config: pfeiffer\n"
                "  reduction_factor: {default: 16, elf: 3}\n"
                "  layers: []\n"
                "  scaling: nan\n"
                "  stochastic_depth: 1\n"
                "  load: nowhere\n"
                "output_dir: ''\n" +
                    kData +
                    "task:\n"
                    "  type: classification\n"
                    "  head: {layers: 2, activation_function: tanhh}\n"
                    "fusion:\n"
                    "  adapters: [all, {x: nowhere}, {x: model}, task]\n"
                    "  targets: [task, task]\n",
                {"4:35: error: 'elf' in 'reduction_factor' must be the number of a layer",
                 "5:11: error: 'layers' is empty", "6:12: error: 'scaling' must be a number",
                 "7:21: error: 'stochastic_depth' must be a number ≥ 0 and < 1", "8:9: error: '/",
                 "9:13: error: 'output_dir' must not be empty",
                 "13:42: error: head activation_function 'tanhh' is not known",
                 "15:23: error: the folder of fusion adapter 'x': '/",
                 "15:37: error: fusion adapter 'x' is named twice",
                 "15:45: error: fusion adapter 'task' is named twice",
                 "16:12: error: fusion target 'task' is named twice"});
  check_refused(folder, "model: model\nadapter: {drop: fixed}\n" + kData + "task: {type: classification}\n",
                {"2:17: error: drop: mode fixed needs `layers`"});
  check_refused(
      folder,
      "model: model\nadapter: {config: bitfit, drop: robust}\n" + kData + "task: {type: classification}\n",
      {"2:33: error: 'bitfit' has no adapters in the layers that could be dropped"});
  check_refused(
      folder,
      "model: model\nadapter: {config: lora, dropout: 1}\n" + kData + "task: {type: classification}\n",
      {"2:34: error: 'dropout' must be a number ≥ 0 and < 1"});
}

TEST_CASE("values that the backbone or the data refuse are named with their places") {
  const CommandFolder folder;
  const std::string task = "task: {type: classification}\n";
  const auto with_adapter = [&](const std::string& adapter) {
    return "model: model\nadapter: {" + adapter + "}\n" + kData + task;
  };
  check_refused(folder, with_adapter("layers: [0, 6]"),
                {"2:19: error: adapter.layers: layer 6 does not exist; this backbone has layers 0-2"});
  check_refused(folder, with_adapter("leave_out: [7]"), {"2:22: error: adapter.leave_out: layer 7 does not"});
  check_refused(folder, with_adapter("leave_out: 0-2"), {"2:22: error: adapter.leave_out: leaves no layer"});
  check_refused(folder, with_adapter("reduction_factor: {default: 16, 99: 4}"),
                {"2:29: error: adapter.reduction_factor: layer 99 does not exist"});
  check_refused(folder, with_adapter("config: lora, places: [atention.query]"),
                {"2:33: error: adapter.places: this backbone has no place 'atention.query'; did you mean "
                 "'attention.query'?"});
  check_refused(folder, with_adapter("drop: {mode: fixed, layers: 3}"),
                {"2:39: error: adapter.drop.layers: 3 dropped layers leave no adapter; this backbone has 3"});
  check_refused(folder, with_adapter("drop: {mode: robust, layers: 3}"),
                {"2:40: error: adapter.drop.layers: 3 dropped layers leave no adapter"});
  check_refused(folder, "model: model\n" + task + "data: {train: train.jsonl, max_seq_length: 41}\n",
                {"3:44: error: data.max_seq_length: 41 is more than the 40 positions"});
  folder.write("train.jsonl", folder.read("train.jsonl") + "{\"text\": \"a\", \"label\": \"other\"}\n");
  check_refused(folder, "model: model\n" + kData + "task: {type: classification, metric: [f1]}\n",
                {"3:38: error: metric: f1 scores two classes"});
}

TEST_CASE("what is wrong for all tasks is told once, at its place") {
  const CommandFolder folder;
  check_refused(folder,
                "model: model\nadapter: {layers: [9]}\n" + kData +
                    "tasks:\n  one: {type: classification}\n  two: {type: classification}\n"
                    "  three: {type: classification, adapter: {layers: [8]}}\n",
                {"2:19: error: adapter.layers: layer 9", "7:51: error: adapter.layers: layer 8"});
  const auto text = folder.run("check c.yaml").err;
  CHECK(text.find("layer 9") == text.rfind("layer 9"));
}

TEST_CASE("all checkpoints may be kept") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml train.save_total_limit=null train.save_steps=2").status == 0);
  for (const int step : {2, 4, 6, 8, 10, 12}) {
    CHECK(std::filesystem::exists(folder.path("run/mood/checkpoints/step-" + std::to_string(step))));
  }
}

}  // namespace adaptune
