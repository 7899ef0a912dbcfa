#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/error.h"
#include "golden_tokenizer.h"
#include "io/temporary_folder.h"
#include "tokenizer/tokenizer.h"

#include "catch.h"

using Catch::Matchers::Contains;
using nlohmann::json;

namespace adaptune {
namespace {

const std::filesystem::path kCases = std::filesystem::path(FIXTURES) / "cases";
const std::string kSmallVocabulary = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred\ngreen\nblue\n##s\n.\n";

std::unique_ptr<Tokenizer> small_tokenizer(const std::string& config = "{}") {
  TemporaryFolder folder;
  folder.write("vocab.txt", kSmallVocabulary);
  folder.write("tokenizer_config.json", config);
  return load_tokenizer(folder.path());
}

std::vector<std::string> tokens_of(const Tokenizer& tokenizer, const Encoding& encoding) {
  std::vector<std::string> tokens;
  for (int32_t id : encoding.ids) tokens.push_back(tokenizer.token(id));
  return tokens;
}

std::vector<std::string> tokens_of(const Tokenizer& tokenizer, const std::string& text) {
  return tokens_of(tokenizer, tokenizer.encode(text, {}));
}

std::string error_with_files(const std::vector<std::pair<std::string, std::string>>& files) {
  TemporaryFolder folder;
  for (const auto& [name, bytes] : files) folder.write(name, bytes);
  return input_error_of([&] { load_tokenizer(folder.path()); });
}

json small_json() {
  return {{"model", {{"type", "WordPiece"}, {"vocab", {{"[PAD]", 0}, {"[UNK]", 1}, {"red", 2}}}}},
          {"normalizer", {{"type", "BertNormalizer"}}},
          {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
          {"decoder", {{"type", "WordPiece"}}}};
}

std::string error_with_json(const json& root) { return error_with_files({{"tokenizer.json", root.dump()}}); }

using Tokens = std::vector<std::string>;

}  // namespace

TEST_CASE("WordPiece gives what the reference gives") {
  for (const char* name : {"tokenizers_wordpiece", "tokenizers_wordpiece_cased"}) {
    GoldenResult result = compare_tokenizer(kCases / name);
    INFO(name << ": " << result.first_difference);
    CHECK(result.failed == 0);
    CHECK(result.checked > 1000);
  }
}

TEST_CASE("a changed golden value is found") {
  TemporaryFolder folder;
  for (const char* name : {"case.json", "vocab.txt", "tokenizer.json", "golden.json"}) {
    std::string bytes = bytes_of(kCases / "tokenizers_wordpiece" / name);
    if (std::string(name) == "golden.json") {
      json golden = json::parse(bytes);
      golden["pairs"][3]["ids"][0] = 7;
      golden["unheard_of"] = json::array();
      bytes = golden.dump();
    }
    folder.write(name, bytes);
  }
  GoldenResult result = compare_tokenizer(folder.path());
  CHECK(result.failed == 4);
  CHECK_THAT(result.first_difference, Contains("pairs[3] ids"));
}

TEST_CASE("vocab.txt and tokenizer.json of one tokenizer have one fingerprint, other settings another") {
  TemporaryFolder folder;
  folder.write("vocab.txt", bytes_of(kCases / "tokenizers_wordpiece" / "vocab.txt"));
  auto of_json = load_tokenizer(kCases / "tokenizers_wordpiece");
  auto of_vocabulary = load_tokenizer(folder.path());
  CHECK(of_json->fingerprint() == of_vocabulary->fingerprint());
  CHECK(of_json->description() == "WordPiece  30 522 entries  lower case");
  folder.write("tokenizer_config.json", R"({"do_lower_case": false})");
  auto cased = load_tokenizer(folder.path());
  CHECK(cased->fingerprint() != of_json->fingerprint());
  CHECK(cased->description() == "WordPiece  30 522 entries  cased");
}

TEST_CASE("tokenizer_config.json and special_tokens_map.json define the special tokens") {
  TemporaryFolder folder;
  folder.write("vocab.txt", "<pad>\n<unk>\n<s>\n</s>\nred\n");
  folder.write("tokenizer_config.json",
               R"({"unk_token": "<unk>", "cls_token": "<s>", "pad_token": "wrong"})");
  folder.write("special_tokens_map.json",
               R"({"sep_token": {"content": "</s>", "lstrip": true}, "pad_token": "<pad>"})");
  auto tokenizer = load_tokenizer(folder.path());
  CHECK(tokens_of(*tokenizer, "red   </s>x") == Tokens{"<s>", "red", "</s>", "<unk>", "</s>"});
  CHECK(tokenizer->encode("red   </s>x", {}).offsets[2] == std::pair<int32_t, int32_t>{3, 10});
  CHECK(tokenizer->pad_id() == 0);
}

TEST_CASE("added tokens with ids beyond the vocabulary are found and named") {
  auto tokenizer = small_tokenizer(
      R"({"added_tokens_decoder": {"10": {"content": "<e1>", "special": true, "single_word": true}}})");
  CHECK(tokenizer->vocabulary_size() == 11);
  CHECK(tokens_of(*tokenizer, "<e1> red.") == Tokens{"[CLS]", "<e1>", "red", ".", "[SEP]"});
  CHECK(tokens_of(*tokenizer, "red<e1>") == Tokens{"[CLS]", "red", "[UNK]", "[UNK]", "[UNK]", "[SEP]"});
  CHECK(tokenizer->decode({10, 5, 8, 9}, true) == "reds.");
  CHECK(tokenizer->decode({10, 5, 8, 9}, false) == "<e1> reds.");
}

TEST_CASE("invalid UTF-8 counts as U+FFFD, which is removed") {
  auto tokenizer = small_tokenizer();
  Encoding encoding = tokenizer->encode("red \xFF\xE2\x82 blue\xC3", {});
  CHECK(tokens_of(*tokenizer, encoding) == Tokens{"[CLS]", "red", "blue", "[SEP]"});
  CHECK(encoding.offsets[2] == std::pair<int32_t, int32_t>{7, 11});
}

TEST_CASE("texts without tokens leave the special tokens") {
  auto tokenizer = small_tokenizer();
  for (const char* text : {"", "  \t\n", "\xCC\x81", "\x01"}) {
    CHECK(tokens_of(*tokenizer, text) == Tokens{"[CLS]", "[SEP]"});
    CHECK(tokens_of(*tokenizer, tokenizer->encode_pair(text, "red", {})) ==
          Tokens{"[CLS]", "[SEP]", "red", "[SEP]"});
    CHECK(tokens_of(*tokenizer, tokenizer->encode_pair("red", text, {})) ==
          Tokens{"[CLS]", "red", "[SEP]", "[SEP]"});
    CHECK(tokenizer->encode_words({"red", text, "blue"}, {}).word_ids == std::vector<int32_t>{-1, 0, 2, -1});
  }
  CHECK(tokens_of(*tokenizer, tokenizer->encode_words({}, {})) == Tokens{"[CLS]", "[SEP]"});
}

TEST_CASE("tiny maximum lengths keep the special tokens, or are refused") {
  auto tokenizer = small_tokenizer();
  EncodeOptions options;
  options.max_length = 2;
  CHECK(tokens_of(*tokenizer, tokenizer->encode("red green", options)) == Tokens{"[CLS]", "[SEP]"});
  CHECK(tokenizer->encode("red green", options).truncated);
  CHECK_FALSE(tokenizer->encode("", options).truncated);
  CHECK_THAT(input_error_of([&] { tokenizer->encode_pair("red", "blue", options); }), Contains("at least 3"));
  options.max_length = 4;
  options.side = Side::kLeft;
  CHECK(tokens_of(*tokenizer, tokenizer->encode_pair("red green", "green blue", options)) ==
        Tokens{"[CLS]", "[SEP]", "blue", "[SEP]"});
}

TEST_CASE("truncation of one text alone is refused where that text is too short") {
  auto tokenizer = small_tokenizer();
  EncodeOptions options{Truncation::kOnlyFirst, Side::kRight, 5, true};
  CHECK_THAT(input_error_of([&] { tokenizer->encode_pair("red", "red red red", options); }),
             Contains("only the first"));
  options.truncation = Truncation::kOnlySecond;
  CHECK_THAT(input_error_of([&] { tokenizer->encode_pair("red red red", "red", options); }),
             Contains("only the second"));
  CHECK_THAT(input_error_of([&] { tokenizer->encode("red red red red", options); }),
             Contains("there is one text"));
  options.truncation = Truncation::kNone;
  CHECK(tokenizer->encode("red red red red", options).ids.size() == 6);
}

TEST_CASE("windows cover the second text, or say why they cannot") {
  auto tokenizer = small_tokenizer();
  EncodeOptions options;
  options.max_length = 7;
  auto windows = tokenizer->encode_windows("red", "green blue . red s", options, 1);
  REQUIRE(windows.size() == 2);
  CHECK(tokens_of(*tokenizer, windows[0]) == Tokens{"[CLS]", "red", "[SEP]", "green", "blue", ".", "[SEP]"});
  CHECK(tokens_of(*tokenizer, windows[1]) == Tokens{"[CLS]", "red", "[SEP]", ".", "red", "[UNK]", "[SEP]"});
  CHECK(windows[1].offsets[3] == std::pair<int32_t, int32_t>{11, 12});
  options.side = Side::kLeft;
  CHECK(tokenizer->encode_windows("red", "green blue . red s", options, 1)[0].ids == windows[1].ids);
  CHECK(tokenizer->encode_windows("red", "", options, 1).size() == 1);
  CHECK_THAT(input_error_of([&] { tokenizer->encode_windows("red", "red red red red", options, 3); }),
             Contains("stride 3"));
  CHECK_THAT(input_error_of([&] { tokenizer->encode_windows("red red red red", "red", options, 0); }),
             Contains("the first text has 4 tokens"));
}

TEST_CASE("a folder without a tokenizer is an error that names the files") {
  TemporaryFolder folder;
  std::string message = input_error_of([&] { load_tokenizer(folder.path()); });
  CHECK_THAT(message,
             Contains(folder.path().string()) && Contains("tokenizer.json") && Contains("vocab.txt"));
}

TEST_CASE("a vocabulary without a needed special token is an error") {
  CHECK_THAT(error_with_files({{"vocab.txt", "[PAD]\n[CLS]\n[SEP]\nred\n"}}),
             Contains("unknown token '[UNK]'"));
  CHECK_THAT(error_with_files({{"vocab.txt", "[PAD]\n[UNK]\n[SEP]\nred\n"}}), Contains("'[CLS]'"));
  CHECK_THAT(error_with_files({{"vocab.txt", "[UNK]\n[CLS]\n[SEP]\nred\n"}}), Contains("'[PAD]'"));
  CHECK_THAT(error_with_files({{"vocab.txt", ""}}), Contains("holds no tokens"));
  json root = small_json();
  root["model"]["vocab"].erase("[UNK]");
  CHECK_THAT(error_with_json(root), Contains("tokenizer.json") && Contains("unknown token '[UNK]'"));
}

TEST_CASE("damaged files are errors that name the file") {
  CHECK_THAT(error_with_files({{"tokenizer.json", "{\"model\": "}}),
             Contains("tokenizer.json") && Contains("not valid JSON"));
  CHECK_THAT(error_with_files({{"tokenizer.json", "[]"}}), Contains("tokenizer.json"));
  CHECK_THAT(error_with_files({{"vocab.txt", kSmallVocabulary}, {"tokenizer_config.json", "{"}}),
             Contains("tokenizer_config.json") && Contains("not valid JSON"));
  CHECK_THAT(
      error_with_files({{"vocab.txt", kSmallVocabulary}, {"tokenizer_config.json", "{\"cls_token\": 3}"}}),
      Contains("cls_token"));
  CHECK_THAT(error_with_files(
                 {{"vocab.txt", kSmallVocabulary}, {"tokenizer_config.json", R"({"do_lower_case": "no"})"}}),
             Contains("tokenizer_config.json"));
  CHECK_THAT(error_with_files({{"vocab.txt", kSmallVocabulary}, {"added_tokens.json", R"({"<e>": -1})"}}),
             Contains("'<e>' has the id -1"));
  CHECK_THAT(error_with_files({{"vocab.txt", "[PAD]\n\xFF\n"}}),
             Contains("vocab.txt:2") && Contains("UTF-8"));
}

TEST_CASE("parts of another kind in tokenizer.json are named") {
  CHECK(error_with_json(small_json()).empty());
  for (const char* part : {"normalizer", "pre_tokenizer", "decoder", "post_processor"}) {
    json root = small_json();
    root[part] = {{"type", "Surprise"}};
    CHECK_THAT(error_with_json(root), Contains(part) && Contains("Surprise"));
  }
  json root = small_json();
  root["model"]["type"] = "Surprise";
  CHECK_THAT(error_with_json(root), Contains("model 'Surprise'") && Contains("WordPiece"));
  root = small_json();
  root["model"]["vocab"]["red"] = -2;
  CHECK_THAT(error_with_json(root), Contains("'red'") && Contains("-2"));
}

TEST_CASE("ids outside the vocabulary are errors") {
  auto tokenizer = small_tokenizer();
  CHECK_THAT(input_error_of([&] { tokenizer->token(-1); }), Contains("token id -1"));
  CHECK_THAT(input_error_of([&] {
               tokenizer->decode({5, 10}, false);
             }),
             Contains("token id 10") && Contains("0 to 9"));
}

TEST_CASE("one tokenizer serves many threads") {
  auto tokenizer = load_tokenizer(kCases / "tokenizers_wordpiece");
  json golden = json::parse(bytes_of(kCases / "tokenizers_wordpiece" / "golden.json"));
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      for (const auto& entry : golden["single"]) {
        auto ids = tokenizer->encode(entry["text"].get_ref<const std::string&>(), {}).ids;
        if (json(ids) != entry["ids"]) ++wrong[i];
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4, 0));
}

}  // namespace adaptune
