#include "golden_tokenizer.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "io/temporary_folder.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/wordpiece_settings.h"
#include "tokenizer/wordpiece_tokenizer.h"

namespace adaptune {
namespace {

using nlohmann::json;

const EncodeOptions kWhole{Truncation::kNone, Side::kRight, 0, true};

json offsets_of(const Encoding& encoding) {
  json offsets = json::array();
  for (const auto& [begin, end] : encoding.offsets) offsets.push_back({begin, end});
  return offsets;
}

// Special tokens are null, as in the golden file.
json word_ids_of(const Encoding& encoding) {
  json words = json::array();
  for (int32_t word : encoding.word_ids) words.push_back(word < 0 ? json() : json(word));
  return words;
}

// Of a pair that was not truncated, whose second text has so many tokens.
json sequence_ids_of(const Encoding& encoding, std::size_t second) {
  json sequences = json::array();
  for (std::size_t i = encoding.ids.size(); i-- > 0;) {
    const bool special = encoding.word_ids[i] < 0;
    sequences.insert(sequences.begin(), special ? json() : json(second > 0 ? 1 : 0));
    if (!special && second > 0) --second;
  }
  return sequences;
}

Side side_of(const json& entry) { return entry.at("side") == "left" ? Side::kLeft : Side::kRight; }

Truncation strategy_of(const json& entry) {
  std::string name = entry.at("strategy");
  if (name == "longest_first") return Truncation::kLongestFirst;
  if (name == "only_first") return Truncation::kOnlyFirst;
  if (name == "only_second") return Truncation::kOnlySecond;
  throw InputError("golden truncation strategy '" + name + "' is not known");
}

class Comparison {
 public:
  Comparison(const Tokenizer& tokenizer, std::string source, GoldenResult& result)
      : tokenizer_(tokenizer), source_(std::move(source)), result_(result) {}

  // Groups whose names begin with `prefix`.
  void run(const json& golden, const std::string& prefix = "") {
    for (const auto& [group, entries] : golden.items()) {
      if (group == "settings" || group.rfind(prefix, 0) != 0) continue;
      auto row =
          std::find_if(std::begin(kGroups), std::end(kGroups),
                       [name = group.substr(prefix.size())](const Group& g) { return name == g.name; });
      if (row == std::end(kGroups)) {
        place_ = source_ + ": " + group;
        expect("group", "known", "not known");
        continue;
      }
      for (std::size_t i = 0; i < entries.size(); ++i) {
        place_ = source_ + ": " + group + "[" + std::to_string(i) + "]";
        run_entry(*row, entries[i]);
      }
    }
  }

 private:
  struct Group {
    const char* name;
    void (Comparison::*compare)(const json& entry);
  };
  static const Group kGroups[7];

  void run_entry(const Group& group, const json& entry) {
    try {
      (this->*group.compare)(entry);
    } catch (const std::exception& e) {
      expect("error", "none", e.what());
    }
  }

  void expect(const std::string& field, const json& golden, const json& ours) {
    ++result_.checked;
    if (golden == ours) return;
    if (result_.failed++ > 0) return;
    result_.first_difference = place_ + " " + field + ": golden " + golden.dump() + ", ours " + ours.dump();
  }

  void expect_field(const json& entry, const char* field, const json& ours) {
    if (entry.contains(field)) expect(field, entry[field], ours);
  }

  void single(const json& entry) {
    std::string text = entry.at("text");
    Encoding encoding = tokenizer_.encode(text, kWhole);
    expect("ids", entry.at("ids"), encoding.ids);
    expect_field(entry, "offsets", offsets_of(encoding));
    std::vector<std::string> tokens;
    for (int32_t id : encoding.ids) tokens.push_back(tokenizer_.token(id));
    expect_field(entry, "tokens", tokens);
    expect_field(entry, "decoded", tokenizer_.decode(encoding.ids, false));
    expect_field(entry, "decoded_skip_special", tokenizer_.decode(encoding.ids, true));
    EncodeOptions plain = kWhole;
    plain.add_special_tokens = false;
    expect_field(entry, "ids_no_special", tokenizer_.encode(text, plain).ids);
  }

  void pair(const json& entry) {
    Encoding encoding = tokenizer_.encode_pair(entry.at("a"), entry.at("b"), kWhole);
    expect("ids", entry.at("ids"), encoding.ids);
    expect_field(entry, "type_ids", encoding.type_ids);
    expect_field(entry, "offsets", offsets_of(encoding));
    EncodeOptions plain = kWhole;
    plain.add_special_tokens = false;
    const std::size_t second = tokenizer_.encode(entry.at("b"), plain).ids.size();
    expect_field(entry, "sequence_ids", sequence_ids_of(encoding, second));
  }

  void truncation(const json& entry) {
    EncodeOptions options{strategy_of(entry), side_of(entry), entry.at("max_length"), true};
    // The library takes an empty second text for none.
    const bool single = entry.at("b").is_null() || entry.at("b") == "";
    const auto encoded = [&](const EncodeOptions& how) {
      return single ? tokenizer_.encode(entry.at("a"), how)
                    : tokenizer_.encode_pair(entry.at("a"), entry.at("b"), how);
    };
    Encoding encoding = encoded(options), whole = encoded(kWhole);
    expect("ids", entry.at("ids"), encoding.ids);
    expect_field(entry, "type_ids", encoding.type_ids);
    expect("truncated", whole.ids.size() > encoding.ids.size(), encoding.truncated);
  }

  std::size_t padded_length(const json& entry, const std::vector<Encoding>& batch) const {
    std::size_t length = 0;
    for (const auto& encoding : batch) length = std::max(length, encoding.ids.size());
    if (entry.at("mode") == "max_length")
      length = std::max(length, entry.at("max_length").get<std::size_t>());
    if (entry.at("multiple_of").is_null()) return length;
    auto multiple = entry.at("multiple_of").get<std::size_t>();
    return (length + multiple - 1) / multiple * multiple;
  }

  void padding(const json& entry) {
    EncodeOptions options = kWhole;
    if (entry.at("mode") == "max_length")
      options = {Truncation::kLongestFirst, Side::kRight, entry.at("max_length"), true};
    std::vector<Encoding> batch;
    for (const auto& text : entry.at("batch")) batch.push_back(tokenizer_.encode(text, options));
    std::size_t length = padded_length(entry, batch);
    json ids = json::array(), mask = json::array(), types = json::array();
    for (auto& encoding : batch) {
      std::size_t missing = length - encoding.ids.size();
      std::vector<int32_t> ones(encoding.ids.size(), 1);
      auto pad = [&](std::vector<int32_t>& row, int32_t value) {
        row.insert(side_of(entry) == Side::kLeft ? row.begin() : row.end(), missing, value);
      };
      pad(encoding.ids, tokenizer_.pad_id());
      pad(encoding.type_ids, 0);
      pad(ones, 0);
      ids.push_back(encoding.ids);
      types.push_back(encoding.type_ids);
      mask.push_back(ones);
    }
    expect("ids", entry.at("ids"), ids);
    expect_field(entry, "attention_mask", mask);
    expect_field(entry, "type_ids", types);
  }

  void overflow(const json& entry) {
    EncodeOptions options{Truncation::kOnlySecond, Side::kRight, entry.at("max_length"), true};
    json ids = json::array(), offsets = json::array();
    for (const auto& window :
         tokenizer_.encode_windows(entry.at("a"), entry.at("b"), options, entry.at("stride"))) {
      ids.push_back(window.ids);
      offsets.push_back(offsets_of(window));
    }
    expect("windows", entry.at("windows"), ids);
    expect_field(entry, "offsets", offsets);
  }

  void words(const json& entry) {
    Encoding encoding = tokenizer_.encode_words(entry.at("words"), kWhole);
    expect("ids", entry.at("ids"), encoding.ids);
    expect_field(entry, "word_ids", word_ids_of(encoding));
  }

  void fast(const json& entry) {
    expect("fast", entry.at("fast"), tokenizer_.encode(entry.at("text"), kWhole).ids);
  }

  const Tokenizer& tokenizer_;
  std::string source_, place_;
  GoldenResult& result_;
};

const Comparison::Group Comparison::kGroups[7] = {
    {"single", &Comparison::single},
    {"pairs", &Comparison::pair},
    {"truncation", &Comparison::truncation},
    {"padding", &Comparison::padding},
    {"overflow", &Comparison::overflow},
    {"pre_split_words", &Comparison::words},
    {"slow_tokenizer_differs", &Comparison::fast},
};

// The tokenizer of vocab.txt alone, with the settings of the golden file.
WordPieceTokenizer vocabulary_tokenizer(const std::filesystem::path& case_folder, const json& settings) {
  TemporaryFolder folder;
  folder.write("vocab.txt", read_file(case_folder / "vocab.txt"));
  json config = json::object();
  auto config_file = case_folder / "tokenizer_config.json";
  if (std::filesystem::exists(config_file)) config = json::parse(read_file(config_file));
  config["do_lower_case"] = settings.at("lowercase");
  config["strip_accents"] = settings.at("strip_accents");
  config["tokenize_chinese_chars"] = settings.at("tokenize_chinese_chars");
  config["unk_token"] = settings.at("unk_token");
  folder.write("tokenizer_config.json", config.dump());
  WordPieceSettings read = read_wordpiece_vocabulary(folder.path());
  read.normalizer.clean_text = settings.at("clean_text");
  read.max_input_chars_per_word = settings.at("max_input_chars_per_word");
  return WordPieceTokenizer(std::move(read));
}

// How the tokenizers of a case of byte-level BPE were made, by the beginning of its groups' names.
struct ByteBpeVariant {
  const char* prefix;
  const char* tokenizer_class;
  bool add_prefix_space;
};
constexpr ByteBpeVariant kByteBpeVariants[] = {
    {"gpt2.", "GPT2Tokenizer", false},
    {"gpt2_prefix_space.", "GPT2Tokenizer", true},
    {"roberta.", "RobertaTokenizer", false},
    {"roberta_prefix_space.", "RobertaTokenizer", true},
};

void compare_byte_bpe(const std::filesystem::path& case_folder, const json& golden, GoldenResult& result) {
  std::size_t groups = 0;
  for (const auto& variant : kByteBpeVariants) {
    TemporaryFolder folder;
    for (const char* name : {"vocab.json", "merges.txt"}) folder.write(name, read_file(case_folder / name));
    const json config = {{"tokenizer_class", variant.tokenizer_class},
                         {"add_prefix_space", variant.add_prefix_space}};
    folder.write("tokenizer_config.json", config.dump());
    Comparison(*load_tokenizer(folder.path()), variant.prefix, result).run(golden, variant.prefix);
    for (const auto& [group, entries] : golden.items()) groups += group.rfind(variant.prefix, 0) == 0;
  }
  if (groups + 1 != golden.size()) throw InputError("golden groups that no variant of byte-level BPE has");
}

}  // namespace

GoldenResult compare_tokenizer(const std::filesystem::path& case_folder) {
  json description = json::parse(read_file(case_folder / "case.json"));
  json golden = json::parse(read_file(case_folder / description.at("golden").get<std::string>()));
  GoldenResult result;
  if (std::filesystem::exists(case_folder / "merges.txt")) {
    compare_byte_bpe(case_folder, golden, result);
    return result;
  }
  Comparison(*load_tokenizer(case_folder), "folder", result).run(golden);
  if (std::filesystem::exists(case_folder / "vocab.txt") && golden.contains("settings")) {
    WordPieceTokenizer tokenizer = vocabulary_tokenizer(case_folder, golden["settings"]);
    Comparison(tokenizer, "vocab.txt", result).run(golden);
  }
  return result;
}

}  // namespace adaptune
