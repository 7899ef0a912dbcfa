#include "tokenizer/byte_bpe.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
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

using Files = std::vector<std::pair<std::string, std::string>>;

// "low", "er" and a blank before them; single letters otherwise.
json small_vocabulary() {
  json vocabulary;
  int id = 0;
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>", "<mask>", "l", "o", "w", "e", "r", "\u0120",
                            "lo", "low", "er", "\u0120low"}) {
    vocabulary[token] = id++;
  }
  return vocabulary;
}

const std::string kSmallMerges = "#version: 0.2\nl o\nlo w\ne r\n\u0120 low\n";

Files small_files() { return {{"vocab.json", small_vocabulary().dump()}, {"merges.txt", kSmallMerges}}; }

json small_json() {
  json added = json::array();
  for (const char* token : {"<s>", "<pad>", "</s>", "<unk>", "<mask>"}) {
    added.push_back({{"id", added.size()}, {"content", token}, {"special", true}});
  }
  added.back()["lstrip"] = true;
  return {
      {"model",
       {{"type", "BPE"}, {"vocab", small_vocabulary()}, {"merges", {"l o", "lo w", "e r", "\u0120 low"}}}},
      {"pre_tokenizer", {{"type", "ByteLevel"}, {"add_prefix_space", false}}},
      {"decoder", {{"type", "ByteLevel"}}},
      {"added_tokens", added},
      {"post_processor",
       {{"type", "RobertaProcessing"},
        {"sep", {"</s>", 2}},
        {"cls", {"<s>", 0}},
        {"trim_offsets", true},
        {"add_prefix_space", false}}}};
}

std::unique_ptr<Tokenizer> load(const Files& files) {
  TemporaryFolder folder;
  for (const auto& [name, bytes] : files) folder.write(name, bytes);
  return load_tokenizer(folder.path());
}

std::string error_of(const Files& files) {
  return input_error_of([&] { load(files); });
}

std::string error_of(const json& root) { return error_of(Files{{"tokenizer.json", root.dump()}}); }

using Ids = std::vector<int32_t>;

}  // namespace

TEST_CASE("byte-level BPE gives what the reference gives") {
  GoldenResult result = compare_tokenizer(kCases / "tokenizers_bytelevel_bpe");
  INFO(result.first_difference);
  CHECK(result.failed == 0);
  CHECK(result.checked > 2000);
}

TEST_CASE("vocab.json and merges.txt with RoBERTa's special tokens, or tokenizer.json") {
  for (const Files& files : {small_files(), Files{{"tokenizer.json", small_json().dump()}}}) {
    const auto tokenizer = load(files);
    CHECK(tokenizer->encode("low lower", {}).ids == Ids{0, 12, 14, 13, 2});
    CHECK(tokenizer->encode_pair("low", "er", {}).ids == Ids{0, 12, 2, 2, 13, 2});
    // The mask takes the blank before it.
    CHECK(tokenizer->encode("low <mask>", {}).ids == Ids{0, 12, 4, 2});
    CHECK(tokenizer->decode({0, 12, 14, 13, 2}, true) == "low lower");
    CHECK(tokenizer->pad_id() == 1);
    CHECK(tokenizer->mask_id() == 4);
    // Words stand behind a blank each.
    const Encoding words = tokenizer->encode_words({"low", "er"}, {});
    CHECK(words.ids == Ids{0, 14, 10, 13, 2});
    CHECK(words.word_ids == Ids{-1, 0, 1, 1, -1});
  }
}

TEST_CASE("the form on disk does not matter to the fingerprint, the prefix does") {
  const std::string fingerprint = load(small_files())->fingerprint();
  Files prefixed = small_files();
  prefixed.emplace_back("tokenizer_config.json", R"({"add_prefix_space": true})");
  CHECK(load(prefixed)->fingerprint() != fingerprint);
  CHECK(load(prefixed)->encode("low", {}).ids == Ids{0, 14, 2});
  Files merges = small_files();
  merges[1].second = "l o\nlo w\n";
  CHECK(load(merges)->fingerprint() != fingerprint);
}

TEST_CASE("without RoBERTa's special tokens nothing goes around a text") {
  Files files = small_files();
  files.emplace_back("tokenizer_config.json", R"({"tokenizer_class": "GPT2Tokenizer"})");
  CHECK(load(files)->encode("low", {}).ids == Ids{12});
}

TEST_CASE("files of byte-level BPE that do not fit are refused with their place") {
  Files files = small_files();
  files[1].second = "#version: 0.2\nl o\nlow\n";
  CHECK_THAT(error_of(files), Contains("merges.txt:3: 'low' is no merge"));
  files[1].second = "l o\nx y\n";
  CHECK_THAT(error_of(files), Contains("the merge 'x y' needs the token 'x'"));
  files.pop_back();
  CHECK_THAT(error_of(files), Contains("merges.txt: missing"));
  files = small_files();
  files[0].second = R"({"a": -1})";
  CHECK_THAT(error_of(files), Contains("token 'a' has the id -1"));
  files[0].second = "[1, 2";
  CHECK_THAT(error_of(files), Contains("vocab.json: not valid JSON"));
}

TEST_CASE("other BPE models than byte-level ones are named") {
  const auto with = [](const char* part, const json& value) {
    json root = small_json();
    root[part] = value;
    return error_of(root);
  };
  CHECK_THAT(with("normalizer", {{"type", "NFC"}}), Contains("normalizer 'NFC'"));
  CHECK_THAT(with("pre_tokenizer", {{"type", "Whitespace"}}), Contains("pre_tokenizer 'Whitespace'"));
  CHECK_THAT(with("pre_tokenizer", {{"type", "ByteLevel"}, {"use_regex", false}}),
             Contains("use_regex is false"));
  CHECK_THAT(with("decoder", {{"type", "BPEDecoder"}}), Contains("decoder 'BPEDecoder'"));
  CHECK_THAT(with("post_processor", {{"type", "Strange"}}),
             Contains("post_processor 'Strange' is not known"));
  json root = small_json();
  root["model"]["byte_fallback"] = true;
  CHECK_THAT(error_of(root), Contains("model.byte_fallback is true"));
  root = small_json();
  root["model"]["end_of_word_suffix"] = "</w>";
  CHECK_THAT(error_of(root), Contains("model.end_of_word_suffix is \"</w>\""));
}

}  // namespace adaptune
