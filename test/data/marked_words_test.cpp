#include "data/marked_words.h"

#include <memory>
#include <string>
#include <vector>

#include "core/error.h"
#include "data/encoded.h"
#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

using Words = std::vector<std::string>;
using Numbers = std::vector<int64_t>;

// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, @ 5, # 6, red 7, green 8, blue 9, ##s 10
std::unique_ptr<Tokenizer> small_tokenizer() {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n@\n#\nred\ngreen\nblue\n##s\n");
  return load_tokenizer(folder.path());
}

Example of_words(const Words& words, const std::vector<EntitySpan>& entities) {
  Example example;
  example.words = words;
  example.entities = entities;
  return example;
}

Example of_text(const std::string& text, const std::vector<EntitySpan>& entities) {
  Example example;
  example.text = text;
  example.entities = entities;
  return example;
}

Dataset dataset_of(const std::string& lines, int64_t entities, LabelKind kind = LabelKind::kClass) {
  const TemporaryFolder folder;
  DatasetOptions options;
  options.kind = kind;
  options.entities = entities;
  return read_dataset({folder.write("a.jsonl", lines)}, options);
}

std::string error_of(const std::string& line, int64_t entities, LabelKind kind = LabelKind::kClass) {
  return input_error_of([&] { dataset_of(line, entities, kind); });
}

}  // namespace

TEST_CASE("markers stand around words") {
  const auto one = mark_entities(of_words({"a", "b", "c"}, {{1, 2}}));
  CHECK(one.words == Words{"a", "@", "b", "@", "c"});
  CHECK(one.markers == Numbers{1});
  const auto two = mark_entities(of_words({"a", "b", "c"}, {{2, 3}, {0, 2}}));
  CHECK(two.words == Words{"#", "a", "b", "#", "@", "c", "@"});
  CHECK(two.markers == Numbers{4, 0});
}

TEST_CASE("markers stand around characters of a text") {
  const auto marked = mark_entities(of_text("ein Bär isst Süßes", {{4, 7}, {13, 18}}));
  CHECK(marked.words == Words{"ein", "@", "Bär", "@", "isst", "#", "Süßes", "#"});
  CHECK(marked.markers == Numbers{1, 5});
}

TEST_CASE("a mark is the first token of its marker") {
  const auto marked = mark_entities(of_words({"reds", "green", "blue"}, {{1, 2}, {2, 3}}));
  const auto encoded = encode_marked(marked, *small_tokenizer(), {});
  CHECK(encoded.encoding.ids == std::vector<int32_t>{2, 7, 10, 5, 8, 5, 6, 9, 6, 3});
  CHECK(encoded.marks == std::vector<int32_t>{3, 6});
}

TEST_CASE("a long text is cut around its entities") {
  const auto marked =
      mark_entities(of_words({"red", "red", "red", "red", "red", "green", "red", "blue", "red"}, {{5, 6}}));
  EncodeOptions options;
  options.max_length = 7;
  const auto encoded = encode_marked(marked, *small_tokenizer(), options);
  CHECK(encoded.encoding.truncated);
  CHECK(encoded.encoding.ids == std::vector<int32_t>{2, 7, 7, 5, 8, 5, 3});
  CHECK(encoded.marks == std::vector<int32_t>{3});
  options.max_length = 4;  // not even the marked words fit
  const auto pair = mark_entities(of_words({"red", "green", "blue", "red"}, {{1, 2}, {3, 4}}));
  CHECK(encode_marked(pair, *small_tokenizer(), options).marks == std::vector<int32_t>{-1, -1});
  options.max_length = 7;  // the second is cut, or the end of a long one
  CHECK(encode_marked(pair, *small_tokenizer(), options).marks == std::vector<int32_t>{1, -1});
  const auto whole = mark_entities(of_words({"red", "green", "blue", "red", "red"}, {{0, 5}}));
  CHECK(encode_marked(whole, *small_tokenizer(), options).marks == std::vector<int32_t>{-1});
}

TEST_CASE("a long text loses words, not whole parts") {
  const auto marked = mark_entities(of_text("red red red red blue green", {{16, 20}}));
  EncodeOptions options;
  options.max_length = 7;
  const auto encoded = encode_marked(marked, *small_tokenizer(), options);
  CHECK(encoded.encoding.ids == std::vector<int32_t>{2, 7, 7, 5, 9, 5, 3});
  CHECK(encoded.marks == std::vector<int32_t>{3});
}

TEST_CASE("an example whose entity was cut off has no label") {
  const auto dataset = dataset_of(
      R"({"tokens": ["red", "green", "blue"], "head": [0, 1], "tail": [2, 3], "label": "x"}
{"tokens": ["red", "blue"], "head": [1, 2], "tail": [0, 1], "label": "y"}
)",
      2);
  const auto split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 9});
  CHECK(split.entities == 2);
  CHECK(split.marks == std::vector<int32_t>{1, 5, 4, 1});
  CHECK(split.cut_entities == 0);
  const auto cut = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 8});
  CHECK(cut.marks == std::vector<int32_t>{1, -1, 4, 1});
  CHECK(cut.classes == Numbers{kNoLabel, 1});
  CHECK(cut.cut_entities == 1);
}

TEST_CASE("spans that no entity can have are refused with their line") {
  const std::string words = R"({"tokens": ["a", "b"], "label": "x", "head": )";
  CHECK_THAT(error_of(words + "[1, 1]}", 1), Contains("a.jsonl:1: the span [1, 1] of 'head' is empty"));
  CHECK_THAT(error_of(words + "[1, 3]}", 1), Contains("the span [1, 3] of 'head' is outside of the 2 words"));
  CHECK_THAT(error_of(R"({"text": "the day", "label": "x", "head": [3, 4]})", 1),
             Contains("the span [3, 4] of 'head' holds nothing but blanks"));
  CHECK_THAT(error_of(words + "[-1, 1]}", 1), Contains("outside of the 2 words"));
  CHECK_THAT(error_of(words + "[0.5, 1]}", 1), Contains("column 'head' must be a span"));
  CHECK_THAT(error_of(words + "\"a\"}", 1), Contains("column 'head' must be a span"));
  CHECK_THAT(error_of(words + "[0, 1]}", 2), Contains("no column 'tail'"));
  CHECK_THAT(error_of(R"({"text": "äb", "label": "x", "head": [1, 3]})", 1),
             Contains("outside of the 2 characters"));
}

TEST_CASE("words are labelled by the place of their head's first token") {
  const auto dataset = dataset_of(R"({"tokens": ["reds", "green", "blues"], "heads": [2, 0, 1]}
{"tokens": ["red", "blue"], "heads": [2, 1]}
)",
                                  0, LabelKind::kHeads);
  const auto split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {});
  //                                      CLS  red ##s green blue ##s SEP    CLS  red blue SEP
  CHECK(split.tags == std::vector<int32_t>{-100, 3, -100, 0, 1, -100, -100, -100, 2, 1, -100});
  CHECK(split.cyclic_rows == 1);
  CHECK(split.cut_heads == 0);
  const auto cut = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 4});
  CHECK(cut.tags == std::vector<int32_t>{-100, -100, -100, -100, -100, 2, 1, -100});
  CHECK(cut.cut_heads == 1);
}

TEST_CASE("heads that no word has are refused with their line") {
  const auto with = [](const std::string& heads) {
    return error_of(R"({"tokens": ["a", "b"], "heads": )" + heads + "}", 0, LabelKind::kHeads);
  };
  CHECK_THAT(with("[3, 0]"),
             Contains("a.jsonl:1: column 'heads' holds 3 as the head of word 1; heads are the numbers"));
  CHECK_THAT(with("[0]"), Contains("2 words in 'tokens' but 1 heads in 'heads'"));
  CHECK_THAT(with("[0, \"x\"]"), Contains("must be a list of whole numbers"));
  CHECK_THAT(with("1"), Contains("must be a list of numbers"));
}

TEST_CASE("answers of one token, at the mask") {
  const auto dataset =
      dataset_of(R"({"text": "red [MASK] green", "answers": ["reds", "unheard", "blue", "green"]}
{"text": "red green blue red [MASK]", "answers": ["blue"]}
{"text": "[MASK]", "answers": ["blues"]}
)",
                 0, LabelKind::kAnswers);
  const auto split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 6});
  CHECK(split.ids == std::vector<int32_t>{2, 7, 4, 8, 3, 2, 7, 8, 9, 7, 3, 2, 4, 3});
  CHECK(split.marks == std::vector<int32_t>{2, -1, 1});
  CHECK(split.answers == std::vector<int32_t>{9, 8});
  CHECK(split.answer_starts == Numbers{0, 2, 2, 2});
  CHECK(split.cut_entities == 1);
  CHECK(split.long_answers == 1);
}

TEST_CASE("sentences of CoNLL-U") {
  const TemporaryFolder folder;
  const auto file =
      folder.write("a.conllu",
                   "# sent_id = 1\n1-2\tzum\t_\t_\t_\t_\t_\t_\t_\t_\n"
                   "1\tzu\tzu\tADP\t_\t_\t3\tcase\t_\t_\n2\tdem\tder\tDET\t_\t_\t3\tdet\t_\t_\n"
                   "3\tHaus\tHaus\tNOUN\t_\t_\t0\troot\t_\t_\n3.1\tx\t_\t_\t_\t_\t_\t_\t_\t_\n\n"
                   "1\tJa\tja\tINTJ\t_\t_\t0\troot\t_\t_\n");
  DatasetOptions options;
  options.kind = LabelKind::kHeads;
  const auto dataset = read_dataset({file}, options);
  REQUIRE(dataset.size() == 2);
  CHECK(dataset.examples[0].words == Words{"zu", "dem", "Haus"});
  CHECK(dataset.examples[0].heads == Numbers{3, 3, 0});
  CHECK(dataset.examples[0].number == 3);
  options.kind = LabelKind::kTags;
  CHECK(read_dataset({file}, options).examples[1].labels == Words{"INTJ"});
  const auto bad = folder.write("b.conllu", "1\tJa\n");
  CHECK_THAT(input_error_of([&] { read_dataset({bad}, options); }), Contains("b.conllu:1: has 2 fields"));
  const std::string word = "1\tJa\tja\tINTJ\t_\t_\t0\troot\t_\t_\n";
  const auto joined = folder.write("c.conllu", word + word);
  CHECK_THAT(input_error_of([&] { read_dataset({joined}, options); }),
             Contains("c.conllu:2: word 1 comes where word 2 is due"));
  const auto outside =
      folder.write("d.conllu", "# first\n" + word + "2\tdoch\tdoch\tADV\t_\t_\t9\tadvmod\t_\t_\n");
  options.kind = LabelKind::kHeads;
  CHECK_THAT(input_error_of([&] { read_dataset({outside}, options); }),
             Contains("d.conllu:3: column 'heads' holds 9 as the head of word 2"));
  const auto latin = folder.write("e.conllu", word + "2\tcaf\xe9\tdoch\tADV\t_\t_\t1\tadvmod\t_\t_\n");
  CHECK_THAT(input_error_of([&] { read_dataset({latin}, options); }),
             Contains("e.conllu:2: column 'tokens'"));
}

}  // namespace adaptune
