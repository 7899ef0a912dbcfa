#include "core/sample_config.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;

TEST_CASE("all errors come together, in the order of the file, with place, line, caret and count") {
  const std::string yaml =
      "model: m\n"
      "adapter: pfeiffer\n"
      "train:\n"
      "  learning_rte: 1e-4\n"
      "  num_train_epochs: 3\n"
      "  per_device_train_batch_size: 32k\n"
      "tasks: {}\n"
      "train:\n"
      "  bf16: true\n";
  CHECK(errors_of(yaml) ==
        "c.yaml:4:3: error: unknown key 'learning_rte' in 'train'\n"
        "  4 |   learning_rte: 1e-4\n"
        "    |   ^~~~~~~~~~~~ did you mean 'learning_rate'?\n"
        "c.yaml:6:32: error: 'per_device_train_batch_size' must be an integer ≥ 1, got '32k'\n"
        "  6 |   per_device_train_batch_size: 32k\n"
        "    |                                ^~~\n"
        "c.yaml:8:1: error: duplicate key 'train' (first at line 3)\n"
        "  8 | train:\n"
        "    | ^~~~~ remove one of them\n"
        "3 errors; nothing was run");
}

TEST_CASE("line numbers of two digits keep the bar in its column") {
  const std::string yaml = "model: m\n" + std::string(12, '\n') + "train:\n  learning_rte: 1e-4\n";
  CHECK(errors_of(yaml) ==
        "c.yaml:15:3: error: unknown key 'learning_rte' in 'train'\n"
        "  15 |   learning_rte: 1e-4\n"
        "     |   ^~~~~~~~~~~~ did you mean 'learning_rate'?\n"
        "1 error; nothing was run");
}

TEST_CASE("an unknown name lists the known ones and the nearest") {
  const std::string choices = "     known: houlsby pfeiffer parallel lora ; did you mean 'pfeiffer'?\n";
  CHECK(error_of("adapter:\n  config: pfeifer\n") ==
        "c.yaml:3:11: error: adapter config 'pfeifer' is not known\n" + choices +
            "  3 |   config: pfeifer\n"
            "    |           ^~~~~~~\n");
  CHECK(error_of("adapter: pfeifer\n") == "c.yaml:2:10: error: adapter config 'pfeifer' is not known\n" +
                                              choices +
                                              "  2 | adapter: pfeifer\n"
                                              "    |          ^~~~~~~\n");
  CHECK_THAT(error_of("train: {optim: rmsprop}"), Contains("train optim 'rmsprop' is not known\n"
                                                           "     known: adamw_torch adam_nmt sgd\n"));
}

TEST_CASE("unknown keys are found at every depth and in lists") {
  CHECK_THAT(error_of("modle: x"),
             Contains("c.yaml:2:1: error: unknown key 'modle'\n") && Contains("^~~~~ did you mean 'model'?"));
  CHECK_THAT(error_of("tasks: {mnli: {type: x, data: {trian: y}}}"),
             Contains("unknown key 'trian' in 'tasks.mnli.data'") && Contains("did you mean 'train'?"));
  CHECK_THAT(
      error_of("targets:\n  - name: a\n  - nme: b\n"),
      Contains("c.yaml:4:5: error: unknown key 'nme' in 'targets[1]'") && Contains("did you mean 'name'?"));
  const auto without_hint = error_of("train: {zzz: 1}");
  CHECK_THAT(without_hint, Contains("unknown key 'zzz' in 'train'") && !Contains("did you mean"));
}

TEST_CASE("a key in the wrong section is told its place") {
  CHECK_THAT(error_of("bf16: true"),
             Contains("unknown key 'bf16'") && Contains("did you mean 'train.bf16'?"));
  CHECK_THAT(error_of("tasks: {mnli: {type: x, validation: y}}"),
             Contains("did you mean 'tasks.mnli.data.validation'?"));
}

TEST_CASE("names of other tools are hints and never accepted") {
  const auto hint_for = [](const std::string& yaml) { return error_of(yaml); };
  CHECK_THAT(hint_for("train: {lr: 0.1}"),
             Contains("unknown key 'lr' in 'train'") && Contains("did you mean 'learning_rate'?"));
  CHECK_THAT(hint_for("lr: 0.1"), Contains("did you mean 'train.learning_rate'?"));
  CHECK_THAT(hint_for("base_model: x"), Contains("did you mean 'model'?"));
  CHECK_THAT(hint_for("model_name_or_path: x"), Contains("did you mean 'model'?"));
  CHECK_THAT(hint_for("train: {num_epochs: 3}"), Contains("did you mean 'num_train_epochs'?"));
  CHECK_THAT(hint_for("train: {micro_batch_size: 3}"),
             Contains("did you mean 'per_device_train_batch_size'?"));
  CHECK_THAT(hint_for("adapter: {layers_to_transform: [1]}"), Contains("did you mean 'layers'?"));

  auto document = ConfigDocument::parse("data: {cutoff_len: 3, my_name: 4}");
  int64_t length = 128;
  auto data = document.root().child("data");
  data.read("max_seq_length", length);
  data.foreign_names({{"my_name", "max_seq_length"}});
  CHECK_THROWS_WITH(document.finish(), Contains("unknown key 'cutoff_len' in 'data'") &&
                                           Contains("^~~~~~~~~~ did you mean 'max_seq_length'?") &&
                                           Contains("^~~~~~~ did you mean 'max_seq_length'?"));
  CHECK(length == 128);
}

TEST_CASE("values of the wrong type say what was found and what would be right") {
  CHECK_THAT(error_of("train: {bf16: yes}"),
             Contains("'bf16' must be true or false, got 'yes'") && Contains("^~~ write true\n"));
  CHECK_THAT(error_of("train: {bf16: off}"), Contains("write false"));
  CHECK_THAT(error_of("train: {bf16: True}"), Contains("got 'True'") && Contains("write true"));
  CHECK_THAT(error_of("train: {num_train_epochs: 1e3}"),
             Contains("'num_train_epochs' must be an integer, got '1e3'") && Contains("write 1000"));
  CHECK_THAT(error_of("train: {num_train_epochs: 1_000}"), Contains("write 1000"));
  CHECK_THAT(error_of("train: {num_train_epochs: 0x10}"), Contains("must be an integer, got '0x10'"));
  CHECK_THAT(error_of("train: {num_train_epochs: 99999999999999999999}"), Contains("must be an integer"));
  CHECK_THAT(error_of("train: {learning_rate: fast}"),
             Contains("'learning_rate' must be a number > 0, got 'fast'"));
  CHECK_THAT(error_of("train: {learning_rate: nan}"), Contains("got 'nan'"));
  CHECK_THAT(error_of("train: {warmup_ratio: 6%}"), Contains("got '6%'") && Contains("write 0.06"));
  CHECK_THAT(error_of("train: {learning_rate: [1, 2]}"), Contains("got a list"));
  CHECK_THAT(error_of("tasks: {a: {type: {b: c}}}"), Contains("'type' must be a string, got a mapping"));
  CHECK_THAT(error_of("tasks: {a: {type: x, source_lang: }}"),
             Contains("'source_lang' must be a string, got nothing"));
  CHECK_THAT(error_of("tasks: {a: {type: x, labels: [a, {b: c}]}}"),
             Contains("c.yaml:2:34: error: 'labels[1]' must be a string, got a mapping"));
  CHECK_THAT(error_of("tasks: {a: {type: x, labels: }}"),
             Contains("'labels' must be a string or a list of strings, got nothing") &&
                 Contains("an empty list is []"));
  CHECK_THAT(error_of("tasks: {a: {type: x, lr_milestones: [1, b]}}"),
             Contains("'lr_milestones[1]' must be a number, got 'b'"));
  CHECK_THAT(error_of("adapter: {reduction_factor: {default: 16, 11: x}}"),
             Contains("'reduction_factor.11' must be a number > 0, got 'x'"));
  CHECK_THAT(error_of("adapter: {reduction_factor: []}"),
             Contains("'reduction_factor' must be a number > 0, got a list"));
}

TEST_CASE("values out of range name the range") {
  CHECK_THAT(error_of("train: {learning_rate: 0}"),
             Contains("'learning_rate' must be a number > 0, got '0'"));
  CHECK_THAT(error_of("train: {learning_rate: .inf}"), Contains("must be a number > 0, got '.inf'"));
  CHECK_THAT(error_of("train: {warmup_ratio: 1.5}"), Contains("must be a number from 0 to 1, got '1.5'"));
  CHECK_THAT(error_of("train: {weight_decay: -1}"), Contains("must be a number ≥ 0, got '-1'"));
  CHECK_THAT(error_of("train: {per_device_train_batch_size: 0}"),
             Contains("must be an integer ≥ 1, got '0'"));
  CHECK_THAT(error_of("train: {max_steps: 0}"), Contains("'max_steps' must be an integer ≥ 1, got '0'"));
}

TEST_CASE("layers that are no list of layers are refused") {
  const std::string wanted = "'layers' must be all, or a list of layers and ranges such as [0-5, 11], got ";
  CHECK_THAT(error_of("adapter: {layers: some}"), Contains(wanted + "'some'"));
  CHECK_THAT(error_of("adapter: {layers: [0, all]}"), Contains("c.yaml:2:23: error: " + wanted + "'all'"));
  CHECK_THAT(error_of("adapter: {layers: 5-0}"), Contains(wanted + "'5-0'") && Contains("write 0-5"));
  CHECK_THAT(error_of("adapter: {layers: -1}"), Contains(wanted + "'-1'"));
  CHECK_THAT(error_of("adapter: {layers: 0-999999999999}"), Contains(wanted));
  CHECK_THAT(error_of("adapter: {layers: {a: 1}}"), Contains(wanted + "a mapping"));
  CHECK_THAT(error_of("adapter: {layers: [0-5, 3]}"), Contains("c.yaml:2:25: error: 'layers' names 3 twice"));
  CHECK_THAT(error_of("adapter: {leave_out: all}"),
             Contains("'leave_out' must be a list of integers and ranges such as [0-5, 11], got 'all'"));
}

TEST_CASE("sections that are no mappings are refused once") {
  CHECK_THAT(error_of("train: 5"),
             Contains("c.yaml:2:8: error: 'train' must be a mapping (key: value), got '5'"));
  CHECK_THAT(error_of("train: [bf16]"), Contains("'train' must be a mapping (key: value), got a list"));
  CHECK_THAT(error_of("tasks: [a]"), Contains("'tasks' must be a mapping (name: value), got a list"));
  CHECK_THAT(error_of("tasks: {a: b}"), Contains("'tasks.a' must be a mapping (key: value), got 'b'"));
}

TEST_CASE("missing keys are reported where they belong") {
  CHECK(errors_of("tasks: {}") ==
        "c.yaml:1:1: error: missing key 'model'\n"
        "  1 | tasks: {}\n"
        "    | ^ write 'model: ...'\n"
        "1 error; nothing was run");
  CHECK(errors_of("") ==
        "c.yaml:1:1: error: missing key 'model'\n"
        "     write 'model: ...'\n"
        "1 error; nothing was run");
  CHECK(error_of("tasks:\n  mnli:\n    labels: [a]\n") ==
        "c.yaml:3:3: error: missing key 'type' in 'tasks.mnli'\n"
        "  3 |   mnli:\n"
        "    |   ^~~~ write 'type: ...'\n");
  CHECK_THAT(errors_of("model:\ntasks: {}\n"),
             Contains("c.yaml:1:1: error: no value for the required key 'model'") && Contains("1 error;"));
}

TEST_CASE("names of numbers and rates below one are checked at their places") {
  auto document = ConfigDocument::parse("factors: {default: 16, elf: 3}\nrate: 1\nfolder: ''\n", "c.yaml");
  std::map<std::string, double> factors = {{"default", 2}};
  double rate = 0;
  std::string folder = "runs";
  document.root().read("factors", factors, positive(),
                       [](const std::string&) { return std::optional<std::string>("must be a layer"); });
  document.root().read("rate", rate, share_below_one());
  document.root().read("folder", folder, not_empty());
  try {
    document.finish();
    FAIL("accepted");
  } catch (const UsageError& error) {
    CHECK_THAT(error.what(),
               Contains("c.yaml:1:24: error: 'elf' in 'factors' must be a layer") &&
                   Contains("c.yaml:2:7: error: 'rate' must be a number ≥ 0 and < 1, got '1'") &&
                   Contains("c.yaml:3:9: error: 'folder' must not be empty"));
  }
  CHECK(factors.at("default") == 2);
}

TEST_CASE("places of values are kept by their paths, with their lines") {
  auto document = ConfigDocument::parse("a:\n  b: {c: 1}\nd: [2]\n", "c.yaml");
  std::map<std::string, WrittenPlace> places = {{"d", {"elsewhere", ""}}, {"e", {"elsewhere", ""}}};
  document.root().add_places(places);
  CHECK(places ==
        std::map<std::string, WrittenPlace>{{"a", {"c.yaml:1:1", "  1 | a:\n    | ^"}},
                                            {"a.b", {"c.yaml:2:6", "  2 |   b: {c: 1}\n    |      ^"}},
                                            {"a.b.c", {"c.yaml:2:10", "  2 |   b: {c: 1}\n    |          ^"}},
                                            {"d", {"c.yaml:3:4", "  3 | d: [2]\n    |    ^"}},
                                            {"e", {"elsewhere", ""}}});
}

TEST_CASE("an error of the caller stands at the value, the section or the nearest section above") {
  auto document = ConfigDocument::parse("a:\n  b: 1\n  c: 2\n", "c.yaml");
  auto a = document.root().child("a");
  CHECK(a.place().place == "c.yaml:1:1");
  CHECK(a.child("b").place().place == "c.yaml:2:6");
  CHECK(a.child("none").place().place == "c.yaml:1:1");
  a.error_at("b", "first", "do this");
  a.error("second");
  a.error("second");
  a.error_at("none", "third", std::string(80, 'x'));
  CHECK_FALSE(document.ok());
  a.leave_unread({"b", "c"});
  CHECK_THROWS_WITH(document.finish(),
                    "c.yaml:1:1: error: second\n"
                    "  1 | a:\n"
                    "    | ^\n"
                    "c.yaml:1:1: error: third\n"
                    "     " +
                        std::string(80, 'x') +
                        "\n"
                        "  1 | a:\n"
                        "    | ^\n"
                        "c.yaml:2:6: error: first\n"
                        "  2 |   b: 1\n"
                        "    |      ^ do this\n"
                        "3 errors; nothing was run");
}

TEST_CASE("values that do not go together are told where one of them is written, and only there") {
  auto document = ConfigDocument::parse("a: {c: 2, b: 1}\nd: {}\n", "c.yaml");
  auto a = document.root().child("a"), d = document.root().child("d");
  a.error_at_written({"b", "c"}, "first");
  a.error_at_written({"none", "c"}, "second", "do this");
  for (auto node : {a, d, document.root().child("none")}) node.error_at_written({"none"}, "third");
  a.leave_unread({"b", "c"});
  CHECK_THROWS_WITH(document.finish(),
                    "c.yaml:1:8: error: second\n"
                    "  1 | a: {c: 2, b: 1}\n"
                    "    |        ^ do this\n"
                    "c.yaml:1:14: error: first\n"
                    "  1 | a: {c: 2, b: 1}\n"
                    "    |              ^\n"
                    "2 errors; nothing was run");
}

TEST_CASE("columns count characters, and carets stand below the text") {
  CHECK(error_of("tasks: {é: {type: ü, labls: x}}") ==
        "c.yaml:2:22: error: unknown key 'labls' in 'tasks.é'\n"
        "  2 | tasks: {é: {type: ü, labls: x}}\n"
        "    |                      ^~~~~ did you mean 'labels'?\n");
}

TEST_CASE("a long line is cut around the place") {
  const std::string padding(300, 'a');
  const auto text = error_of("tasks: {q: {type: " + padding + ", labls: x, source_lang: " + padding + "}}");
  CHECK_THAT(text, Contains("c.yaml:2:321: error: unknown key 'labls'"));
  const auto bar = text.find("  2 | …");
  REQUIRE(bar != std::string::npos);
  const auto line = text.substr(bar, text.find('\n', bar) - bar);
  CHECK(line.size() < 140);
  CHECK_THAT(line, Contains("labls: x"));
  const auto caret_line = text.substr(text.find('\n', bar) + 1);
  const auto dots = std::string("…").size() - 1;
  CHECK(caret_line.find('^') + dots == line.find("labls"));
}

TEST_CASE("a section read twice reports an error once") {
  auto document = ConfigDocument::parse("train: {learning_rate: x}", "c.yaml");
  SampleTrain first, second;
  read(document.root().child("train"), first);
  read(document.root().child("train"), second);
  CHECK_THROWS_WITH(document.finish(), Contains("1 error; nothing was run"));
}

}  // namespace adaptune
