#include "data/encoded.h"

#include <memory>
#include <string>
#include <vector>

#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

// [PAD] 0, [UNK] 1, [CLS] 2, [SEP] 3, [MASK] 4, red 5, green 6, blue 7, ##s 8
std::unique_ptr<Tokenizer> small_tokenizer() {
  const TemporaryFolder folder;
  folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\nblue\n##s\n");
  return load_tokenizer(folder.path());
}

Dataset dataset_of(const std::string& lines, LabelKind kind = LabelKind::kClass) {
  const TemporaryFolder folder;
  DatasetOptions options;
  options.kind = kind;
  return read_dataset({folder.write("a.jsonl", lines)}, options);
}

std::string many_rows(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += "{\"text\":\"";
    for (int word = 0; word <= i % 9; ++word) lines += word % 2 == 0 ? "reds " : "blue ";
    lines += "\",\"label\":\"" + std::to_string(i % 3) + "\"}\n";
  }
  return lines;
}

}  // namespace

TEST_CASE("rows lie behind each other, with their labels") {
  const Dataset dataset = dataset_of(
      "{\"text\":\"red "
      "reds\",\"label\":\"x\"}\n{\"text\":\"\",\"label\":\"y\"}\n{\"text\":\"blue\",\"label\":\"x\"}\n");
  const EncodedSplit split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {});
  CHECK(split.size() == 3);
  CHECK(split.ids == std::vector<int32_t>{2, 5, 5, 8, 3, 2, 3, 2, 7, 3});
  CHECK(split.lengths() == std::vector<int32_t>{5, 2, 3});
  CHECK(split.classes == std::vector<int64_t>{0, 1, 0});
  CHECK(split.type_ids.empty());
  CHECK(split.longest == 5);
  CHECK(split.empty_rows == 1);
  CHECK(split.cut_rows == 0);
}

TEST_CASE("texts longer than the limit are cut and counted") {
  const Dataset dataset = dataset_of(
      "{\"text\":\"red red red\",\"label\":\"x\"}\n{\"text\":\"red\",\"label\":\"y\"}\n{\"text\":\"red "
      "red\",\"label\":\"y\"}\n");
  const EncodedSplit split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 4});
  CHECK(split.lengths() == std::vector<int32_t>{4, 3, 4});
  CHECK(split.cut_rows == 1);
  CHECK(split.longest == 4);
  CHECK(encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 0}).cut_rows == 0);
}

TEST_CASE("pairs carry the type of each text") {
  const Dataset dataset = dataset_of(
      "{\"text\":\"red\",\"text_pair\":\"blue\",\"label\":\"x\"}\n{\"text\":\"red\",\"text_pair\":\" "
      "\",\"label\":\"y\"}\n");
  const EncodedSplit split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {});
  CHECK(split.ids == std::vector<int32_t>{2, 5, 3, 7, 3, 2, 5, 3, 3});
  CHECK(split.type_ids == std::vector<uint8_t>{0, 0, 0, 1, 1, 0, 0, 0, 1});
  CHECK(split.empty_rows == 1);
}

TEST_CASE("a word's tag stands at its first token; words behind the limit and without tokens are counted") {
  const Dataset dataset = dataset_of(
      "{\"tokens\":[\"reds\",\"\\u0001\",\"blue\"],\"tags\":[\"A\",\"B\",\"C\"]}\n"
      "{\"tokens\":[\"reds\",\"blue\",\"red\",\"red\"],\"tags\":[\"A\",\"C\",\"C\",\"C\"]}\n",
      LabelKind::kTags);
  const EncodedSplit split = encode_split(dataset, labels_of(dataset), *small_tokenizer(), {.max_length = 5});
  CHECK(split.ids == std::vector<int32_t>{2, 5, 8, 7, 3, 2, 5, 8, 7, 3});
  CHECK(split.tags == std::vector<int32_t>{-100, 0, -100, 2, -100, -100, 0, -100, 2, -100});
  CHECK(split.word_ids == std::vector<int32_t>{-1, 0, -1, 2, -1, -1, 0, -1, 1, -1});
  CHECK(split.words_without_tokens == 1);
  CHECK(split.cut_words == 2);
}

TEST_CASE("label sets become rows of zeros and ones, numbers stay numbers") {
  const Dataset sets = dataset_of(
      "{\"text\":\"red\",\"label\":[\"b\",\"a\"]}\n{\"text\":\"red\",\"label\":[]}\n{\"text\":\"red\","
      "\"label\":[\"b\"]}\n",
      LabelKind::kLabelSet);
  CHECK(encode_split(sets, labels_of(sets), *small_tokenizer(), {}).label_sets ==
        std::vector<uint8_t>{1, 1, 0, 0, 0, 1});
  const Dataset numbers = dataset_of("{\"text\":\"red\",\"label\":2.5}\n", LabelKind::kNumber);
  CHECK(encode_split(numbers, labels_of(numbers), *small_tokenizer(), {}).values == std::vector<float>{2.5F});
}

TEST_CASE("the number of threads changes nothing") {
  const Dataset dataset = dataset_of(many_rows(2000));
  const auto tokenizer = small_tokenizer();
  const EncodedSplit one =
      encode_split(dataset, labels_of(dataset), *tokenizer, {.max_length = 12, .threads = 1});
  const EncodedSplit four =
      encode_split(dataset, labels_of(dataset), *tokenizer, {.max_length = 12, .threads = 4});
  CHECK(one.ids == four.ids);
  CHECK(one.row_starts == four.row_starts);
  CHECK(one.classes == four.classes);
  CHECK(one.cut_rows == four.cut_rows);
}

}  // namespace adaptune
