#include "app/command.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
  return found;
}

// Exit status 2 with these errors and no others, each at its place in c.yaml. Returns what was printed.
std::string check_unfit(const CommandFolder& folder, const std::string& config,
                        const std::vector<std::string>& messages) {
  folder.write("c.yaml", config);
  const auto run = folder.run("check c.yaml");
  INFO(run.err);
  CHECK(run.status == 2);
  for (const auto& message : messages) CHECK_THAT(run.err, Contains("c.yaml:" + message));
  CHECK(count(run.err, ": error: ") == messages.size());
  CHECK_THAT(run.err, !Contains("error: c.yaml"));
  return run.err;
}

// The same while the configuration is read: their number stands below them.
void check_refused(const CommandFolder& folder, const std::string& config,
                   const std::vector<std::string>& messages) {
  const auto printed = check_unfit(folder, config, messages);
  const std::string number = std::to_string(messages.size()) + (messages.size() == 1 ? " error" : " errors");
  CHECK_THAT(printed, Contains("\n" + number + "; nothing was run"));
}

const std::string kData = "data: {train: train.jsonl, validation: dev.jsonl, max_seq_length: 16}\n";
// Tasks and a fusion that say something of their own in the sections that they share.
const std::string kThree =
    "tasks:\n"
    "  one: {type: classification}\n"
    "  two: {type: classification, train: {seed: 3}}\n"
    "  three: {type: classification, adapter: {leave_out: []}}\n"
    "fusion: {train: {seed: 4}}\n";

}  // namespace

TEST_CASE("names that a run needs itself are no names of tasks") {
  const CommandFolder folder;
  check_refused(folder, "model: model\n" + kData + "task: {type: classification, name: fusion}\n",
                {"3:36: error: task name 'fusion' has another meaning in a run"});
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
  check_unfit(folder, with_adapter("layers: [0, 6]"),
              {"2:19: error: adapter.layers: layer 6 does not exist; this backbone has layers 0-2"});
  check_unfit(folder, with_adapter("leave_out: [7]"), {"2:22: error: adapter.leave_out: layer 7 does not"});
  check_unfit(folder, with_adapter("leave_out: 0-2"),
              {"2:22: error: adapter.leave_out: 'layers', 'leave_out' and 'drop' together leave no layer"});
  check_unfit(folder, with_adapter("reduction_factor: {default: 16, 99: 4}"),
              {"2:29: error: adapter.reduction_factor: layer 99 does not exist"});
  check_unfit(
      folder, with_adapter("config: lora, places: [atention.query]"),
      {"2:33: error: adapter.places: this backbone has no place 'atention.query' for 'lora'; did you mean "
       "'attention.query'?"});
  check_unfit(folder, with_adapter("drop: {mode: fixed, layers: 3}"),
              {"2:39: error: adapter.drop.layers: 3 dropped layers leave no adapter; this backbone has 3"});
  check_unfit(folder, with_adapter("drop: {mode: robust, layers: 3}"),
              {"2:40: error: adapter.drop.layers: 3 dropped layers leave no adapter"});
  check_unfit(folder, "model: model\n" + task + "data: {train: train.jsonl, max_seq_length: 41}\n",
              {"3:44: error: data.max_seq_length: 41 is more than the 40 positions"});
  folder.write("train.jsonl", folder.read("train.jsonl") + "{\"text\": \"a\", \"label\": \"other\"}\n");
  check_unfit(folder, "model: model\n" + kData + "task: {type: classification, metric: [f1]}\n",
              {"3:38: error: metric: f1 scores two classes"});
}

TEST_CASE("what the backbone refuses is told at once, with its lines") {
  const CommandFolder folder;
  const auto printed = check_unfit(
      folder,
      "model: model\nadapter:\n  config: lora\n  layers: [0, 6, 8]\n  leave_out: [7]\n"
      "  places: [atention.query, ffn.outputs]\n" +
          kData +
          "tasks:\n  one: {type: classification}\n  two: {type: classification, data: "
          "{max_seq_length: 99}}\n",
      {"4:11: error: adapter.layers: layers 6,8 do not exist; this backbone has layers 0-2\n"
       "  4 |   layers: [0, 6, 8]\n"
       "    |           ^\n",
       "5:14: error: adapter.leave_out: layer 7",
       "6:11: error: adapter.places: this backbone has no place 'atention.query' for 'lora'; did you mean",
       "6:11: error: adapter.places: this backbone has no place 'ffn.outputs' for 'lora'",
       "10:54: error: data.max_seq_length: 99 is more than the 40 positions"});
  CHECK_THAT(printed, Contains("\n5 errors; nothing was run"));
}

TEST_CASE("what is wrong for all tasks is told once, at its place") {
  const CommandFolder folder;
  check_unfit(folder,
              "model: model\nadapter: {layers: [9]}\n" + kData +
                  "tasks:\n  one: {type: classification}\n  two: {type: classification}\n"
                  "  three: {type: classification, adapter: {layers: [8]}}\n",
              {"2:19: error: adapter.layers: layer 9", "7:51: error: adapter.layers: layer 8"});
  const auto text = folder.run("check c.yaml").err;
  CHECK(text.find("layer 9") == text.rfind("layer 9"));
}

TEST_CASE("one mistake in a section that tasks share is one error, at its place") {
  const CommandFolder folder;
  const auto suite = [](const std::string& sections) { return "model: model\n" + sections + kData + kThree; };
  check_refused(folder, suite("adapter: {layers: []}\ntrain: {report_to: none}\n"),
                {"2:19: error: 'layers' is empty", "3:20: error: 'none' is not known; 'tensorboard' is"});
  check_refused(folder, suite("train: {eval_strategy: steps, save_strategy: steps, save_steps: null}\n"),
                {"2:24: error: eval_strategy 'steps' needs `eval_steps`",
                 "2:46: error: save_strategy 'steps' needs `save_steps`"});
  check_refused(
      folder,
      suite("adapter:\n"
            "  residual_before_ln: post_add\n"
            "  original_ln_before: false\n"
            "  output_adapter: false\n"
            "  drop: fixed\n"
            "  share_across_layers: true\n"
            "  reduction_factor: {default: 16, 2: 8}\n"
            "  is_parallel: true\n"
            "  stochastic_depth: 0.1\n"
            "  init_weights: zero\n"
            "  init_std: 0.1\n"),
      {"3:23: error: 'post_add' needs original_ln_before: true",
       "5:19: error: neither mh_adapter nor output_adapter is on",
       "6:9: error: drop: mode fixed needs `layers`", "7:24: error: one adapter for all layers has one width",
       "10:21: error: 'stochastic_depth' has no effect with is_parallel: true",
       "12:13: error: 'init_std' has no effect with init_weights 'zero'"});
  check_refused(folder, suite("adapter: top_layers\n"), {"2:10: error: top_layers needs `layers`"});
  check_refused(folder, suite("adapter: {config: lora, attn_matrices: [q, x]}\n"),
                {"2:40: error: 'x' is not one of q, k, v"});
  check_refused(folder, suite("adapter: {config: bitfit, drop: robust}\n"),
                {"2:33: error: 'bitfit' has no adapters in the layers that could be dropped"});
}

TEST_CASE("a task that contradicts the run's section is told at its own place") {
  const CommandFolder folder;
  check_refused(folder,
                "model: model\n" + kData +
                    "tasks:\n  one: {type: classification, train: {eval_strategy: steps}}\n"
                    "  two: {type: classification}\n",
                {"4:54: error: eval_strategy 'steps' needs `eval_steps`"});
  check_refused(folder,
                "model: model\nadapter: {stochastic_depth: 0.1}\n" + kData +
                    "tasks:\n  one: {type: classification, adapter: {is_parallel: true}}\n"
                    "  two: {type: classification}\n",
                {"5:54: error: 'stochastic_depth' has no effect with is_parallel: true"});
}

TEST_CASE("keys without an effect are refused, not ignored") {
  const CommandFolder folder;
  const std::string task = "task: {type: classification}\n";
  for (const std::string method : {"full", "full_random", "head_only"}) {
    check_refused(
        folder,
        "model: model\nadapter:\n  config: " + method + "\n  layers: [0]\n  leave_out: [1]\n" + kData + task,
        {"4:11: error: 'layers' has no effect with config '" + method + "'",
         "5:14: error: 'leave_out' has no effect with config '" + method + "'"});
  }
  check_refused(
      folder,
      "model: model\nadapter:\n  config: parallel\n  stochastic_depth: 0.1\n  init_std: 0.1\n" + kData + task,
      {"4:21: error: 'stochastic_depth' has no effect with is_parallel: true",
       "5:13: error: 'init_std' has no effect with init_weights 'mam_adapter'"});
  const std::string start = "model: model\n" + kData;
  check_refused(folder, start + "task: {type: classification, tokens: words}\n",
                {"3:38: error: 'tokens' has no effect with type 'classification'"});
  check_refused(folder, start + "task: {type: tagging, text: sentence}\n",
                {"3:29: error: 'text' has no effect with type 'tagging'"});
  check_refused(folder, start + "task: {type: regression, labels: [a, b]}\n",
                {"3:34: error: 'labels' has no effect with type 'regression'"});
  // What the type allows is open while the type itself is not known.
  check_refused(folder, start + "task: {type: taging, tokens: words, metric: seqeval_f1}\n",
                {"3:14: error: task type 'taging' is not known"});
}

TEST_CASE("a configuration with every default written reads back") {
  const CommandFolder folder;
  for (const std::string method : {"full", "head_only", "parallel", "houlsby", "lora", "bitfit"}) {
    INFO(method);
    const auto printed = folder.run("check config.yaml adapter=" + method + " --print-config");
    REQUIRE(printed.status == 0);
    folder.write("resolved.yaml", printed.out);
    const auto again = folder.run("check resolved.yaml");
    INFO(again.err);
    CHECK(again.status == 0);
  }
}

TEST_CASE("keys that only some of the tasks could use are refused where none does") {
  const CommandFolder folder;
  const std::string task = "task: {type: classification}\n", data = "data: {train: train.jsonl, ";
  const std::string start = "model: model\n" + task;
  check_unfit(folder, start + data + "truncation: only_second, max_seq_length: 16}\n",
              {"3:40: error: data.truncation: 'only_second' cuts the second text of a pair"});
  check_refused(folder, start + data + "quoted: true}\n",
                {"3:36: error: 'quoted' has no effect: no file is a .tsv file"});
  check_refused(folder, start + data + "max_seq_length: 16}\ntrain: {wd_parity: true}\n",
                {"4:20: error: 'wd_parity' has no effect without weight decay of the adapters"});
  check_refused(folder, start + kData + "fusion: {train: {wd_parity: true}}\n",
                {"4:29: error: 'wd_parity' has no effect without weight decay of the adapters"});
  check_refused(folder, "model: model\n" + kData + "task: {type: classification, data: {quoted: true}}\n",
                {"3:45: error: 'quoted' has no effect: no file is a .tsv file"});

  folder.write("train.tsv", "text\tlabel\n\"good day\"\thappy\n\"bad\tnews\"\tsad\n");
  folder.write("c.yaml",
               "model: model\ndata: {quoted: true, max_seq_length: 16}\ntrain: {wd_parity: true}\n"
               "tasks:\n  a: {type: classification, data: {train: train.tsv}}\n"
               "  b: {type: classification, data: {train: train.jsonl}, adapter: {weight_decay: 0.1}}\n");
  const auto suite = folder.run("check c.yaml --print-config");
  INFO(suite.err);
  REQUIRE(suite.status == 0);
  folder.write("printed.yaml", suite.out);
  CHECK(folder.run("check printed.yaml").status == 0);
}

TEST_CASE("an override or the defaults may add keys to a short form") {
  const CommandFolder folder;
  folder.write("c.yaml", "model: model\nadapter: lora\n" + kData +
                             "tasks:\n  a: {type: classification}\n"
                             "  b: {type: classification, adapter: ia3}\nfusion: static\n");
  const auto printed = [&](const std::string& overrides) {
    const auto run = folder.run("check c.yaml --print-config '~fusion' " + overrides);
    INFO(run.err);
    CHECK(run.status == 0);
    return run.out;
  };
  CHECK_THAT(printed("adapter.r=4"), Contains("adapter:\n  config: lora\n") && Contains("\n  r: 4\n"));
  CHECK_THAT(printed("tasks.b.adapter.alpha=3"),
             Contains("      config: ia3\n") && Contains("      alpha: 3.0\n"));
  CHECK_THAT(printed("adapter.drop=robust adapter.drop.layers=1"),
             Contains("    mode: robust\n    layers: 1\n"));
  const auto foreign = folder.refusal("check c.yaml adapter.layers_to_transform=[1]");
  CHECK_THAT(foreign,
             Contains("command line: override 1: error: unknown key 'layers_to_transform' in 'adapter'") &&
                 Contains("did you mean 'layers'?") && Contains("1 error;"));

  const auto fusion = folder.run("check c.yaml --print-config fusion.targets=[a]");
  CHECK_THAT(fusion.out, Contains("fusion:\n  config: static\n") && Contains("  value: false\n") &&
                             Contains("  targets: [a]\n"));
  folder.write("over.yaml", "defaults: c.yaml\nadapter: {r: 2}\nfusion: {key: false}\n");
  CHECK_THAT(folder.run("check over.yaml --print-config").out,
             Contains("adapter:\n  config: lora\n") && Contains("\n  r: 2\n") &&
                 Contains("fusion:\n  config: static\n") && Contains("  key: false\n"));
}

TEST_CASE("a method that is not known hides no other mistake") {
  const CommandFolder folder;
  const auto text = "model: model\nadapter: {config: lroa, r: 4, reducton_factor: 8, places: [x]}\n" + kData +
                    "task: {type: classification}\ntrain: {learning_rte: 1}\n";
  check_refused(folder, text,
                {"2:19: error: adapter config 'lroa' is not known",
                 "2:31: error: unknown key 'reducton_factor' in 'adapter'",
                 "5:9: error: unknown key 'learning_rte' in 'train'"});
  CHECK_THAT(folder.run("check c.yaml").err, Contains("did you mean 'reduction_factor'?"));
}

TEST_CASE("a variable that is not set is the only error") {
  const CommandFolder folder;
  const std::string task = "task: {type: classification}\n", unset = "${ADAPTUNE_TEST_UNSET}";
  for (const std::string& text :
       {"model: " + unset + "\n" + kData + task, "model: model\ndata: {train: " + unset + "}\n" + task,
        "model: model\ndata: {train: [train.jsonl, " + unset + "]}\n" + task,
        "model: model\n" + kData + task + "adapter: {config: " + unset + ", r: 4}\n",
        "model: model\n" + kData + task + "fusion: {adapters: {x: " + unset + "}}\n",
        "model: model\n" + kData + "task: {type: " + unset + ", metric: f1}\n"}) {
    folder.write("c.yaml", text);
    INFO(text);
    const auto printed = folder.refusal("check c.yaml");
    CHECK_THAT(printed,
               Contains("'ADAPTUNE_TEST_UNSET' is not set") && Contains("\n1 error; nothing was run"));
  }
}

TEST_CASE("a key of another method hints at this one's") {
  const CommandFolder folder;
  const auto hint = [&](const std::string& adapter) {
    return folder.refusal("check config.yaml 'adapter={" + adapter + "}'");
  };
  CHECK_THAT(hint("config: lora, reduction_factor: 8"),
             Contains("unknown key 'reduction_factor' in 'adapter'") && Contains("did you mean 'r'?"));
  CHECK_THAT(hint("config: pfeiffer, r: 8"), Contains("did you mean 'reduction_factor'?"));
  CHECK_THAT(hint("config: pfeiffer, alpha: 8"), Contains("did you mean 'scaling'?"));
  CHECK_THAT(folder.refusal("check config.yaml reduction_factor=8"),
             Contains("did you mean 'adapter.reduction_factor'?"));
}

TEST_CASE("a label needs a name") {
  const CommandFolder folder;
  check_refused(folder, "model: model\n" + kData + "task: {type: classification, labels: ['', x, y]}\n",
                {"3:38: error: 'labels' holds an empty name"});
}

TEST_CASE("what AdapterHub cannot hold is told where the export is asked for") {
  const CommandFolder folder;
  const auto exported = [](const std::string& method) {
    return "model: model\nexport: [adapterhub]\nadapter: " + method + "\n" + kData +
           "tasks:\n  one: {type: classification}\n  two: {type: classification}\n";
  };
  check_unfit(folder, exported("houlsby"), {"2:9: error: export: this adapter trains LayerNorms"});
  check_unfit(folder, exported("bitfit"), {"2:9: error: export: 'bitfit' trains tensors of the backbone"});
  const auto printed =
      check_unfit(folder, exported("head_only"), {"2:9: error: export: this task has no adapter at a site"});
  CHECK_THAT(printed, Contains("choose an adapter method such as pfeiffer"));
}

TEST_CASE("all checkpoints may be kept") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml train.save_total_limit=null train.save_steps=2").status == 0);
  for (const int step : {2, 4, 6, 8, 10, 12}) {
    CHECK(std::filesystem::exists(folder.path("run/mood/checkpoints/step-" + std::to_string(step))));
  }
}

TEST_CASE("a run's section says a number that its tasks' optimizers have") {
  const CommandFolder folder;
  const std::string start = "model: model\n" + kData + "train: {momentum: 0.8}\n";
  folder.write("c.yaml", start +
                             "tasks:\n  a: {type: classification, train: {optim: sgd}}\n"
                             "  b: {type: classification, train: {optim: sgd}}\n"
                             "fusion: {train: {optim: sgd}}\n");
  const auto run = folder.run("check c.yaml");
  INFO(run.err);
  CHECK(run.status == 0);
  check_refused(folder, start + kThree, {"3:19: error: 'momentum' has no effect with optim 'adamw_torch'"});
}

}  // namespace adaptune
