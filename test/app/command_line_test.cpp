// What the program says of its own command line, and that every command tells programs what it did.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;

namespace {

// What a command that must succeed prints on standard output: one document.
json document(const CommandFolder& folder, const std::string& arguments) {
  const auto run = folder.run("--json " + arguments);
  INFO(arguments << "\n" << run.err);
  REQUIRE(run.status == 0);
  return json::parse(run.out);
}

}  // namespace

TEST_CASE("a misspelt command or option is told with the nearest known one") {
  const CommandFolder folder;
  CHECK_THAT(folder.refusal("trian config.yaml --task mood"), Contains("command 'trian' is not known") &&
                                                                  Contains("did you mean 'train'?") &&
                                                                  !Contains("--task"));
  CHECK_THAT(folder.refusal("train config.yaml --reusme=never"),
             Contains("option '--reusme' is not known; did you mean '--resume'?") &&
                 Contains("see adaptune train --help"));
  CHECK_THAT(folder.refusal("train config.yaml --output_dir out"), Contains("did you mean '--output-dir'?"));
  CHECK_THAT(folder.refusal("--jsn predict"), Contains("did you mean '--json'?"));
  CHECK_THAT(folder.refusal("export --fromat adapterhub"), Contains("did you mean '--format'?"));
  const auto two = folder.refusal("eval config.yaml --spilt test --tsak mood");
  CHECK_THAT(two, Contains("did you mean '--split'?") && Contains("did you mean '--task'?"));
}

TEST_CASE("what resembles no option is told as it is") {
  const CommandFolder folder;
  CHECK_THAT(folder.refusal("train config.yaml --learning_rate 5e-5"),
             Contains("option '--learning_rate' is not known; keys of the configuration are written without "
                      "dashes"));
  CHECK_THAT(folder.refusal("train config.yaml -o out"),
             Contains("option '-o' is not known") && !Contains("did you mean"));
  CHECK_THAT(folder.refusal("doctor now"), Contains("argument 'now' was not expected"));
}

TEST_CASE("numbers and names of options are refused in readable words") {
  const CommandFolder folder;
  CHECK_THAT(folder.refusal("predict run --batch-size 0"),
             Contains("--batch-size: must be an integer ≥ 1, got '0'"));
  CHECK_THAT(folder.refusal("predict run --batch-size 1.5"), Contains("an integer ≥ 1, got '1.5'"));
  CHECK_THAT(folder.refusal("init vit --seed -1"), Contains("--seed: must be an integer ≥ 0, got '-1'"));
  CHECK_THAT(folder.refusal("init resnet26 --blocks 2,0"),
             Contains("--blocks: must be an integer ≥ 1, got '0'"));
  CHECK_THAT(folder.refusal("eval config.yaml --split tset"),
             Contains("--split: 'tset' is not known; known: validation test ; did you mean 'test'?"));
}

TEST_CASE("help shows the defaults, and what a task of a run stands for") {
  const CommandFolder folder;
  const auto predict = folder.run("predict --help").out;
  CHECK_THAT(predict, Contains("--batch-size INT=64") && Contains("--device TEXT=cpu") &&
                          Contains("its fusion where there is one") && Contains("adaptune --help"));
  CHECK_THAT(folder.run("export --help").out, Contains("its fusion where there is one"));
  CHECK_THAT(folder.run("--help").out, Contains("adaptune COMMAND --help"));
}

TEST_CASE("init knows configurations and networks") {
  const CommandFolder folder;
  CHECK_THAT(folder.refusal("init brt"),
             Contains("known: bert suite k-adapter resnet26 vit") && Contains("did you mean 'bert'?"));
  CHECK_THAT(folder.refusal("init resnet-26"), Contains("did you mean 'resnet26'?"));
}

TEST_CASE("commands that write something tell programs what") {
  const CommandFolder folder;
  CHECK(document(folder, "init bert") == json({{"template", "bert"}, {"file", "bert.yaml"}}));
  CHECK(document(folder, "init suite -o -")["text"].get<std::string>().find("fusion:") != std::string::npos);
  CHECK(document(folder, "init vit --width 32 --blocks 1 -o small") ==
        json({{"template", "vit"}, {"folder", "small"}}));
  REQUIRE(folder.run("train config.yaml").status == 0);
  CHECK(document(folder, "inspect run/mood/adapter")["adapter"]["adapter"]["scaling"] == 1.0);
  CHECK(document(folder, "export run --format adapterhub -o hub") ==
        json({{"task", "mood"}, {"format", "adapterhub"}, {"folders", {"hub"}}}));
  CHECK(document(folder, "predict run dev.jsonl -o answers.jsonl") ==
        json({{"tasks", {"mood"}}, {"answers", 12}, {"file", "answers.jsonl"}}));
  const auto dropped = document(folder, "drop run --layers 0 -o left");
  CHECK(dropped["folder"] == "left");
  CHECK(dropped["bytes"].get<int64_t>() > 0);
}

TEST_CASE("the configuration is printed as JSON with its types") {
  const CommandFolder folder;
  const auto config = document(folder, "train config.yaml --print-config");
  CHECK(config["train"]["learning_rate"] == 0.01);
  CHECK(config["train"]["group_by_length"] == true);
  CHECK(config["task"]["type"] == "classification");
  CHECK(config["adapter"]["scaling"] == 1.0);
  CHECK(config["adapter"]["residual_before_ln"] == true);
  const auto learned = document(folder, "train config.yaml --print-config adapter.scaling=learned");
  CHECK(learned["adapter"]["scaling"] == "learned");
}

TEST_CASE("doctor says in JSON what a program can compare") {
  const CommandFolder folder;
  const auto found = document(folder, "doctor");
  CHECK(found["threads"].get<int64_t>() > 0);
  CHECK(found["memory_bytes"].get<int64_t>() > 0);
  CHECK(found["free_disk_bytes"].get<int64_t>() > 0);
  for (const std::string name : {"cuda", "nccl", "gloo", "onednn", "mkl", "frozen_weights_packed"})
    CHECK(found[name].is_boolean());
  CHECK(found["cuda_devices"].is_number());
  CHECK_THAT(folder.run("doctor").out, Contains("nccl") && Contains("gloo") && Contains("free disk"));
}

TEST_CASE("the program says everywhere of which version and commit it is") {
  const CommandFolder folder;
  const auto version = document(folder, "doctor")["adaptune"].get<std::string>();
  CHECK(folder.run("--version").out == "adaptune " + version + "\n");
  CHECK_THAT(folder.run("train config.yaml --print-config").out, Contains("# adaptune " + version + "\n"));
}

TEST_CASE("doctor names the GPUs that the driver shows") {
  const CommandFolder folder;
  const std::string driver = "LD_LIBRARY_PATH='" FAKE_DRIVER "' ";
  const auto found = json::parse(folder.run("doctor --json", driver).out);
  REQUIRE(found["gpus"].size() == 2);
  CHECK(found["gpus"][1] == json({{"name", "Test GPU B"}, {"memory_bytes", int64_t{16} << 30}}));
  CHECK_THAT(folder.run("doctor", driver).out, Contains("Test GPU A, 16384.0 MiB"));
}

TEST_CASE("predict answers a tagged row with its tokens and the probability of each tag") {
  const CommandFolder folder;
  folder.write("tags.jsonl",
               "{\"tokens\": [\"good\", \"day\"], \"tags\": [\"O\", \"B-T\"]}\n"
               "{\"tokens\": [\"bad\", \"night\"], \"tags\": [\"O\", \"B-T\"]}\n");
  REQUIRE(folder
              .run("train config.yaml 'task={name: tags, type: tagging}' "
                   "'data={train: tags.jsonl, validation: tags.jsonl, max_seq_length: 16}'")
              .status == 0);
  const auto answer = json::parse(folder.run("predict run -", "printf 'good day night\\n' | ").out);
  CHECK(answer["tokens"] == json({"good", "day", "night"}));
  REQUIRE(answer["tags"].size() == 3);
  REQUIRE(answer["scores"].size() == 3);
  for (const auto& score : answer["scores"]) {
    CHECK(score.get<double>() >= 0.5);  // of two tags the likelier
    CHECK(score.get<double>() <= 1);
  }
  // Words beyond max_seq_length have no answer, but keep their places.
  std::string text;
  for (int i = 0; i < 20; ++i) text += "day ";
  const auto cut = json::parse(folder.run("predict run -", "printf '" + text + "\\n' | ").out);
  CHECK(cut["tokens"].size() == 20);
  CHECK(cut["scores"].size() == 20);
  CHECK(cut["scores"][19].is_null());
}

}  // namespace adaptune
