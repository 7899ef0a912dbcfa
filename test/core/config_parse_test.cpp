#include "core/sample_config.h"
#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;

TEST_CASE("tabs in the indentation are refused wherever YAML would choke or glue lines") {
  const std::string tab = "tab character in the indentation";
  CHECK(errors_of("train:\n\tbf16: true\n") ==
        "c.yaml:2:1: error: " + tab +
            "\n  2 |  bf16: true\n    | ^ indent with spaces\n1 error; nothing was run");
  CHECK_THAT(errors_of("train:\n  \tbf16: true\n"), Contains("c.yaml:2:3: error: " + tab));
  CHECK_THAT(errors_of("model: |\n  a\n\tb\n"), Contains("c.yaml:3:1: error: " + tab));
  CHECK_THAT(errors_of("model: a\n\tb\n"), Contains("c.yaml:2:1: error: " + tab));
  CHECK(errors_of("model: a\t# a comment\n\n").empty());
}

TEST_CASE("syntax errors carry the parser's place and a remedy, and hide what follows from them") {
  CHECK(errors_of("model: a: b\nzzz: 1\n") ==
        "c.yaml:1:9: error: not valid YAML: illegal map value\n"
        "  1 | model: a: b\n"
        "    |         ^ check the indentation, and quote text that holds ': '\n"
        "1 error; nothing was run");
  CHECK_THAT(errors_of("model: [a\n"), Contains("not valid YAML") && Contains("a ',' or ']' is missing"));
  CHECK_THAT(errors_of("train: {bf16: true\n"),
             Contains("not valid YAML") && Contains("a ',' or '}' is missing"));
  CHECK_THAT(errors_of("model: @x\n"), Contains("c.yaml:1:8: error: not valid YAML: unknown token"));
  CHECK_THAT(errors_of("model: *x\n"), Contains("c.yaml:1:8: error: not valid YAML") || Contains("anchor"));
}

TEST_CASE("a quote that is not closed is refused, in either kind") {
  CHECK(errors_of("model: \"x\ntrain: {}\n") ==
        "c.yaml:1:8: error: this quote is not closed\n"
        "  1 | model: \"x\n"
        "    |        ^ add a \"\n"
        "1 error; nothing was run");
  CHECK_THAT(errors_of("model: 'it''s\n"), Contains("c.yaml:1:8: error: this quote is not closed"));
  CHECK(sample_of("model: 'it''s'\n").model == "it's");
  CHECK(sample_of("model: \"a \\\" b\"\n").model == "a \" b");
  CHECK(sample_of("model: 'a\n  b'\n").model == "a b");
}

TEST_CASE("duplicate keys are refused at every depth") {
  CHECK_THAT(errors_of("model: m\nmodel: n\n"),
             Contains("c.yaml:2:1: error: duplicate key 'model' (first at line 1)"));
  CHECK_THAT(error_of("train: {bf16: true, bf16: false}"),
             Contains("c.yaml:2:21: error: duplicate key 'bf16' (first at column 9)"));
}

TEST_CASE("merge keys are refused, quoted ones are ordinary names") {
  CHECK(error_of("train:\n  <<: {bf16: true}\n") ==
        "c.yaml:3:3: error: merge key '<<' is not supported\n"
        "  3 |   <<: {bf16: true}\n"
        "    |   ^~ write the keys out, or use 'defaults: base.yaml'\n");
  CHECK_THAT(error_of("train: {\"<<\": 1}"), Contains("unknown key '<<' in 'train'"));
}

TEST_CASE("anchors and aliases work, runaway ones are refused") {
  CHECK(sample_of("model: &m path\ntasks: {q: {type: *m}}").tasks[0].second.type == "path");
  CHECK_THAT(errors_of("model: &a [*a]"), Contains("nested deeper than 100 levels"));
  std::string bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n";
  for (char name = 'b'; name < 'h'; ++name) {
    bomb += std::string(1, name) + ": &" + name + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i > 0 ? ", " : "") + "*" + static_cast<char>(name - 1);
    bomb += "]\n";
  }
  CHECK_THAT(errors_of(bomb), Contains("more than 100000 values"));
}

TEST_CASE("a file must be one mapping of names") {
  CHECK_THAT(errors_of("- a\n- b\n"), Contains("a configuration must be a mapping (key: value), got a list"));
  CHECK_THAT(errors_of("model:m\n"), Contains("got 'model:m'") && Contains("put a space behind ':'"));
  CHECK_THAT(errors_of("model: m\n---\nmodel: n\n"), Contains("c.yaml:3:1: error: a second YAML document"));
  CHECK_THAT(error_of("[a, b]: c\n"), Contains("c.yaml:2:1: error: a key must be a name"));
  CHECK_THAT(errors_of(std::string("model: a\0b", 10)), Contains("c.yaml:1:9: error: control character 0"));
}

TEST_CASE("byte order marks and Windows line ends do not move places") {
  CHECK(sample_of("\xEF\xBB\xBFmodel: m\r\ntrain: {bf16: true}\r\n").train.bf16);
  CHECK(errors_of("\xEF\xBB\xBFmodle: m\r\nmodel: m\r\n") ==
        "c.yaml:1:1: error: unknown key 'modle'\n"
        "  1 | modle: m\n"
        "    | ^~~~~ did you mean 'model'?\n"
        "1 error; nothing was run");
}

TEST_CASE("a file that cannot be read is a usage error with its absolute path") {
  const TemporaryFolder folder;
  const auto missing = folder.path() / "none.yaml";
  CHECK_THROWS_AS(ConfigDocument::load(missing), UsageError);
  CHECK_THROWS_WITH(ConfigDocument::load(missing),
                    "cannot read the configuration: " + missing.string() + ": no such file; check the path");
}

TEST_CASE("a file of defaults is filled up key by key") {
  const TemporaryFolder folder;
  const auto base = folder.write("base.yaml",
                                 "model: base\ntrain: {bf16: true, num_train_epochs: 3, max_steps: 7}\n"
                                 "tasks: {q: {type: x, labels: [a, b]}}\nadapter: lora\n");
  const auto path =
      folder.write("c.yaml", "defaults: " + base.string() +
                                 "\ntrain: {num_train_epochs: 4}\ntasks: {q: {labels: [c]}}\nadapter:\n");
  const auto config = sample_of(ConfigDocument::load(path));
  CHECK(config.model == "base");
  CHECK(config.train.bf16);
  CHECK(config.train.num_train_epochs == 4);
  CHECK(config.tasks[0].second.type == "x");
  CHECK(config.tasks[0].second.labels == std::vector<std::string>{"c"});
  CHECK(config.adapter.config == "pfeiffer");  // taken away by the key without a value

  const auto other = folder.write("other.yaml", "model: other\n");
  CHECK(sample_of(ConfigDocument::load(path, {"defaults=" + other.string(), "tasks={}"})).model == "other");
  CHECK_THAT(errors_of(ConfigDocument::load(path, {"~defaults"})), Contains("missing key 'model'"));
}

TEST_CASE("a section in its short form is filled up, and fills up, as if it were written out") {
  const TemporaryFolder folder;
  const auto filled = [&](const std::string& own, const std::string& base) {
    const auto defaults = folder.write("base.yaml", "model: m\n" + base);
    const auto path = folder.write("c.yaml", "defaults: " + defaults.string() + "\n" + own);
    return ConfigDocument::load(path, {"adapter.leave_out=[5]"});
  };
  const SampleAdapter expected{"lora", {{"default", 4}}, {}, {5}};
  CHECK(sample_of(filled("adapter: lora\n", "adapter: {config: houlsby, reduction_factor: 4}\n")).adapter ==
        expected);
  CHECK(sample_of(filled("adapter: {reduction_factor: 4}\n", "adapter: lora\n")).adapter == expected);
  CHECK(sample_of(filled("adapter: lora\n", "adapter: houlsby\n")).adapter.config == "lora");
  // What is no section is replaced as a whole.
  CHECK(sample_of(filled("adapter: {reduction_factor: 2}\n", "adapter: {reduction_factor: {3: 4}}\n"))
            .adapter.reduction_factor == std::map<std::string, double>{{"default", 2}});
  CHECK_THAT(errors_of(filled("model: {a: 1}\n", "")), Contains("'model' must be a string, got a mapping"));
}

TEST_CASE("errors in a file of defaults name that file and come after the first file's") {
  const TemporaryFolder folder;
  const auto base = folder.write("base.yaml", "model: m\nbf15: 1\ndefaults: x.yaml\n").string();
  const auto path = folder.write("c.yaml", "zzz: 1\ndefaults: " + base + "\n");
  const auto text = errors_of(ConfigDocument::load(path));
  const auto own = text.find("c.yaml:1:1: error: unknown key 'zzz'");
  const auto second = text.find(base + ":2:1: error: unknown key 'bf15'");
  CHECK(own == text.find(path.string()) + path.string().size() - std::string("c.yaml").size());
  CHECK(second != std::string::npos);
  CHECK(own < second);
  CHECK_THAT(text, Contains(base + ":3:1: error: 'defaults' inside a file of defaults: one level only"));
  CHECK_THAT(text, Contains("3 errors; nothing was run"));
}

TEST_CASE("a file of defaults that is missing is reported where it is named") {
  const TemporaryFolder folder;
  folder.write("neighbour_defaults.yaml", "model: m\n");
  const auto path = folder.write("c.yaml", "defaults: neighbour_defaults.yaml\n");
  CHECK_THAT(errors_of(ConfigDocument::load(path)),
             Contains("c.yaml:1:11: error: cannot read the file of defaults: ") && Contains("no such file") &&
                 Contains("did you mean '" + (folder.path() / "neighbour_defaults.yaml").string() + "'?"));
  CHECK_THAT(errors_of("defaults: [a]\nmodel: m\n"),
             Contains("'defaults' must be the path of a file, got a list"));
}

}  // namespace adaptune
