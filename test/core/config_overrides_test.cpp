#include "core/sample_config.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

ConfigDocument with(const std::vector<std::string>& overrides, const std::string& yaml = "model: m\n") {
  const TemporaryFolder folder;
  return ConfigDocument::load(folder.write("c.yaml", yaml), overrides);
}

std::string error_with(const std::string& override_text, const std::string& yaml = "model: m\n") {
  return errors_of(with({override_text}, yaml));
}

}  // namespace

TEST_CASE("overrides set, create, replace and remove") {
  const std::string yaml = "model: m\ntrain: {bf16: true, optim: sgd}\ntasks: {q: {type: x}}\n";
  const auto config =
      sample_of(with({"model=other", "train.learning_rate=5e-5", "~train.optim",
                      "tasks.mnli.type=classification", "tasks.mnli.labels=[a, no, 'c d']",
                      "adapter={config: lora, layers: [0-2, 5]}", "adapter.leave_out=[7]",
                      "tasks.q.data.train=data/${NOT_SET_IN_TESTS:-here}.tsv", "train.max_grad_norm=null"},
                     yaml));
  CHECK(config.model == "other");
  CHECK(config.train.learning_rate == 5e-5);
  CHECK(config.train.optim == "adamw_torch");
  CHECK(config.train.bf16);
  CHECK_FALSE(config.train.max_grad_norm);
  REQUIRE(config.tasks.size() == 2);
  CHECK(config.tasks[0].second.train == "data/here.tsv");
  CHECK(config.tasks[1].first == "mnli");
  CHECK(config.tasks[1].second.labels == std::vector<std::string>{"a", "no", "c d"});
  CHECK(config.adapter.config == "lora");
  CHECK(config.adapter.layers == std::vector<int64_t>{0, 1, 2, 5});
  CHECK(config.adapter.leave_out == std::vector<int64_t>{7});
}

TEST_CASE("the last of two overrides wins, and a value may hold '='") {
  CHECK(sample_of(with({"train.num_train_epochs=2", "train.num_train_epochs=3"})).train.num_train_epochs ==
        3);
  CHECK(sample_of(with({"model=a=b"})).model == "a=b");
  CHECK(sample_of(with({"model=\"\""})).model.empty());
}

TEST_CASE("errors of overrides point at the override") {
  CHECK(errors_of(with({"train.bf16=true", "train.learning_rte=1e-4", "train.max_steps=soon"})) ==
        "command line: override 2: error: unknown key 'learning_rte' in 'train'\n"
        "     | train.learning_rte=1e-4\n"
        "     |       ^~~~~~~~~~~~ did you mean 'learning_rate'?\n"
        "command line: override 3: error: 'max_steps' must be an integer ≥ 1, got 'soon'\n"
        "     | train.max_steps=soon\n"
        "     |                 ^~~~\n"
        "2 errors; nothing was run");
  CHECK_THAT(error_with("adapter={config: lora, config: ia3}"),
             Contains("command line: override 1: error: duplicate key 'config' (first at column 10)"));
  CHECK_THAT(error_with("trian.bf16=true"),
             Contains("unknown key 'trian'") && Contains("did you mean 'train'?"));
}

TEST_CASE("texts that are no overrides are refused") {
  for (const std::string text : {"train.bf16", "=5", "a..b=1", ".a=1", "a.=1", "~", "~a=3", ""}) {
    INFO(text);
    CHECK_THAT(error_with(text),
               Contains("command line: override 1: error: '" + text + "' is no override\n"));
    CHECK_THAT(error_with(text), Contains("write key.key=value, or ~key.key to remove a key"));
  }
}

TEST_CASE("values that are no YAML scalars or bracketed trees are refused") {
  CHECK(error_with("tasks=[a") ==
        "command line: override 1: error: not valid YAML: end of sequence flow not found\n"
        "     | tasks=[a\n"
        "     |       ^ a ',' or ']' is missing, or text needs quotes\n"
        "1 error; nothing was run");
  CHECK_THAT(
      error_with("model=a: b"),
      Contains("the value of 'model' must be a scalar, [...] or {...}, got 'a: b'") && Contains("quote it"));
  CHECK_THAT(error_with("model='a"), Contains("this quote is not closed"));
  CHECK_THAT(error_with("model=${NOT_SET_IN_TESTS}"),
             Contains("command line: override 1: error: environment variable 'NOT_SET_IN_TESTS' is not set\n"
                      "     | model=${NOT_SET_IN_TESTS}\n"
                      "     |       ^~~~~~~~~~~~~~~~~~~"));
}

TEST_CASE("a way through a scalar or a list is refused with the value found") {
  CHECK_THAT(
      error_with("model.layers=[1]"),
      Contains("command line: override 1: error: 'model' must be a mapping to hold 'layers', got 'm' at ") &&
          Contains("c.yaml:1:8") && Contains("give the whole mapping: model={layers: ...}") &&
          Contains("\n1 error;"));
  CHECK_THAT(error_with("targets.0=x", "model: m\ntargets: [{name: a}]\n"),
             Contains("'targets' must be a mapping to hold '0', got a list") && Contains("targets=[...]"));
}

TEST_CASE("the removal of a key below a scalar or a list gives no advice to write something") {
  for (const std::string path : {"model.layers", "targets.0"}) {
    const auto error = error_with("~" + path, "model: m\ntargets: [{name: a}]\n");
    CHECK_THAT(error,
               Contains("command line: override 1: error: there is no key '" + path + "' to remove\n") &&
                   !Contains("give the whole") && Contains("\n1 error;"));
  }
}

TEST_CASE("an override finds a section that is written in its short form") {
  const std::string yaml = "model: m\nadapter: lora\n";
  const auto set = sample_of(with({"adapter.layers=[1]", "adapter.leave_out=[2]"}, yaml)).adapter;
  CHECK(set.config == "lora");
  CHECK(set.layers == std::vector<int64_t>{1});
  CHECK(set.leave_out == std::vector<int64_t>{2});
  CHECK(sample_of(with({"adapter.config=houlsby", "adapter.layers=[1]"}, yaml)).adapter.config == "houlsby");
  CHECK(sample_of(with({"adapter.layers=[1]", "~adapter.layers"}, yaml)).adapter.config == "lora");
  CHECK(sample_of(with({"adapter.layers=[1]", "adapter=houlsby"}, yaml)).adapter ==
        SampleAdapter{"houlsby", {{"default", 16}}, {}, {}});
  CHECK_THAT(error_with("adapter.layers_to_transform=[1]", yaml),
             Contains("command line: override 1: error: unknown key 'layers_to_transform' in 'adapter'") &&
                 Contains("did you mean 'layers'?"));
}

TEST_CASE("removing a key that is not there is refused") {
  CHECK(error_with("~trian.bf16", "model: m\ntrain: {bf16: true}\n") ==
        "command line: override 1: error: there is no key 'trian' to remove\n"
        "     | ~trian.bf16\n"
        "     |  ^~~~~ did you mean 'train'?\n"
        "1 error; nothing was run");
  CHECK_THAT(error_with("~train.bf15", "model: m\ntrain: {bf16: true}\n"),
             Contains("there is no key 'train.bf15' to remove") && Contains("did you mean 'bf16'?"));
}

TEST_CASE("a key that an override replaced or removed is not held against the file") {
  const std::string yaml = "model: ${NOT_SET_IN_TESTS}\nzzz: 1\n";
  CHECK(errors_of(with({"model=m", "~zzz"}, yaml)).empty());
}

}  // namespace adaptune
