// A trained task is scored with its own settings, whatever the configuration says by now.

#include <nlohmann/json.hpp>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

double majority(const Finished& evaluated) {
  INFO(evaluated.err);
  REQUIRE(evaluated.status == 0);
  return json::parse(evaluated.out)["results"][0]["majority"].get<double>();
}

}  // namespace

TEST_CASE("eval and drop read as the adapter was trained, and tell what the configuration says now") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  const auto usual = folder.run("eval config.yaml");
  CHECK_THAT(usual.err, !Contains("warning"));
  const std::string changes =
      " data.max_seq_length=3 data.truncation=only_first 'task.labels=[sad, happy]' "
      "'adapter={config: houlsby, reduction_factor: 4}'";
  const auto changed = folder.run("eval config.yaml" + changes);
  CHECK(changed.status == 0);
  CHECK(changed.out == usual.out);
  CHECK_THAT(changed.err, Contains("warning: task 'mood': its adapter was trained with other settings (-)"));
  CHECK_THAT(changed.err,
             Contains("- input.max_seq_length: 16\n  + input.max_seq_length: 3\n") &&
                 Contains("- input.truncation: longest_first\n  + input.truncation: only_first") &&
                 Contains("- head.labels: [happy, sad]\n  + head.labels: [sad, happy]") &&
                 Contains("- adapter.config: pfeiffer\n  + adapter.config: houlsby"));
  CHECK_THAT(changed.err, Contains("0 examples cut at 16 tokens"));
  const auto dropped = folder.run("drop config.yaml" + changes);
  CHECK(dropped.out == folder.run("drop config.yaml").out);
  CHECK_THAT(dropped.err, Contains("+ input.max_seq_length: 3\n"));
  CHECK_THAT(folder.refusal("eval config.yaml task.type=regression task.metric=pearsonr", 3),
             Contains("task 'mood' is a 'regression' in the configuration and was trained as a "
                      "'classification'"));
}

TEST_CASE("eval and drop read files by the columns that the configuration says now") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  std::string renamed = folder.read("dev.jsonl");
  for (const auto& [from, to] : {std::pair{"\"text\"", "\"sentence\""}, {"\"label\"", "\"feeling\""}}) {
    for (size_t at = 0; (at = renamed.find(from, at)) != std::string::npos;)
      renamed.replace(at, std::string(from).size(), to);
  }
  folder.write("dev2.jsonl", renamed);
  const std::string changes = " data.validation=dev2.jsonl task.text=sentence task.label=feeling";
  for (const std::string command : {"eval", "drop"}) {
    const auto usual = folder.run(command + " config.yaml");
    const auto scored = folder.run(command + " config.yaml" + changes);
    CHECK(scored.status == 0);
    CHECK(scored.out == usual.out);
    CHECK_THAT(scored.err, !Contains("warning"));
    CHECK_THAT(folder.refusal(command + " config.yaml task.text=sentence", 3),
               Contains("no column 'sentence'; the columns are: text, label"));
  }
}

TEST_CASE("eval reads quotes as the configuration says now, else as in training") {
  const CommandFolder folder;
  const std::string quoted = "text\tlabel\n\"good\tday\"\thappy\n\"bad\tday\"\tsad\n";
  folder.write("quoted.tsv", quoted);
  folder.write("plain.tsv", "text\tlabel\ngood\thappy\n\"bad day\tsad\n");
  const std::string on_quoted = " data.validation=quoted.tsv", on_plain = " data.validation=plain.tsv";
  REQUIRE(folder.run("train config.yaml").status == 0);
  CHECK(majority(folder.run("--json eval config.yaml data.quoted=true" + on_quoted)) == Approx(1.0 / 2));
  CHECK_THAT(folder.refusal("eval config.yaml" + on_quoted, 3), Contains("`quoted: true` is set"));
  REQUIRE(
      folder.run("train config.yaml --overwrite data.train=quoted.tsv data.quoted=true" + on_quoted).status ==
      0);
  const auto as_trained = folder.run("--json eval config.yaml" + on_quoted);
  CHECK(majority(as_trained) == Approx(1.0 / 2));
  CHECK_THAT(as_trained.err, !Contains("warning"));
  CHECK_THAT(folder.refusal("eval config.yaml" + on_plain, 3), Contains("plain.tsv:3"));
  CHECK(majority(folder.run("--json eval config.yaml data.quoted=false" + on_plain)) == Approx(1.0 / 2));
}

TEST_CASE("eval needs the split that it scores, and no other") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  const auto usual = folder.run("--json eval config.yaml");
  CHECK(majority(usual) == Approx(8.0 / 12));
  fs::remove(folder.path("train.jsonl"));
  const auto without = folder.run("--json eval config.yaml");
  INFO(without.err);
  CHECK(without.status == 0);
  CHECK(without.out == usual.out);
  CHECK(folder.run("drop run").status == 0);
  CHECK_THAT(folder.refusal("train config.yaml"), Contains("train.jsonl' does not exist"));
  fs::remove(folder.path("dev.jsonl"));
  CHECK_THAT(folder.refusal("eval config.yaml"), Contains("dev.jsonl' does not exist"));
}

TEST_CASE("an adapter and a fusion of other lengths are each scored with their own") {
  const CommandFolder folder;
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml data.max_seq_length=4").status == 0);
  const auto evaluated = folder.run("eval suite.yaml --task mood");
  CHECK(evaluated.status == 0);
  CHECK_THAT(evaluated.err, Contains("0 examples cut at 16 tokens") &&
                                Contains("6 examples cut at 4 tokens") &&
                                Contains("its fusion was trained with other settings") &&
                                !Contains("its adapter was trained with other settings"));
}

TEST_CASE("the majority of label sets and of words is that of the training split") {
  const CommandFolder folder;
  folder.write("sets.jsonl",
               "{\"text\": \"good\", \"label\": [\"a\", \"b\"]}\n{\"text\": \"bad\", \"label\": [\"a\"]}\n"
               "{\"text\": \"day\", \"label\": [\"a\"]}\n");
  const std::string shorter =
      " train.max_steps=1 'data={train: sets.jsonl, validation: sets.jsonl, max_seq_length: 16}'";
  REQUIRE(folder
              .run("train config.yaml output_dir=sets task.metric=accuracy "
                   "task.type=multilabel_classification" +
                   shorter)
              .status == 0);
  CHECK(majority(folder.run("--json eval sets")) == Approx(2.0 / 3));
  folder.write("sets.jsonl",
               "{\"tokens\": [\"good\", \"day\"], \"tags\": [\"O\", \"O\"]}\n"
               "{\"tokens\": [\"bad\"], \"tags\": [\"B-X\"]}\n");
  REQUIRE(folder.run("train config.yaml output_dir=words task.metric=accuracy task.type=tagging" + shorter)
              .status == 0);
  CHECK(majority(folder.run("--json eval words")) == Approx(2.0 / 3));
  folder.write("other.jsonl", "{\"words\": [\"bad\", \"day\"], \"marks\": [\"B-X\", \"O\"]}\n");
  CHECK(majority(folder.run(
            "--json eval words task.data.validation=other.jsonl task.tokens=words task.label=marks")) ==
        Approx(1.0 / 2));
}

}  // namespace adaptune
