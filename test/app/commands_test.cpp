#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

TEST_CASE("train, eval, predict, inspect and export follow one another") {
  const CommandFolder folder;
  const auto trained = folder.run(
      "train config.yaml train.num_train_epochs=6 train.learning_rate=3e-2 "
      "train.backbone_dropout=false");
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.out, Contains("mood") && Contains("accuracy") && Contains("run/mood/adapter"));
  CHECK_THAT(trained.err,
             Contains("backbone") && Contains("adapter mood") && Contains("train task=mood step=1/36"));
  CHECK(json::parse(folder.read("run/status.json"))["state"] == "done");
  CHECK(json::parse(folder.read("run/results.json"))["results"][0]["task"] == "mood");

  const auto evaluated = folder.run("--json eval run");
  REQUIRE(evaluated.status == 0);
  const auto result = json::parse(evaluated.out)["results"][0];
  CHECK(result["n"] == 12);
  CHECK(result["majority"].get<double>() == Approx(8.0 / 12));
  CHECK(result["adapter"].get<double>() > result["majority"].get<double>());
  CHECK(result["fusion"].is_null());

  const auto predicted = folder.run("predict run -", "printf 'good day\\nbad day\\n' | ");
  REQUIRE(predicted.status == 0);
  CHECK(std::count(predicted.out.begin(), predicted.out.end(), '\n') == 2);
  std::istringstream lines(predicted.out);
  for (const std::string label : {"happy", "sad"}) {
    std::string line;
    REQUIRE(std::getline(lines, line));
    CHECK(json::parse(line)["label"] == label);
  }

  CHECK_THAT(folder.run("inspect run/mood/adapter").out, Contains("encoder/2/ffn/residual.down.weight"));
  CHECK(folder.run("inspect --diff run/mood/adapter run/mood/adapter").status == 0);
  CHECK(folder.run("export run/mood/adapter --format adapterhub -o hub").status == 0);
  CHECK_THAT(folder.read("hub/adapter_config.json"), Contains("\"name\": \"mood\""));
}

TEST_CASE("a first signal ends a command that does not train") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  // The input never ends. `timeout` says 124 when the signal was enough, 137 when it had to kill.
  const auto stopped =
      folder.run("predict run - <>silence", "mkfifo silence && timeout --signal INT --kill-after 3 3 ");
  CHECK(stopped.status == 124);
}

TEST_CASE("a task that is named twice is trained once") {
  const CommandFolder folder;
  const auto trained = folder.run("train config.yaml --task mood --task mood");
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err, !Contains("mood is finished"));
  CHECK(trained.out.find("run/mood/adapter") == trained.out.rfind("run/mood/adapter"));
}

TEST_CASE("values may follow a task's name") {
  const CommandFolder folder;
  const auto checked = folder.run("check config.yaml --task mood train.seed=7");
  INFO(checked.err);
  CHECK(checked.status == 0);
}

TEST_CASE("layers are dropped for good, for a step, and from fusions") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml adapter.drop='{mode: fixed, layers: 2}'").status == 0);
  const auto kept = folder.run("inspect suite/mood/adapter").out;
  CHECK_THAT(kept, Contains("encoder/2/") && !Contains("encoder/1/"));
  const auto refused = folder.run(
      "fuse suite.yaml adapter.drop='{mode: fixed, layers: 2}' fusion.drop='{mode: fixed, layers: 3}'");
  CHECK(refused.status == 2);
  CHECK_THAT(refused.err, Contains("fusion.drop.layers: 3 dropped layers leave no adapter"));
  REQUIRE(folder.run("train suite.yaml output_dir=robust adapter.drop=robust").status == 0);
  REQUIRE(
      folder
          .run("fuse suite.yaml output_dir=robust adapter.drop=robust fusion.drop='{mode: fixed, layers: 1}'")
          .status == 0);
  const auto fusion = folder.run("inspect robust/fusion/mood/fusion").out;
  CHECK_THAT(fusion, Contains("encoder/1/") && !Contains("encoder/0/"));
  CHECK(folder.run("eval robust").status == 0);
}

TEST_CASE("several tasks answer in one pass what they answer alone") {
  const CommandFolder folder;
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml").status == 0);
  const auto together = folder.run("predict suite dev.jsonl --task all --logits");
  INFO(together.err);
  REQUIRE(together.status == 0);
  std::istringstream lines(together.out);
  std::map<std::string, std::istringstream> alone;
  for (const std::string task : {"mood", "tone"})
    alone[task] = std::istringstream(folder.run("predict suite dev.jsonl --logits --task " + task).out);
  int64_t rows = 0;
  for (std::string line, own; std::getline(lines, line); ++rows) {
    const auto answers = json::parse(line);
    for (auto& [task, separate] : alone) {
      REQUIRE(std::getline(separate, own));
      const auto expected = json::parse(own);
      CHECK(answers[task]["label"] == expected["label"]);
      REQUIRE(answers[task]["logits"].size() == 2);
      for (int i = 0; i < 2; ++i) {
        CHECK(answers[task]["logits"][i].get<double>() ==
              Approx(expected["logits"][i].get<double>()).margin(1e-5));
      }
    }
  }
  CHECK(rows == 12);
  CHECK(folder.run("predict suite dev.jsonl --task mood --task tone --logits").out == together.out);
}

TEST_CASE("tasks that read other texts are not answered in one pass") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml --task mood").status == 0);
  const auto together = [&](const std::string& overrides) {
    REQUIRE(folder.run("train suite.yaml --task tone --overwrite " + overrides).status == 0);
    return folder.run("predict suite dev.jsonl --task all");
  };
  const auto longer = together("tasks.tone.data.max_seq_length=12");
  CHECK(longer.status == 2);
  CHECK_THAT(longer.err, Contains("tasks 'mood' and 'tone' differ in their max_seq_length"));

  for (const std::string file : {"train.jsonl", "dev.jsonl"}) {
    const auto rows = std::regex_replace(folder.read(file), std::regex("\"text\""), "\"sentence\"");
    folder.write("other_" + file, rows);
  }
  const auto columns = together(
      "tasks.tone.text=sentence 'tasks.tone.data={train: other_train.jsonl, validation: other_dev.jsonl}'");
  CHECK(columns.status == 2);
  CHECK_THAT(columns.err, Contains("tasks 'mood' and 'tone' differ in their text columns"));
}

TEST_CASE("tasks of one pass have one backbone and tokenizer, whatever its path") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml --task mood").status == 0);
  REQUIRE(folder.run("train suite.yaml --task tone model=./model/").status == 0);
  CHECK(folder.run("predict suite dev.jsonl --task all").status == 0);
  fs::copy(folder.path("model"), folder.path("other"), fs::copy_options::recursive);
  REQUIRE(folder.run("train suite.yaml --task tone --overwrite model=other").status == 0);
  const auto refused = folder.run("predict suite dev.jsonl --task all");
  CHECK(refused.status == 3);
  CHECK_THAT(refused.err, Contains("tasks 'mood' and 'tone' were trained on different backbones with "
                                   "tokenizers of their own, 'model' and 'other'"));
}

TEST_CASE("drop scores without lower layers and writes what is left") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder
              .run("train suite.yaml '~fusion' adapter.config=houlsby train.learning_rate=3e-2 "
                   "train.num_train_epochs=3")
              .status == 0);
  const auto curve = folder.run("--json drop suite --task mood");
  INFO(curve.err);
  REQUIRE(curve.status == 0);
  const auto results = json::parse(curve.out)["results"];
  REQUIRE(results.size() == 4);
  CHECK(results[0]["score"] == json::parse(folder.run("--json eval suite").out)["results"][0]["adapter"]);
  CHECK(results[3]["layers_off"] == json({0, 1, 2}));
  CHECK(json::parse(folder.run("--json drop suite --task mood --spans").out)["results"].size() == 7);

  const auto written = folder.run("--json drop suite --task mood --layers 1 -o left");
  INFO(written.err);
  REQUIRE(written.status == 0);
  const auto kept = folder.run("inspect left").out;
  CHECK_THAT(kept, Contains("encoder/0/") && Contains("encoder/2/") && !Contains("encoder/1/"));
  const auto answers = folder.run("predict left dev.jsonl").out;
  int64_t right = 0;
  std::istringstream lines(answers), gold(folder.read("dev.jsonl"));
  for (std::string line, row; std::getline(lines, line) && std::getline(gold, row);)
    right += json::parse(line)["label"] == json::parse(row)["label"];
  CHECK(json::parse(written.out)["results"][1]["score"].get<double>() ==
        Approx(static_cast<double>(right) / 12));
}

TEST_CASE("a fusion is dropped like an adapter, from the lowest layer on") {
  const CommandFolder folder;
  train_suite(folder);
  CHECK_THAT(folder.run("drop suite --task mood --fusion").err,
             Contains("task 'mood' has no trained fusion"));
  REQUIRE(folder.run("fuse suite.yaml").status == 0);
  const auto written = folder.run("drop suite --task mood --fusion --layers 0-1 -o left");
  INFO(written.err);
  REQUIRE(written.status == 0);
  CHECK_THAT(folder.run("inspect left").out, Contains("encoder/2/") && !Contains("encoder/1/"));
  CHECK(folder.run("predict left dev.jsonl").status == 0);
  const auto hole = folder.run("drop suite --task mood --fusion --layers 1 -o hole");
  CHECK(hole.status == 2);
  CHECK_THAT(hole.err, Contains("without its lowest layers only"));
}

TEST_CASE("drop says what it cannot do") {
  const CommandFolder folder;
  train_suite(folder);
  const auto refusal = [&](const std::string& arguments) {
    return folder.refusal("drop suite " + arguments);
  };
  CHECK_THAT(refusal("--layers 0-3"), Contains("layer 3 does not exist; this backbone has layers 0-2"));
  CHECK_THAT(refusal("--layers 2-0"), Contains("'2-0' is no number and no range"));
  CHECK_THAT(refusal("-o x"), Contains("make it with --layers"));
  CHECK_THAT(refusal("--layers 0 -o x"), Contains("choose it with --task"));
  CHECK_THAT(refusal("--layers 0 -o model --task mood"), Contains("-o model exists; name a new folder"));
  CHECK_THAT(refusal("--layers 0-2 -o x --task mood"), Contains("has no other layers"));
}

TEST_CASE("predictions go where a link points, or into a device") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  std::filesystem::create_symlink("target.jsonl", folder.path("link.jsonl"));
  REQUIRE(folder.run("predict run dev.jsonl -o link.jsonl").status == 0);
  CHECK(std::filesystem::is_symlink(folder.path("link.jsonl")));
  CHECK_THAT(folder.read("target.jsonl"), Contains("\"label\":"));
  // By a link of this folder: a program that replaced it would do no harm to the machine.
  std::filesystem::create_symlink("/dev/full", folder.path("full"));
  const auto full = folder.run("predict run dev.jsonl -o full");
  CHECK(full.status == 4);
  CHECK_THAT(full.err, Contains("No space left on device"));
  CHECK(std::filesystem::is_symlink(folder.path("full")));
}

TEST_CASE("a second start of a finished run trains nothing and says the same") {
  const CommandFolder folder;
  const auto first = folder.run("train config.yaml");
  REQUIRE(first.status == 0);
  const auto again = folder.run("train config.yaml");
  CHECK(again.status == 0);
  CHECK_THAT(again.err, Contains("mood is finished"));
  CHECK(again.out == first.out);
}

TEST_CASE("the same seed gives the same bytes, another seed others") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml output_dir=a").status == 0);
  REQUIRE(folder.run("train config.yaml output_dir=b").status == 0);
  REQUIRE(folder.run("train config.yaml output_dir=c train.seed=7").status == 0);
  CHECK(folder.read("a/mood/adapter/adapter.safetensors") ==
        folder.read("b/mood/adapter/adapter.safetensors"));
  CHECK(folder.read("a/mood/adapter/adapter.safetensors") !=
        folder.read("c/mood/adapter/adapter.safetensors"));
  const auto difference = folder.run("inspect --diff a/mood/adapter c/mood/adapter");
  CHECK(difference.status == 0);
  CHECK_THAT(difference.out, Contains("residual.down.weight") && Contains("values, by up to"));
}

TEST_CASE("fuse composes trained tasks and eval shows what it attends to") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  CHECK_THAT(folder.run("fuse suite.yaml").err, Contains("not trained yet: mood, tone"));
  REQUIRE(folder.run("train suite.yaml").status == 0);
  const auto fused = folder.run("fuse suite.yaml");
  INFO(fused.err);
  REQUIRE(fused.status == 0);
  const auto evaluated = folder.run("eval suite.yaml --task mood");
  REQUIRE(evaluated.status == 0);
  CHECK_THAT(evaluated.out, Contains("mean attention of the fusion for mood") && Contains("tone"));
  const auto attention = json::parse(folder.read("suite/results.json"))["results"][0]["attention"]["layers"];
  REQUIRE(attention.size() == 3);
  CHECK(attention["0"]["mood"].get<double>() + attention["0"]["tone"].get<double>() == Approx(1));
  const auto predicted =
      folder.run("predict suite --task mood --fusion-attention -", "printf 'good day\\n' | ");
  CHECK_THAT(predicted.out, Contains("\"attention\":{\"0\":{\"mood\":"));
}

TEST_CASE("check trains nothing and writes nothing") {
  const CommandFolder folder;
  const auto checked = folder.run("check config.yaml");
  CHECK(checked.status == 0);
  CHECK_THAT(checked.err, Contains("all checks passed"));
  CHECK_THAT(checked.out, Contains("pfeiffer r=4, layers 0-2"));
  CHECK(folder.run("train config.yaml --dry-run").status == 0);
  CHECK_FALSE(std::filesystem::exists(folder.path("run")));
}

TEST_CASE("check says in JSON what would be trained, and with -v what was read") {
  const CommandFolder folder;
  const auto checked = folder.run("--json -v check config.yaml");
  REQUIRE(checked.status == 0);
  json task = json::parse(checked.out)["tasks"][0];
  CHECK(task["task"] == "mood");
  CHECK(task["examples"] == json({{"train", 48}, {"validation", 12}}));
  CHECK(task["labels"] == json({"happy", "sad"}));
  CHECK(task["parts"][1]["trainable"] == task["parts"][1]["parameters"]);
  CHECK(task["total_steps"] == 12);
  CHECK(task["warmup_steps"] == 1);  // 0.72, rounded up as the schedule does
  CHECK_THAT(checked.err, Contains("warm-up 1 ") && Contains(folder.path("train.jsonl").string()) &&
                              Contains("48 examples, ") && Contains("frozen weights"));
  CHECK_THAT(folder.run("check config.yaml").err, !Contains(folder.path("train.jsonl").string()));
}

TEST_CASE("inspect says in JSON what a run, an adapter, a fusion and a backbone are") {
  const CommandFolder folder;
  folder.write("train.jsonl", "{\"text\": \"good\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 0}\n");
  folder.write("dev.jsonl", folder.read("train.jsonl"));
  REQUIRE(folder.run("train config.yaml train.num_train_epochs=1").status == 0);
  REQUIRE(folder.run("fuse config.yaml fusion.train.num_train_epochs=1 train.num_train_epochs=1").status ==
          0);
  const auto inspected = [&](const std::string& path) {
    return json::parse(folder.run("--json inspect " + path).out);
  };
  json run = inspected("run");
  CHECK(run["config"]["train"]["learning_rate"] == 0.01);
  CHECK(run["config"]["task"]["type"] == "classification");
  CHECK(run["status"]["state"] == "done");
  CHECK(run["results"]["results"].size() == 1);
  json adapter = inspected("run/mood/adapter");
  CHECK(adapter["adapter"]["adapter"]["config"] == "pfeiffer");
  CHECK(adapter["adapter"]["head"]["labels"] == json({"0", "1"}));
  CHECK(adapter["adapter"]["scores"]["accuracy"].is_number());
  CHECK(adapter["tensors"].size() > 0);
  CHECK(inspected("run/fusion/mood/fusion")["fusion"]["fusion"]["members"].contains("mood"));
  CHECK(inspected("model")["config"]["model_type"] == "bert");
}

TEST_CASE("predict reads a file as the task's own were read") {
  const CommandFolder folder;
  folder.write("train.tsv", "text\tlabel\n\"good day\"\thappy\n\"bad\tnews\"\tsad\n");
  const std::string quoted = "'data={train: train.tsv, quoted: true, max_seq_length: 16}'";
  REQUIRE(folder.run("train config.yaml train.max_steps=1 " + quoted).status == 0);
  CHECK_THAT(folder.read("run/mood/adapter/adapter.yaml"), Contains("quoted: true"));
  folder.write("quoted.tsv", "text\n\"good \"\"day\"\"\"\n");
  folder.write("plain.jsonl", "{\"text\": \"good \\\"day\\\"\"}\n");
  const auto predicted = folder.run("predict run quoted.tsv");
  REQUIRE(predicted.status == 0);
  CHECK(predicted.out == folder.run("predict run plain.jsonl").out);
}

TEST_CASE("the printed configuration holds every default and reads the same") {
  const CommandFolder folder;
  const auto printed = folder.run("train config.yaml --print-config").out;
  // What the file says, what it leaves open, and what another key or the backbone decides.
  for (const std::string line : {"  learning_rate: 0.01", "  lr_scheduler_type: linear",
                                 "  adam_epsilon: 1e-8", "  warmup_ratio: 0.06", "  backbone_dropout: true",
                                 "  init_std: 0.02", "  label: label", "  adapters: all", "  targets: [mood]",
                                 "  momentum: null  # of sgd", "  max_train_samples: null  # all",
                                 "    dropout_prob: null  # the backbone's classifier or hidden dropout",
                                 "  dropout_prob: null  # the backbone's attention dropout"}) {
    CHECK_THAT(printed, Contains("\n" + line + "\n"));
  }
  CHECK_THAT(printed, Catch::Matches("# adaptune \\d+\\.\\d+\\.\\d+[^\n]*\n# adaptune train config.yaml "
                                     "--print-config\n[^#][\\s\\S]*"));
  // A null either is explained or is the user's word for nothing.
  const std::regex null_key("\n *(\\w+): null\n");
  CHECK(std::sregex_iterator(printed.begin(), printed.end(), null_key) == std::sregex_iterator());
  folder.write("printed.yaml", printed);
  const auto values = [](const std::string& text) { return text.substr(text.find("\nmodel: ")); };
  CHECK(values(folder.run("train printed.yaml --print-config").out) == values(printed));
  CHECK(folder.run("train printed.yaml train.max_steps=1").status == 0);
  CHECK_THAT(folder.read("run/config.yaml"), Contains("# adaptune ") && Contains("  adam_epsilon: 1e-8\n"));
}

TEST_CASE("init writes configurations that parse") {
  const CommandFolder folder;
  for (const std::string name : {"bert", "suite", "k-adapter"}) {
    REQUIRE(folder.run("init " + name).status == 0);
    const auto checked = folder.run("check " + name + ".yaml");
    CHECK(checked.status == 2);
    CHECK_THAT(checked.err, !Contains("unknown key") && Contains("does not exist"));
    CHECK_THAT(folder.run("init " + name).err, Contains("exists; choose another file"));
  }
  CHECK_THAT(folder.run("init brt").err, Contains("did you mean 'bert'?"));
}

TEST_CASE("help and version are no errors, and go to standard output") {
  const CommandFolder folder;
  const auto help = folder.run("--help");
  CHECK(help.status == 0);
  CHECK_THAT(help.out, Contains("train") && Contains("fuse") && Contains("doctor"));
  CHECK(folder.run("--version").out.rfind("adaptune ", 0) == 0);
  CHECK(folder.run("train").status == 2);
  CHECK(folder.run("doctor --json").status == 0);
}

}  // namespace adaptune
