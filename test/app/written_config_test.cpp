// The configuration as it is printed and written into a run's folder: it reads back, and can be changed.

#include "app/command.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

// Below the command line.
std::string values(const std::string& text) { return text.substr(text.find("\nmodel: ")); }

}  // namespace

TEST_CASE("a configuration with every default written can still be changed") {
  const CommandFolder folder;
  folder.write("full.yaml", folder.run("train config.yaml --print-config").out);
  const auto changed = [&](const std::string& override) {
    const auto run = folder.run("check full.yaml --print-config " + override);
    INFO(override << run.err);
    CHECK(run.status == 0);
    return run.out;
  };
  CHECK_THAT(changed("train.optim=sgd"), Contains("  momentum: 0.9\n") && Contains("  adam_beta1: null  #"));
  CHECK_THAT(changed("train.warmup_steps=3"),
             Contains("  warmup_ratio: null  # warmup_steps says it\n  warmup_steps: 3\n"));
  CHECK_THAT(changed("adapter.init_weights=zero"), Contains("  init_std: null  #"));
  CHECK(folder.run("check config.yaml train.momentum=0.9").status == 0);
}

TEST_CASE("a task's section is written where it differs from the run's, and reads back the same") {
  const CommandFolder folder;
  folder.write("train.tsv", "text\tlabel\ngood day\thappy\nbad news\tsad\n");
  folder.write(
      "c.yaml",
      "model: model\n"
      "adapter: {config: houlsby, dropout: 0.1, drop: {mode: fixed, layers: 1}}\n"
      "data: {train: train.jsonl, validation: dev.jsonl, max_seq_length: 16, quoted: true}\n"
      "train: {learning_rate: 1e-3, warmup_steps: 4, momentum: 0.8, lr_milestones: [2]}\n"
      "tasks:\n"
      "  plain: {type: classification, train: {seed: 5}}\n"
      "  other: {type: classification, adapter: {config: lora, dropout: 0.1}, data: {train: "
      "train.tsv}, train: {optim: sgd, warmup_ratio: 0.06, lr_scheduler_type: multistep}}\n"
      "  near: {type: classification, adapter: {reduction_factor: 4, bottleneck_size: 64, drop: "
      "{mode: robust, layers: 1}}, train: {optim: adamw_bert, eval_strategy: steps, eval_steps: 2}}\n"
      "fusion: {train: {learning_rate: 1e-3, warmup_ratio: 0.2}}\n");
  const auto printed = folder.run("check c.yaml --print-config");
  INFO(printed.err);
  REQUIRE(printed.status == 0);
  CHECK_THAT(
      printed.out,
      Contains(
          "    train:\n      seed: 5\n      lr_milestones: []\n      momentum: null  # of sgd\n  other:\n"));
  for (const std::string once : {"max_seq_length: ", "num_train_epochs: "})
    CHECK(printed.out.find(once) == printed.out.rfind(once));
  folder.write("printed.yaml", printed.out);
  CHECK(values(folder.run("check printed.yaml --print-config").out) == values(printed.out));
  // What is left out is what the task has: the settings it is trained with are the same.
  for (const std::string task : {"plain", "other", "near"}) {
    const std::string flags = " --task " + task + " train.max_steps=1 '~fusion'";
    const auto first = folder.run("train c.yaml --output-dir first" + flags);
    INFO(first.err);
    REQUIRE(first.status == 0);
    REQUIRE(folder.run("train printed.yaml --output-dir second" + flags).status == 0);
    CHECK(folder.read("first/" + task + "/settings.yaml") ==
          folder.read("second/" + task + "/settings.yaml"));
    CHECK_THAT(folder.read("first/" + task + "/settings.yaml"), !Contains("#"));
  }
}

TEST_CASE("an override of the run's sections holds for the tasks of a run's folder") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml train.num_train_epochs=1").status == 0);
  const auto more = folder.run("train run train.num_train_epochs=2");
  CHECK(more.status == 0);
  CHECK_THAT(more.err, !Contains("mood is finished"));
  CHECK_THAT(folder.run("--json eval run data.max_eval_samples=3").out, Contains("\"n\": 3"));
}

TEST_CASE("a file's ending may be written in capitals") {
  const CommandFolder folder;
  folder.write("train.TSV", "text\tlabel\n\"good day\"\thappy\n\"bad\tnews\"\tsad\n");
  const auto run =
      folder.run("check config.yaml 'data={train: train.TSV, quoted: true, max_seq_length: 16}'");
  INFO(run.err);
  CHECK(run.status == 0);
}

TEST_CASE("whatever the command line holds, the printed configuration reads back") {
  const CommandFolder folder;
  const auto printed =
      folder.run("check config.yaml --print-config --output-dir \"$(printf \"a\\nb: [it's\\033\")\"");
  INFO(printed.err);
  REQUIRE(printed.status == 0);
  CHECK_THAT(printed.out, Contains("--output-dir $'a\\012b: [it\\'s\\033'\n"));
  folder.write("printed.yaml", printed.out);
  const auto again = folder.run("check printed.yaml");
  INFO(again.err);
  CHECK(again.status == 0);
}

}  // namespace adaptune
