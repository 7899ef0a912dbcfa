#include "data/label_map.h"

#include <string>
#include <vector>

#include "core/error.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;
using Catch::Matchers::EndsWith;

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

Dataset labelled(const TemporaryFolder& folder, const Texts& labels) {
  std::string lines;
  for (const std::string& label : labels) lines += "{\"text\":\"t\",\"label\":\"" + label + "\"}\n";
  return read_dataset({folder.write("a.jsonl", lines)}, {});
}

Texts sorted_labels(const Texts& labels) {
  const TemporaryFolder folder;
  return labels_of(labelled(folder, labels)).names();
}

}  // namespace

TEST_CASE("labels are sorted by value if all are whole numbers, else by their bytes") {
  CHECK(sorted_labels({"10", "9", "-1", "9"}) == Texts{"-1", "9", "10"});
  CHECK(sorted_labels({"b", "10", "9", "B"}) == Texts{"10", "9", "B", "b"});
}

TEST_CASE("a label that training never saw is named with file, line and the known ones") {
  const TemporaryFolder folder;
  const LabelMap labels(Texts{"entailment", "neutral"});
  const Dataset dataset = labelled(folder, {"neutral", "contradicts"});
  CHECK_THAT(input_error_of([&] { label_numbers(dataset, labels); }),
             EndsWith("a.jsonl:2: label 'contradicts' is not one of entailment, neutral"));
}

TEST_CASE("of many labels the nearest is offered") {
  const TemporaryFolder folder;
  Texts names;
  for (int i = 0; i < 60; ++i)
    names.push_back("topic_" + std::string(1, static_cast<char>('a' + i % 26)) + std::to_string(i));
  const Dataset dataset = labelled(folder, {"topic_a0", "topic_z511"});
  CHECK_THAT(input_error_of([&] { label_numbers(dataset, LabelMap(names)); }),
             Contains("(60 labels)") && Contains("did you mean 'topic_z51'?"));
}

TEST_CASE("a tag that training never saw is named with its word") {
  const TemporaryFolder folder;
  DatasetOptions options;
  options.kind = LabelKind::kTags;
  const Dataset dataset =
      read_dataset({folder.write("a.jsonl", R"({"tokens":["in","Rome"],"tags":["O","B-GPE"]})")}, options);
  CHECK_THAT(input_error_of([&] {
               label_numbers(dataset, LabelMap(Texts{"O", "B-LOC"}));
             }),
             Contains("a.jsonl:1: label 'B-GPE' of word 2, 'Rome', is not one of O, B-LOC"));
}

TEST_CASE("one label alone cannot be learned") {
  const TemporaryFolder folder;
  const Dataset dataset = labelled(folder, {"x", "x"});
  CHECK_THAT(input_error_of([&] { labels_of(dataset); }),
             Contains("every example has the label 'x' in column 'label'"));
}

TEST_CASE("labels are counted in their order") {
  const TemporaryFolder folder;
  const Dataset dataset = labelled(folder, {"b", "a", "b"});
  CHECK(label_counts(dataset, LabelMap(Texts{"b", "c", "a"})) == std::vector<int64_t>{2, 0, 1});
}

TEST_CASE("names that are empty or given twice are a mistake in the configuration") {
  CHECK_THROWS_AS(LabelMap(Texts{"a", "a"}), UsageError);
  CHECK_THROWS_AS(LabelMap(Texts{"a", ""}), UsageError);
}

}  // namespace adaptune
