// Folders of AdapterHub and PEFT wherever a command takes an adapter or a fusion.

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
namespace fs = std::filesystem;

namespace {

const std::string kFusion = "suite/fusion/mood/fusion";
const std::string kOnModel = " dev.jsonl --logits --model model";

// The answers of a command that must succeed.
std::string answers(const CommandFolder& folder, const std::string& arguments) {
  const auto run = folder.run("predict " + arguments);
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK(std::count(run.out.begin(), run.out.end(), '\n') == 12);
  return run.out;
}

std::string refusal(const CommandFolder& folder, int status, const std::string& arguments) {
  const auto run = folder.run(arguments);
  CHECK(run.status == status);
  return run.err;
}

// task mood in run/, exported to hub/mood.
void export_adapter(const CommandFolder& folder) {
  REQUIRE(folder.run("train config.yaml").status == 0);
  REQUIRE(folder.run("export run --format adapterhub -o hub/mood").status == 0);
}

// Both tasks of kSuite and the fusion for mood, in suite/.
void train_and_fuse(const CommandFolder& folder, const std::string& overrides = "") {
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml").status == 0);
  const auto fused = folder.run("fuse suite.yaml " + overrides);
  INFO(fused.err);
  REQUIRE(fused.status == 0);
}

// The head's two files, out of one folder into another.
void move_head(const CommandFolder& folder, const std::string& from, const std::string& to) {
  fs::create_directories(folder.path(to));
  for (const std::string name : {"/head_config.json", "/pytorch_model_head.bin"})
    fs::rename(folder.path(from + name), folder.path(to + name));
}

}  // namespace

TEST_CASE("an adapter answers the same from AdapterHub's folder") {
  const CommandFolder folder;
  export_adapter(folder);
  const auto own = answers(folder, "run dev.jsonl --logits");
  CHECK(answers(folder, "hub/mood" + kOnModel) == own);
  CHECK(answers(folder, "hub/mood/" + kOnModel + " --task mood") == own);
  CHECK_THAT(folder.run("inspect hub/mood").out, Contains("adapter_config.json"));
  CHECK_THAT(refusal(folder, 2, "predict hub/mood dev.jsonl"),
             Contains("/hub/mood: a folder of AdapterHub or PEFT") && Contains("with --model"));
  CHECK_THAT(refusal(folder, 3, "predict hub/mood dev.jsonl --model nowhere"), Contains("no such folder"));

  REQUIRE(folder.run("export hub/mood --format adapterhub --safetensors -o again --model model").status == 0);
  CHECK(answers(folder, "again" + kOnModel) == own);
}

TEST_CASE("an adapter is exported beside itself, however its folder is given") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  for (const std::string path : {"run/mood:adapter", "run/mood:adapter/", "run/mood:./adapter",
                                 "run/mood/adapter:.", ".:run/mood/adapter", ".:run"}) {
    const auto colon = path.find(':');
    const auto exported = folder.run("export " + path.substr(colon + 1) + " --format adapterhub --model '" +
                                         folder.path("model").string() + "'",
                                     "cd '" + path.substr(0, colon) + "' && ");
    INFO(path);
    CHECK(exported.status == 0);
    CHECK(fs::exists(folder.path("run/mood/export/adapterhub/adapter_config.json")));
    fs::remove_all(folder.path("run/mood/export"));
  }
}

TEST_CASE("prediction needs a head, which may lie beside the adapter") {
  const CommandFolder folder;
  export_adapter(folder);
  const auto own = answers(folder, "run dev.jsonl --logits");
  move_head(folder, "hub/mood", "hub/its head");
  CHECK(answers(folder, "hub/mood" + kOnModel) == own);
  CHECK_THAT(refusal(folder, 2, "predict hub/mood --task tone" + kOnModel),
             Contains("there is no head 'tone'; there are: mood"));
  move_head(folder, "hub/its head", "elsewhere/head");
  CHECK_THAT(refusal(folder, 3, "predict hub/mood" + kOnModel),
             Contains("/hub/mood: holds an adapter without a head, and prediction needs a head"));
  // An adapter alone can be handed on.
  CHECK(folder.run("export hub/mood --format adapterhub -o alone --model model").status == 0);
  CHECK(fs::exists(folder.path("alone/pytorch_adapter.bin")));
  CHECK_FALSE(fs::exists(folder.path("alone/head_config.json")));
}

TEST_CASE("a task of another library reads one text or two, as the input has them") {
  const CommandFolder folder;
  export_adapter(folder);
  folder.write("pairs.jsonl", "{\"text\": \"good day\", \"text_pair\": \"bad news\"}\n");
  const auto predict = [&](const std::string& input, const std::string& before = "") {
    const auto run = folder.run("predict hub/mood " + input + " --logits --model model", before);
    INFO(run.err);
    CHECK(run.status == 0);
    return run.out;
  };
  const auto pair = predict("pairs.jsonl");
  CHECK(predict("-", "printf 'good day\\tbad news\\n' | ") == pair);
  CHECK(predict("-", "printf 'good day\\n' | ") != pair);
}

TEST_CASE("a fusion answers the same from AdapterHub's folders") {
  const CommandFolder folder;
  train_and_fuse(folder);
  REQUIRE(folder.run("export " + kFusion + " --format adapterhub -o setup").status == 0);
  const auto own = answers(folder, kFusion + " dev.jsonl --logits --fusion-attention");
  CHECK_THAT(own, Contains("\"attention\":{\"0\":{\"mood\":"));
  CHECK(answers(folder, "setup --fusion-attention" + kOnModel) == own);
  CHECK(answers(folder, "setup/mood,tone --fusion-attention" + kOnModel) == own);
  CHECK_THAT(folder.run("inspect setup").out, Contains("mood,tone/adapter_fusion_config.json") &&
                                                  Contains("tone/pytorch_adapter: bert.encoder"));
  REQUIRE(folder.run("export setup --format adapterhub -o again --model model").status == 0);
  CHECK(answers(folder, "again --fusion-attention" + kOnModel) == own);

  fs::rename(folder.path("setup/tone"), folder.path("tone"));
  CHECK_THAT(refusal(folder, 3, "predict setup" + kOnModel), Contains("attends over the adapter 'tone'"));
  fs::rename(folder.path("tone"), folder.path("setup/tone"));
  fs::remove_all(folder.path("setup/head_mood"));
  CHECK_THAT(refusal(folder, 3, "predict setup" + kOnModel),
             Contains("holds a fusion without a head, and prediction needs a head"));
}

TEST_CASE("of several heads beside a fusion one must be named") {
  const CommandFolder folder;
  train_and_fuse(folder);
  REQUIRE(folder.run("export " + kFusion + " --format adapterhub -o setup").status == 0);
  REQUIRE(folder.run("export suite --task tone --format adapterhub -o tone").status == 0);
  move_head(folder, "tone", "setup/head_tone");
  CHECK_THAT(refusal(folder, 2, "predict setup" + kOnModel),
             Contains("there are several heads; choose one with --task: mood tone"));
  const auto own = answers(folder, kFusion + " dev.jsonl --logits");
  CHECK(answers(folder, "setup --task mood" + kOnModel) == own);
  CHECK(answers(folder, "setup --task tone" + kOnModel) != own);
  folder.write("setup/adapter_setup.json", "{\"adapter_setup\": null, \"head_setup\": \"mood\"}");
  CHECK(answers(folder, "setup" + kOnModel) == own);
}

TEST_CASE("fuse writes what export asks for") {
  const CommandFolder folder;
  train_and_fuse(folder, "'export=[adapterhub]' 'fusion.drop={mode: fixed, layers: 1}'");
  const std::string exported = "suite/fusion/mood/export/adapterhub";
  const auto own = answers(folder, kFusion + " dev.jsonl --logits");
  CHECK(answers(folder, exported + kOnModel) == own);
  fs::remove_all(folder.path(exported));
  fs::remove_all(folder.path("suite/fusion/mood/checkpoints"));
  const std::string again = "fuse suite.yaml 'export=[adapterhub]' 'fusion.drop={mode: fixed, layers: 1}'";
  CHECK(folder.run(again).status == 0);
  CHECK(answers(folder, exported + kOnModel) == own);
}

TEST_CASE("a fusion is exported whatever the target's own adapter is") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  const std::string overrides = " tasks.mood.adapter=houlsby 'fusion.adapters=[tone]'";
  REQUIRE(folder.run("train suite.yaml" + overrides).status == 0);
  const auto fused = folder.run("fuse suite.yaml 'export=[adapterhub]'" + overrides);
  INFO(fused.err);
  CHECK(fused.status == 0);
  CHECK(fs::exists(folder.path("suite/fusion/mood/export/adapterhub/tone/adapter_config.json")));
}

TEST_CASE("an adapter of PEFT answers with its own head, and is exported to AdapterHub's layout") {
  const CommandFolder folder;
  fs::copy(fs::path(FIXTURES) / "models/bert_seqcls", folder.path("classes"));
  folder.write("classes/vocab.txt", folder.read("model/vocab.txt"));
  fs::copy(fs::path(FIXTURES) / "cases/peft_lora/adapters/default", folder.path("peft"));
  const std::string on_classes = " dev.jsonl --logits --model classes";
  const auto own = answers(folder, "peft" + on_classes);
  CHECK_THAT(own, Contains("\"label\":\"LABEL_"));
  REQUIRE(folder.run("export peft --format adapterhub -o hub --model classes").status == 0);
  CHECK(answers(folder, "hub" + on_classes) == own);
  CHECK_THAT(refusal(folder, 2, "predict peft --task other" + on_classes),
             Contains("PEFT's folders hold one task, here 'peft', not 'other'"));
}

}  // namespace adaptune
