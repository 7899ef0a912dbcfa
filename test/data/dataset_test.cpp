#include "data/dataset.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

std::string error_of(const std::string& lines, const DatasetOptions& options = {}) {
  const TemporaryFolder folder;
  const auto file = folder.write("a.jsonl", lines);
  return input_error_of([&] { read_dataset({file}, options); });
}

DatasetOptions of_kind(LabelKind kind) {
  DatasetOptions options;
  options.kind = kind;
  return options;
}

std::string numbered_rows(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += "{\"text\":\"" + std::to_string(i) + "\",\"label\":\"" + std::to_string(i % 7) + "\"}\n";
  return lines;
}

Texts texts_of(const Dataset& dataset) {
  Texts texts;
  for (const Example& example : dataset.examples) texts.push_back(example.text);
  return texts;
}

}  // namespace

TEST_CASE("the second text is read where the file has one") {
  const TemporaryFolder folder;
  const auto single = folder.write("a.jsonl", R"({"text":"a","label":"x"})");
  const auto pair = folder.write("b.jsonl", R"({"text":"a","text_pair":"b","label":"x"})");
  CHECK_FALSE(read_dataset({single}, {}).has_pairs());
  const Dataset pairs = read_dataset({pair}, {});
  CHECK(pairs.has_pairs());
  CHECK(pairs.examples[0].text_pair == "b");
  DatasetOptions first_only;
  first_only.text = {"text"};
  CHECK_FALSE(read_dataset({pair}, first_only).has_pairs());
  CHECK_THAT(input_error_of([&] {
               read_dataset({single, pair}, {});
             }),
             Contains("b.jsonl: has the text columns text, text_pair, ") &&
                 Contains("a.jsonl has the text column text; choose what is read with 'text'"));
  DatasetOptions entities;
  entities.entities = 1;
  const auto words = folder.write("c.jsonl", R"({"tokens":["a"],"head":[0,1],"label":"x"})");
  const auto text = folder.write("d.jsonl", R"({"text":"a","head":[0,1],"label":"x"})");
  CHECK_THAT(
      input_error_of([&] {
        read_dataset({words, text}, entities);
      }),
      Contains("d.jsonl: has the text column text, ") &&
          Contains("c.jsonl has words in the column tokens; choose what is read with 'text' or 'tokens'"));
}

TEST_CASE("lists of files concatenate, and each example knows where it stands") {
  const TemporaryFolder folder;
  const auto a = folder.write("a.jsonl", "{\"text\":\"a\",\"label\":\"x\"}\n");
  const auto b = folder.write("b.csv", "label,text\ny,b\nx,c\n");
  const Dataset dataset = read_dataset({a, b}, {});
  CHECK(texts_of(dataset) == Texts{"a", "b", "c"});
  CHECK(dataset.where(dataset.examples[2]) == b.string() + ":3");
  CHECK(dataset.label_names == Texts{"x", "y"});
}

TEST_CASE("a column that is not there is answered with those that are") {
  CHECK_THAT(error_of(R"({"sentence":"a","lable":"x"})"),
             Contains("a.jsonl:1: no column 'text'; the columns are: sentence, lable"));
  CHECK_THAT(error_of(R"({"text":"a","lable":"x"})"),
             Contains("no column 'label'") && Contains("did you mean 'lable'?"));
  CHECK_THAT(error_of("{\"text\":\"a\",\"label\":\"x\"}\n{\"text\":\"b\"}\n"),
             Contains("a.jsonl:2: no column 'label'"));
}

TEST_CASE("a file with other separators says which") {
  const TemporaryFolder folder;
  const auto refusal = [&](const std::string& name, const std::string& text) {
    return input_error_of([&] { read_dataset({folder.write(name, text)}, {}); });
  };
  CHECK_THAT(refusal("a.csv", "text;label\ngood;x\n"),
             Contains("a.csv:2: no column 'text'; the columns are: text;label") &&
                 Contains("; the fields seem to be separated by ';': .csv needs commas, and double quotes"));
  CHECK_THAT(refusal("a.csv", "text;label\ngood, bad;x\n"),
             Contains("has 2 fields") && Contains("separated by ';'"));
  CHECK_THAT(refusal("b.csv", "text\tlabel\ngood\tx\n"), Contains("separated by tabs"));
  CHECK_THAT(refusal("a.tsv", "text,label\ngood,x\n"), Contains("separated by ','"));
  CHECK_THAT(refusal("c.csv", "sentence\ngood\n"), !Contains("separated"));
}

TEST_CASE("other formats say the byte that is not UTF-8 too") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.csv", "text,label\ncaf\xe9,x\n");
  CHECK_THAT(
      input_error_of([&] { read_dataset({file}, {}); }),
      Contains("a.csv:2: column 'text': byte 0xe9 behind 'caf' is not UTF-8 text") && Contains("iconv"));
  const auto header = folder.write("b.csv", "text,\xe9\n");
  CHECK_THAT(input_error_of([&] { read_dataset({header}, {}); }),
             Contains("b.csv:1: byte 0xe9 at its start"));
}

TEST_CASE("values of the wrong type are named with line, column and what was found") {
  CHECK_THAT(error_of(R"({"text":3,"label":"x"})"),
             Contains("a.jsonl:1: column 'text' must be a text, found the number 3"));
  CHECK_THAT(error_of(R"({"text":"a","label":null})"),
             Contains("column 'label' is null; every row needs a label"));
  CHECK_THAT(error_of(R"({"text":"a","label":["x"]})"), Contains("multilabel_classification"));
  CHECK_THAT(error_of(R"({"text":"a","label":"x"})", of_kind(LabelKind::kNumber)),
             Contains("column 'label' must be a number, found the text 'x'"));
  CHECK_THAT(error_of(R"({"text":"a","label":"x"})", of_kind(LabelKind::kLabelSet)),
             Contains("must be a list of labels"));
  CHECK_THAT(error_of(R"({"tokens":["a","b"],"tags":["O"]})", of_kind(LabelKind::kTags)),
             Contains("2 words in 'tokens' but 1 tags in 'tags'"));
  CHECK_THAT(error_of("{\"text\":\"\xFF\",\"label\":\"x\"}"), Contains("a.jsonl:1: "));
}

TEST_CASE("numbers given as class labels become text, regression labels numbers") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.jsonl", "{\"text\":\"a\",\"label\":1.0}\n{\"text\":\"b\",\"label\":0}\n");
  CHECK(read_dataset({file}, {}).label_names == Texts{"0", "1"});
  CHECK(read_dataset({file}, of_kind(LabelKind::kNumber)).examples[0].value == 1.0);
  const auto csv = folder.write("a.csv", "text,label\na,2.5e-1\n");
  CHECK(read_dataset({csv}, of_kind(LabelKind::kNumber)).examples[0].value == 0.25);
}

TEST_CASE("an empty text is an example, an empty file is an error") {
  CHECK(error_of(R"({"text":"","label":"x"})").empty());
  CHECK_THAT(error_of(""), Contains("a.jsonl: no examples; at least one is needed"));
  CHECK_THAT(input_error_of([] { read_dataset({"absent.jsonl"}, {}); }), Contains("absent.jsonl"));
}

TEST_CASE("max_samples keeps the first of a seeded shuffle, in the order of the file") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.jsonl", numbered_rows(100));
  DatasetOptions options;
  options.max_samples = 10;
  const Dataset ten = read_dataset({file}, options);
  CHECK(ten.size() == 10);
  CHECK(ten.examples_in_files == 100);
  CHECK(ten.label_names.size() == 7);
  CHECK(texts_of(read_dataset({file}, options)) == texts_of(ten));
  for (std::size_t i = 1; i < 10; ++i) CHECK(ten.examples[i - 1].number < ten.examples[i].number);

  options.max_samples = 20;
  const Texts twenty = texts_of(read_dataset({file}, options));
  for (const std::string& text : texts_of(ten)) CHECK_THAT(twenty, Catch::Matchers::VectorContains(text));
  options.sample_seed = 7;
  CHECK(texts_of(read_dataset({file}, options)) != twenty);
  options.max_samples = 1000;
  CHECK(read_dataset({file}, options).size() == 100);
}

TEST_CASE("more than two text columns are a mistake in the configuration") {
  DatasetOptions options;
  options.text = {"a", "b", "c"};
  const TemporaryFolder folder;
  CHECK_THROWS_AS(read_dataset({folder.write("a.jsonl", R"({"a":"x","label":"y"})")}, options), UsageError);
}

}  // namespace adaptune
