#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "app/command.h"

#include "catch.h"

using Catch::Matchers::Contains;
using nlohmann::json;

namespace adaptune {
namespace {

constexpr const char* kKnowledge = R"(model: model
adapter: {config: k_adapter, adapter_size: 8}
data: {max_seq_length: 24}
train: {num_train_epochs: 2, per_device_train_batch_size: 8, learning_rate: 1e-2}
tasks:
  fac: {type: entity_pair_classification, data: {train: pairs.jsonl, validation: pairs.jsonl}}
  lin: {type: dependency_head, data: {train: trees.jsonl, validation: trees.jsonl}}
fusion: {targets: [fac], train: {num_train_epochs: 1, learning_rate: 1e-2}}
output_dir: run
)";

std::string pairs(int count) {
  std::ostringstream text;
  for (int i = 0; i < count; ++i) {
    text << R"({"tokens": ["the", ")" << (i % 3 ? "good" : "bad")
         << R"(", "day", "very", "night"], "head": [1, 2], )"
         << R"("tail": [)" << (i % 2 ? "2, 3" : "3, 5") << R"(], "label": ")"
         << (i % 3 ? "x(e1,e2)" : "y(e1,e2)") << "\"}\n";
  }
  return text.str();
}

std::string trees(int count) {
  std::ostringstream text;
  for (int i = 0; i < count; ++i)
    text << (i % 2 ? R"({"tokens": ["the", "day"], "heads": [2, 0]})"
                   : R"({"tokens": ["a", "bad", "night"], "heads": [3, 3, 0]})")
         << "\n";
  return text.str();
}

std::string typed(int count) {
  std::ostringstream text;
  for (int i = 0; i < count; ++i) {
    text << R"({"text": "the )" << (i % 2 ? "good" : "bad") << R"( day", "head": [4, )" << (i % 2 ? 8 : 7)
         << R"(], "label": )" << (i % 2 ? R"(["fine", "any"])" : R"(["any"])") << "}\n";
  }
  return text.str();
}

void write_knowledge(const CommandFolder& folder) {
  folder.write("knowledge.yaml", kKnowledge);
  folder.write("pairs.jsonl", pairs(48));
  folder.write("trees.jsonl", trees(32));
  folder.write("typed.jsonl", typed(32));
}

std::vector<double> losses(const CommandFolder& folder, const std::string& log) {
  std::vector<double> values;
  std::istringstream lines(folder.read(log));
  for (std::string line; std::getline(lines, line);) {
    const auto entry = json::parse(line);
    if (entry.contains("loss")) values.push_back(entry["loss"]);
  }
  return values;
}

void check_same(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  REQUIRE(!a.empty());
  for (size_t i = 0; i < a.size(); ++i) CHECK(b[i] == Approx(a[i]).margin(1e-5));
}

std::string adapter_bytes(const CommandFolder& folder, const std::string& task) {
  return folder.read("run/" + task + "/adapter/adapter.safetensors");
}

}  // namespace

TEST_CASE("knowledge adapters are trained apart, put together and scored") {
  const CommandFolder folder;
  write_knowledge(folder);
  const std::string model = folder.read("model/model.safetensors");
  CHECK(folder.run("train knowledge.yaml --task fac").status == 0);
  const std::string fac = adapter_bytes(folder, "fac");
  CHECK(folder.run("train knowledge.yaml --task lin").status == 0);
  const auto fused = folder.run("fuse knowledge.yaml");
  INFO(fused.err);
  CHECK(fused.status == 0);
  CHECK(adapter_bytes(folder, "fac") == fac);
  CHECK(folder.read("model/model.safetensors") == model);
  CHECK_THAT(folder.read("run/fusion/fac/fusion/fusion.yaml"), Contains("config: concat"));
  const auto table = folder.run("eval run");
  CHECK(table.status == 0);
  CHECK_THAT(table.out, Contains("uas") && !Contains("mean attention of the fusion"));
  const auto answers = folder.run("predict run/lin trees.jsonl");
  CHECK(answers.status == 0);
  CHECK_THAT(answers.out, Contains("\"heads\":["));
}

TEST_CASE("ways of composition are chosen by name") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml").status == 0);
  for (const char* way : {"add", "attention"}) {
    const auto fused = folder.run(std::string("fuse knowledge.yaml --overwrite fusion.config=") + way);
    INFO(fused.err);
    CHECK(fused.status == 0);
    const auto answers = folder.run("predict run pairs.jsonl --task fac");
    CHECK(answers.status == 0);
    CHECK_THAT(answers.out, Contains("\"label\":\"x(e1,e2)\""));
  }
  const auto attended = folder.run("predict run pairs.jsonl --task fac --fusion-attention");
  CHECK_THAT(attended.out, Contains("\"attention\":{\"features\":{\"fac\":"));
  REQUIRE(folder.run("fuse knowledge.yaml --overwrite").status == 0);
  CHECK_THAT(folder.refusal("predict run pairs.jsonl --task fac --fusion-attention"),
             Contains("combines by 'concat'"));
  CHECK_THAT(folder.refusal("fuse knowledge.yaml --overwrite fusion.config=dynamic", 3),
             Contains("write fusion.config: concat, add or attention"));
  CHECK_THAT(folder.refusal("check knowledge.yaml fusion.query=false"),
             Contains("'query' is for AdapterFusion"));
}

TEST_CASE("targets may be described where they are named, and have no adapter of their own") {
  const CommandFolder folder;
  write_knowledge(folder);
  const std::string typing =
      "{type: entity_classification, text: text, multi_label: true, data: {train: typed.jsonl, validation: "
      "typed.jsonl}";
  const auto with_target = [&](const std::string& target) {
    std::string text = folder.read("knowledge.yaml");
    text.replace(text.find("[fac], train"), 5, "{typing: " + target + "}");
    folder.write("targets.yaml", text);
  };
  with_target(typing + "}");
  const auto checked = folder.run("check targets.yaml");
  INFO(checked.err);
  CHECK(checked.status == 0);
  REQUIRE(folder.run("train targets.yaml").status == 0);
  CHECK(std::filesystem::exists(folder.path("run/lin/adapter")));
  CHECK_FALSE(std::filesystem::exists(folder.path("run/typing")));
  CHECK_THAT(folder.refusal("train targets.yaml --task typing"),
             Contains("it is a target of the fusion and nothing else") &&
                 Contains("adaptune fuse targets.yaml --target typing"));
  const auto fused = folder.run("fuse targets.yaml");
  INFO(fused.err);
  REQUIRE(fused.status == 0);
  CHECK_THAT(folder.read("run/fusion/typing/fusion/fusion.yaml"), Contains("fac:") && Contains("lin:"));
  const auto scores = json::parse(folder.run("--json eval targets.yaml --task typing").out)["results"];
  REQUIRE(scores.size() == 1);
  CHECK(scores[0]["fusion"].is_number());
  CHECK(folder.run("eval run").status == 0);
  CHECK_THAT(folder.run("predict run typed.jsonl --task typing").out, Contains("\"labels\":["));

  with_target(typing + ", train: {num_train_epochs: 2}}");
  CHECK_THAT(folder.refusal("check targets.yaml"),
             Contains("a target of its own is trained by 'fusion.train'"));
  with_target(typing + ", adapter: pfeiffer}");
  CHECK_THAT(folder.refusal("check targets.yaml"), Contains("has no adapter beside those of the fusion"));
  with_target(typing + "}");
  CHECK_THAT(folder.refusal("check targets.yaml fusion.head=warm"),
             Contains("a warm head starts from the target's own, and 'typing' has none"));
  CHECK_THAT(folder.refusal("check targets.yaml fusion.adapters=[fac,typing]"),
             Contains("fusion adapter 'typing' is not a task of this run"));
  CHECK_THAT(folder.refusal("check targets.yaml fusion.targets.typing.data.train=no.jsonl"),
             Contains("no.jsonl' does not exist"));
  CHECK_THAT(folder.refusal("check targets.yaml 'fusion.targets={fac: " + typing + "}}'"),
             Contains("'fac' is a task of this run already"));
}

TEST_CASE("the backbone may be trained through frozen knowledge, and stays in its file") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml").status == 0);
  const std::string fac = adapter_bytes(folder, "fac"), model = folder.read("model/model.safetensors");
  const auto fused =
      folder.run("fuse knowledge.yaml fusion.train_backbone=true fusion.train.num_train_epochs=12");
  INFO(fused.err);
  REQUIRE(fused.status == 0);
  CHECK_THAT(fused.err, Contains("backbone     in the fusion"));
  CHECK(adapter_bytes(folder, "fac") == fac);
  CHECK(folder.read("model/model.safetensors") == model);
  CHECK_THAT(folder.read("run/fusion/fac/fusion/fusion.yaml"), Contains("train_backbone: true"));
  CHECK(std::filesystem::file_size(folder.path("run/fusion/fac/fusion/fusion.safetensors")) >
        model.size() / 2);
  const auto scores = json::parse(folder.run("--json eval run --task fac").out)["results"][0];
  const auto answers = folder.run("predict run pairs.jsonl --task fac").out;
  double right = 0;
  std::istringstream lines(answers), gold(folder.read("pairs.jsonl"));
  for (std::string line, row; std::getline(lines, line) && std::getline(gold, row);)
    right += json::parse(line)["label"] == json::parse(row)["label"];
  CHECK(right > 32);  // so many have the commonest label
  CHECK(scores["fusion"].get<double>() == Approx(right / 48));
  CHECK_THAT(folder.refusal("check knowledge.yaml fusion.config=dynamic fusion.train_backbone=true"),
             Contains("'train_backbone' is for combinations of knowledge adapters"));
  CHECK_THAT(folder.refusal("fuse knowledge.yaml --overwrite fusion.train_backbone=true cache.enabled=true"),
             Contains("the fusion for 'fac' trains with it"));
}

TEST_CASE("entities are typed in texts, with several labels") {
  const CommandFolder folder;
  write_knowledge(folder);
  folder.write("typing.yaml", R"(model: model
adapter: k_adapter
task: {name: typing, type: entity_classification, text: text, multi_label: true}
data: {train: typed.jsonl, validation: typed.jsonl, max_seq_length: 24}
train: {num_train_epochs: 2, per_device_train_batch_size: 8, learning_rate: 1e-2}
output_dir: run
)");
  const auto trained = folder.run("train typing.yaml");
  INFO(trained.err);
  CHECK(trained.status == 0);
  const auto answers = folder.run("predict run typed.jsonl");
  CHECK_THAT(answers.out, Contains("\"labels\":["));
  CHECK_THAT(folder.refusal("check typing.yaml task.head.use_pooler=true"),
             Contains("'use_pooler' has no effect"));
  CHECK_THAT(folder.refusal("predict run words.txt", 3), Contains("do not say where the entities"));
  CHECK_THAT(folder.refusal("check typing.yaml task.entities=[a,b]"), Contains("marks one entity"));
  CHECK_THAT(folder.refusal("check typing.yaml task.head.layers=2"), Contains("'layers' has no effect"));
  CHECK_THAT(folder.refusal("check typing.yaml adapter.layers=[0,9]"),
             Contains("there is no hidden state 9"));
  CHECK_THAT(folder.refusal("check typing.yaml adapter.layers=[2,1]"), Contains("the smallest first"));
}

TEST_CASE("facts are asked for by a mask") {
  const CommandFolder folder;
  std::string facts;
  for (int i = 0; i < 24; ++i)
    facts += i % 2 ? "{\"text\": \"the good [MASK]\", \"answers\": [\"day\", \"news\"]}\n"
                   : "{\"text\": \"a bad [MASK] the\", \"answers\": [\"unheard\", \"night\"]}\n";
  folder.write("facts.jsonl", facts);
  folder.write("cloze.yaml", R"(model: model
adapter: head_only
task: {name: facts, type: fact_cloze}
data: {train: facts.jsonl, validation: facts.jsonl, test: facts.jsonl, max_seq_length: 16}
train: {num_train_epochs: 20, per_device_train_batch_size: 8, learning_rate: 1e-2, backbone_dropout: false}
output_dir: run
)");
  const auto trained = folder.run("train cloze.yaml");
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(folder.read("run/facts/adapter/adapter.yaml"), Contains("precision_at_1: 1"));
  folder.write("asked.txt", "the good [MASK]\n");
  const auto answer = json::parse(folder.run("predict run asked.txt").out);
  CHECK(answer["token"] == "day");
  CHECK(answer["tokens"].size() == 5);
  folder.write("asked.txt", "the good\n");
  CHECK_THAT(folder.refusal("predict run asked.txt", 3),
             Contains("asked.txt:1: the text must hold one [MASK]"));
  folder.write("facts.jsonl", "{\"text\": \"no mask\", \"answers\": [\"day\"]}\n");
  CHECK_THAT(folder.refusal("train cloze.yaml --overwrite", 3),
             Contains("facts.jsonl:1: the text must hold one [MASK]"));
}

TEST_CASE("what was cut off is answered null") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml --task fac data.max_seq_length=11").status == 0);
  folder.write(
      "asked.jsonl",
      R"({"tokens": ["the", "good", "day", "very", "very", "very", "night"], "head": [0, 1], "tail": [6, 7]}
{"tokens": ["good", "day"], "head": [0, 1], "tail": [1, 2]}
)");
  const auto asked = folder.run("predict run asked.jsonl");
  CHECK_THAT(asked.err, Contains("1 of 2 inputs have an entity or mask behind the cut"));
  std::istringstream lines(asked.out);
  std::string cut, whole;
  std::getline(lines, cut);
  std::getline(lines, whole);
  CHECK(json::parse(cut)["label"].is_null());
  CHECK(json::parse(whole)["label"].is_string());
}

TEST_CASE("kept states train the same knowledge, and a second adapter needs no other") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml --task fac").status == 0);
  const auto kept =
      folder.run("train knowledge.yaml --task fac output_dir=kept cache.enabled=true cache.dir=states");
  REQUIRE(kept.status == 0);
  CHECK_THAT(kept.err, Contains("computing the states 0, 1, 2, 3 that the adapter reads"));
  CHECK_FALSE(std::filesystem::is_empty(folder.path("states")));
  check_same(losses(folder, "run/fac/metrics.jsonl"), losses(folder, "kept/fac/metrics.jsonl"));
  // Another task, on the same texts with the same marks.
  folder.write("other.yaml", R"(model: model
adapter: {config: k_adapter, adapter_size: 16, adapter_transformer_layers: 1}
data: {max_seq_length: 24, train: pairs.jsonl, validation: pairs.jsonl}
train: {num_train_epochs: 1, per_device_train_batch_size: 8}
cache: {enabled: true, dir: states}
task: {name: other, type: entity_pair_classification}
output_dir: other
)");
  const auto second = folder.run("train other.yaml");
  CHECK(second.status == 0);
  CHECK(second.err.find("computing the states") == std::string::npos);
}

TEST_CASE("what frozen adapters give is kept for all compositions of them") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml --task lin").status == 0);
  REQUIRE(folder.run("train knowledge.yaml --task fac cache.enabled=true cache.dir=states").status == 0);
  const std::string fuse =
      "fuse knowledge.yaml --overwrite fusion.train.num_train_epochs=2 fusion.train.logging_steps=1 "
      "cache.dir=states fusion.config=";
  const std::string log = "run/fusion/fac/metrics.jsonl";
  const std::string computes = "computing the states of the last layer, and what 2 frozen";
  REQUIRE(folder.run(fuse + "concat").status == 0);
  const auto direct = losses(folder, log);
  const auto kept = folder.run(fuse + "concat cache.enabled=true");
  INFO(kept.err);
  REQUIRE(kept.status == 0);
  CHECK_THAT(kept.err, Contains(computes) && Contains("MiB, from those that training kept"));
  check_same(direct, losses(folder, log));
  const std::string once = folder.read("run/fusion/fac/fusion/fusion.safetensors");

  // The same outputs in another composition, and in the same again with the same bits.
  const auto added = folder.run(fuse + "add cache.enabled=true");
  REQUIRE(added.status == 0);
  CHECK_THAT(added.err, !Contains("computing the states"));
  const auto sums = losses(folder, log);
  REQUIRE(folder.run(fuse + "add").status == 0);
  check_same(losses(folder, log), sums);
  REQUIRE(folder.run(fuse + "concat cache.enabled=true").status == 0);
  CHECK((folder.read("run/fusion/fac/fusion/fusion.safetensors") == once));

  // From rounded states they would be others than without those.
  const std::string rounded = " cache.enabled=true cache.dtype=bfloat16";
  REQUIRE(folder.run("train knowledge.yaml --task fac output_dir=other cache.dir=states" + rounded).status ==
          0);
  CHECK_THAT(folder.run(fuse + "concat" + rounded).err,
             Contains(computes) && !Contains("from those that training kept"));

  // Those of an adapter that was trained anew are others.
  REQUIRE(folder.run("train knowledge.yaml --task lin --overwrite train.seed=7").status == 0);
  CHECK_THAT(folder.run(fuse + "concat cache.enabled=true").err, Contains(computes));
}

TEST_CASE("what knowledge adapters cannot do is said") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml --task fac").status == 0);
  CHECK_THAT(folder.refusal("export run/fac/adapter --format adapterhub"),
             Contains("beside a backbone (k_adapter)"));
  CHECK_THAT(
      folder.refusal(
          "train knowledge.yaml --task fac --overwrite adapter.load=run/fac/adapter adapter.layers=[0,1]", 3),
      Contains("write adapter.layers: "));
  folder.write("pairs.jsonl", R"({"tokens": ["a"], "head": [0, 2], "tail": [0, 1], "label": "x"})"
                              "\n");
  CHECK_THAT(folder.refusal("train knowledge.yaml --task fac --overwrite", 3),
             Contains("pairs.jsonl:1: the span [0, 2] of 'head'"));
}

TEST_CASE("a combination is not pruned, its members are chosen") {
  const CommandFolder folder;
  write_knowledge(folder);
  REQUIRE(folder.run("train knowledge.yaml").status == 0);
  REQUIRE(folder.run("fuse knowledge.yaml").status == 0);
  CHECK_THAT(folder.refusal("drop knowledge.yaml --task fac --prune-fusion 1"),
             Contains("which knowledge adapters it combines is chosen by fusion.adapters"));
}

}  // namespace adaptune
