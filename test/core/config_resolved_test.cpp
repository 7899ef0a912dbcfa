#include <cmath>
#include <limits>
#include <random>

#include <nlohmann/json.hpp>

#include "core/sample_config.h"

#include "catch.h"

namespace adaptune {
namespace {

// What resolved() writes after `config` was read from an empty document.
std::string written(SampleConfig config) {
  auto document = ConfigDocument::empty();
  auto root = document.root();
  root.read("model", config.model);
  read(root.child("adapter"), config.adapter);
  read(root.child("train"), config.train);
  return document.resolved();
}

// A string read back after it was written as a scalar, in a list and as a key.
struct ThreeTimes {
  std::string scalar, key;
  std::vector<std::string> list;
};

ThreeTimes read_back(const std::string& text) {
  auto source = ConfigDocument::empty();
  std::string value = text;
  std::vector<std::string> list = {text, "x", text};
  auto root = source.root();
  root.read("scalar", value);
  root.read("list", list);
  root.child("names").child(text).read("inside", value);

  auto document = ConfigDocument::parse(source.resolved());
  ThreeTimes result;
  document.root().read("scalar", result.scalar);
  document.root().read("list", result.list);
  for (auto& [name, node] : document.root().child("names").entries()) {
    result.key = name;
    node.read("inside", value);
  }
  document.finish();
  return result;
}

double number_read_back(double number) {
  auto source = ConfigDocument::empty();
  source.root().read("number", number);
  auto document = ConfigDocument::parse(source.resolved());
  double result = 17;
  document.root().read("number", result);
  document.finish();
  return result;
}

std::string number_written(double number) {
  auto source = ConfigDocument::empty();
  source.root().read("n", number);
  return source.resolved();
}

}  // namespace

TEST_CASE("defaults are written in the order read, nested by path") {
  SampleConfig config;
  config.model = "models/bert";
  CHECK(written(config) ==
        "model: models/bert\n"
        "adapter:\n"
        "  config: pfeiffer\n"
        "  reduction_factor: 16.0\n"
        "  layers: all\n"
        "  leave_out: []\n"
        "train:\n"
        "  learning_rate: 1e-4\n"
        "  warmup_ratio: 0.06\n"
        "  weight_decay: 0.0\n"
        "  num_train_epochs: 10\n"
        "  per_device_train_batch_size: 32\n"
        "  optim: adamw_torch\n"
        "  bf16: false\n"
        "  max_grad_norm: 1.0\n"
        "  max_steps: null\n"
        "  report_to: null\n"
        "  greater_is_better: null\n");
}

TEST_CASE("reading the resolved text gives the same values and the same text") {
  const std::string yaml =
      "model: 'it: is # odd'\n"
      "adapter: {config: lora, reduction_factor: {11: 0.1, default: 3}, layers: [0-3, 7], leave_out: 5}\n"
      "train: {learning_rate: 3e-5, max_grad_norm: ~, max_steps: 12, report_to: \"null\", greater_is_better: "
      "true}\n"
      "tasks:\n"
      "  no-en: {type: x, source_lang: no, labels: [\"a, b\", 'null', \"\", c], lr_milestones: [80, 1e-7]}\n"
      "  'b: c': {type: y, data: {train: \"line\\nbreak\"}}\n"
      "targets: [{name: first}, {name: 'second one'}]\n";
  auto document = ConfigDocument::parse(yaml);
  SampleConfig first;
  read(document.root(), first);
  document.finish();
  const std::string text = document.resolved();

  auto again = ConfigDocument::parse(text);
  SampleConfig second;
  read(again.root(), second);
  again.finish();
  CHECK(second == first);
  CHECK(again.resolved() == text);
  CHECK_THAT(text, Catch::Contains("source_lang: no\n") && Catch::Contains("targets:\n  - name: first\n"));
}

TEST_CASE("a value an override or a second reading changed is written as it ended up") {
  auto document = ConfigDocument::parse("a: {bf16: true}");
  SampleTrain train;
  read(document.root().child("a"), train);
  train.bf16 = false;
  train.optim = "sgd";
  read(document.root().child("b"), train);
  CHECK_THAT(document.resolved(), Catch::Contains("a:\n") && Catch::Contains("b:\n"));
  CHECK_THAT(document.resolved(), Catch::Contains("  optim: sgd\n"));
}

TEST_CASE("comments explain a value and are no part of it") {
  const auto recorded = [](const std::string& comment) {
    auto document = ConfigDocument::empty();
    document.root().child("train").record_empty("max_steps", comment);
    return document;
  };
  CHECK(recorded("epochs say it").explained() == "train:\n  max_steps: null  # epochs say it\n");
  CHECK(recorded("epochs say it").resolved() == recorded("as the epochs say").resolved());
  CHECK(recorded("epochs say it").resolved() == "train:\n  max_steps: null\n");
}

TEST_CASE("of a section read over another one only what differs is written") {
  auto document = ConfigDocument::parse(
      "a: {optim: sgd, bf16: true}\nb: {num_train_epochs: 3, optim: sgd}\nc: {bf16: true}\n");
  auto root = document.root();
  SampleTrain train;
  read(root.child("a"), train);
  read(root.child("b"), train);
  root.child("b").inherits(root.child("a"));
  CHECK_THAT(document.resolved(), Catch::EndsWith("\nb:\n  num_train_epochs: 3\n"));
  CHECK(document.resolved_json()["b"].dump() == R"({"num_train_epochs":3})");
  // A value that equals the other section's, but was something else before it was read.
  train.bf16 = false;
  read(root.child("c"), train);
  root.child("c").inherits(root.child("a"));
  CHECK_THAT(document.resolved(), Catch::EndsWith("\nc:\n  num_train_epochs: 3\n  bf16: true\n"));
}

TEST_CASE("texts taken by scalar() are written, also in lists") {
  const std::string yaml = "files:\n  - a\n  - b c\nnamed:\n  squad: hub/x\n";
  auto document = ConfigDocument::parse(yaml);
  for (const auto& item : document.root().child("files").items()) item.scalar();
  for (const auto& entry : document.root().child("named").entries()) entry.second.scalar();
  CHECK(document.resolved() == yaml);
}

TEST_CASE("strings are quoted only where YAML needs it") {
  const auto as_scalar = [](std::string text) {
    auto document = ConfigDocument::empty();
    document.root().read("s", text);
    return document.resolved();
  };
  for (const std::string plain :
       {"no", "true", "12", "1e5", "a b", "a:b", "a#b", "it's", "data/x.tsv", "ü", "a, b", "-x"}) {
    CHECK(as_scalar(plain) == "s: " + plain + "\n");
  }
  for (const std::string odd :
       {"", "null", "~", " a", "a ", "a: b", "a:", "a #b", "[a", "- a", "*a", "@a", "%a", "# a"}) {
    CHECK(as_scalar(odd) == "s: \"" + odd + "\"\n");
  }
}

TEST_CASE("any text survives writing and reading") {
  for (const std::string text : {"${A}",
                                 "$${A}",
                                 "$$${",
                                 "a${",
                                 "---",
                                 "...",
                                 "--- a",
                                 "<<",
                                 "?",
                                 "? a",
                                 "-",
                                 ":",
                                 "\"quoted\"",
                                 "'single'",
                                 "back\\slash",
                                 "tab\there",
                                 "line\nbreak\n",
                                 "\r\n",
                                 "=",
                                 "|",
                                 ">",
                                 "!tag",
                                 "&anchor",
                                 "a\\nb",
                                 "{}",
                                 "[]",
                                 ",",
                                 "a,b",
                                 "x: y: z",
                                 "é \xF0\x9F\x99\x82",
                                 "\x7F",
                                 "\x1B[0m",
                                 "NULL",
                                 "Null",
                                 "a'b\"c",
                                 "`",
                                 "a\n\n b",
                                 "  ",
                                 "#",
                                 "a:",
                                 ":a",
                                 "\xC2\x85"}) {
    INFO(text);
    const auto back = read_back(text);
    CHECK(back.scalar == text);
    CHECK(back.list == std::vector<std::string>{text, "x", text});
    CHECK(back.key == text);
  }
}

TEST_CASE("random texts of YAML's special characters survive writing and reading") {
  std::mt19937 generator(1);
  const std::string alphabet = " \n\t\"'\\:#-?,[]{}&*!|>%@`~$=<.a0\r";
  std::string differing;
  for (int round = 0; round < 3000; ++round) {
    std::string text;
    for (unsigned length = generator() % 7; length > 0; --length)
      text += alphabet[generator() % alphabet.size()];
    const auto back = read_back(text);
    const bool same =
        back.scalar == text && back.key == text && back.list == std::vector<std::string>{text, "x", text};
    if (!same) differing += "<" + text + ">";
  }
  CHECK(differing.empty());
}

TEST_CASE("numbers are written short, look like numbers and read back exactly") {
  CHECK(number_written(1) == "n: 1.0\n");
  CHECK(number_written(0.1) == "n: 0.1\n");
  CHECK(number_written(-2.5) == "n: -2.5\n");
  CHECK(number_written(5e-5) == "n: 5e-5\n");
  CHECK(number_written(1e300) == "n: 1e300\n");
  CHECK(number_written(std::numeric_limits<double>::infinity()) == "n: .inf\n");

  const double infinity = std::numeric_limits<double>::infinity();
  for (const double number :
       {0.0, 1.0 / 3, 1e-8, 123456789.0, 1e15, 1e22, 5e-324, 1.7976931348623157e308, infinity, -infinity}) {
    CHECK(number_read_back(number) == number);
  }
  CHECK(std::signbit(number_read_back(-0.0)));
  std::mt19937_64 generator(1);
  int wrong = 0;
  for (int round = 0; round < 3000; ++round) {
    const double number =
        std::ldexp(static_cast<double>(generator()), static_cast<int>(generator() % 1000) - 500);
    if (number_read_back(number) != number) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a document without reads resolves to nothing") {
  CHECK(ConfigDocument::parse("a: 1").resolved().empty());
}

TEST_CASE("resolved values keep their types in JSON") {
  auto document = ConfigDocument::parse("a: {names: [1, x], rate: 0.5}\nlimit: null\nlayers: all\n");
  auto root = document.root();
  auto a = root.child("a");
  std::vector<std::string> names;
  double rate = 0;
  bool on = true;
  std::optional<int64_t> limit = 3;
  std::optional<std::vector<int64_t>> layers;
  std::map<std::string, double> scores = {{"accuracy", 0.75}};
  a.read("names", names);
  a.read("rate", rate);
  root.read("on", on);
  root.read("limit", limit);
  root.read("layers", layers);
  root.read("scores", scores);
  CHECK(document.resolved_json().dump() ==
        R"({"a":{"names":["1","x"],"rate":0.5},"on":true,"limit":null,"layers":"all",)"
        R"("scores":{"accuracy":0.75}})");
}

}  // namespace adaptune
