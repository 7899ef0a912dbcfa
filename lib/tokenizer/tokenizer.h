#pragma once
// Text to token ids, identical to Hugging Face's fast tokenizers.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace adaptune {

// One encoded input. All vectors have one entry a token.
struct Encoding {
  std::vector<int32_t> ids;
  std::vector<int32_t> type_ids;  // 0 first text, 1 second
  std::vector<std::pair<int32_t, int32_t>>
      offsets;                    // half-open, in code points of the given text; special tokens 0, 0
  std::vector<int32_t> word_ids;  // index of the given word (encode_words) or pre-token; -1 special
  bool truncated = false;
};

enum class Truncation { kNone, kLongestFirst, kOnlyFirst, kOnlySecond };
enum class Side { kRight, kLeft };

struct EncodeOptions {
  Truncation truncation = Truncation::kLongestFirst;
  Side side = Side::kRight;
  int64_t max_length = 0;  // special tokens included; 0: no limit
  bool add_special_tokens = true;
};

// Thread-safe after construction: all methods are const.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual Encoding encode(const std::string& text, const EncodeOptions&) const = 0;
  virtual Encoding encode_pair(const std::string& first, const std::string& second,
                               const EncodeOptions&) const = 0;
  // Pre-split words (tagging): word_ids hold the index into `words`.
  virtual Encoding encode_words(const std::vector<std::string>& words, const EncodeOptions&) const = 0;
  // Windows over the second text (question answering): the first text is repeated in each, neighbours
  // share `stride` tokens.
  virtual std::vector<Encoding> encode_windows(const std::string& first, const std::string& second,
                                               const EncodeOptions&, int64_t stride) const = 0;
  virtual std::string decode(const std::vector<int32_t>& ids, bool skip_special_tokens) const = 0;
  virtual std::string token(int32_t id) const = 0;
  virtual int64_t vocabulary_size() const = 0;
  virtual int32_t pad_id() const = 0;
  // Of the token that stands for one to be guessed; empty where there is none.
  virtual std::optional<int32_t> mask_id() const = 0;
  // For the start-up table: "WordPiece  30 522 entries  lower case".
  virtual std::string description() const = 0;
  // Identifies vocabulary and settings (for caches), hex.
  virtual std::string fingerprint() const = 0;
};

// Reads tokenizer.json, vocab.txt, or vocab.json and merges.txt (+ tokenizer_config.json) of a model folder
// and returns the right kind. InputError names what was looked for.
std::unique_ptr<Tokenizer> load_tokenizer(const std::filesystem::path& folder);

}  // namespace adaptune
