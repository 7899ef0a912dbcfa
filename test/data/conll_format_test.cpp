#include "data/conll_format.h"

#include <string>
#include <vector>

#include "data/dataset.h"
#include "data/read_rows.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

using Texts = std::vector<std::string>;

const std::string kTwoSentences =
    "-DOCSTART- -X- -X- O\n\nEU NNP B-NP B-ORG\nrejects VBZ B-VP O\n\n\n-DOCSTART- -X- -X- O\n\nPeter NNP "
    "B-NP B-PER";

}  // namespace

TEST_CASE("conll: sentences end with empty lines, document marks are skipped") {
  const TemporaryFolder folder;
  const auto rows = rows_of(folder.write("a.conll", kTwoSentences));
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].columns == Texts{"tokens", "tags", "1", "2", "3", "4"});
  CHECK(items_of(rows[0].cells[0]) == Texts{"EU", "rejects"});
  CHECK(items_of(rows[0].cells[1]) == Texts{"B-ORG", "O"});
  CHECK(items_of(rows[0].cells[3]) == Texts{"NNP", "VBZ"});
  CHECK(rows[0].number == 3);
  CHECK(rows[1].number == 9);
}

TEST_CASE("conll: with a tab in the line, blanks belong to the word") {
  const TemporaryFolder folder;
  const auto rows = rows_of(folder.write("a.conll", "New York\tB-LOC\r\nis\tO\r\n"));
  REQUIRE(rows.size() == 1);
  CHECK(items_of(rows[0].cells[0]) == Texts{"New York", "is"});
}

TEST_CASE("conll: a line with another number of columns is named") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.conll", "EU B-ORG\nrejects\n");
  CHECK_THAT(input_error_of([&] { rows_of(file); }),
             Contains("a.conll:2: has 1 column, the lines before have 2"));
}

TEST_CASE("conll: a column is chosen by number; another name means the last") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.conll", kTwoSentences);
  DatasetOptions options;
  options.kind = LabelKind::kTags;
  options.label = "ner_tags";
  CHECK(read_dataset({file}, options).examples[0].labels == Texts{"B-ORG", "O"});
  options.label = "2";
  CHECK(read_dataset({file}, options).examples[0].labels == Texts{"NNP", "VBZ"});
  options.label = "5";
  CHECK_THAT(input_error_of([&] { read_dataset({file}, options); }),
             Contains("a.conll:3: no column '5'; the columns are: tokens, tags, 1, 2, 3, 4"));
}

TEST_CASE("conll: a word without a tag is named by its own line") {
  const TemporaryFolder folder;
  const auto file = folder.write("a.conll", "EU\tB-ORG\nrejects\t\n");
  DatasetOptions options;
  options.kind = LabelKind::kTags;
  CHECK_THAT(input_error_of([&] { read_dataset({file}, options); }),
             Contains("a.conll:2: column 'tags' holds an empty text where a label is needed, at place 2"));
}

}  // namespace adaptune
