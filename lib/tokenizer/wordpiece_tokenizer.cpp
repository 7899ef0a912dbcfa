#include "tokenizer/wordpiece_tokenizer.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/thousands.h"
#include "core/utf8.h"
#include "tokenizer/bert_characters.h"
#include "tokenizer/wordpiece_decode.h"
#include "tokenizer/wordpiece_fingerprint.h"

namespace adaptune {
namespace {

// Special tokens first: of two with the same pattern the first one counts.
std::vector<AddedToken> select(const std::vector<AddedToken>& tokens, bool normalized) {
  std::vector<AddedToken> selected;
  for (bool special : {true, false}) {
    for (const auto& token : tokens) {
      if (token.normalized == normalized && token.special == special) selected.push_back(token);
    }
  }
  return selected;
}

AddedTokenMatcher make_matcher(const WordPieceSettings& settings, bool normalized) {
  auto tokens = select(settings.added_tokens, normalized);
  std::vector<std::u32string> patterns;
  for (const auto& token : tokens) {
    std::u32string points = decode_utf8(token.content);
    patterns.push_back(normalized ? normalize(points, 0, settings.normalizer).points : points);
  }
  return AddedTokenMatcher(tokens, patterns);
}

}  // namespace

struct WordPieceTokenizer::Run {
  TextTokens& tokens;
  WordPiece::Workspace workspace;
  int32_t word = 0;                   // index of the next word
  std::string bytes;                  // the word in UTF-8
  std::vector<std::size_t> point_of;  // code point of each byte of the word, and its end
};

WordPieceTokenizer::WordPieceTokenizer(WordPieceSettings settings)
    : VocabularyTokenizer(settings, wordpiece_fingerprint(settings)),
      settings_(std::move(settings)),
      wordpiece_(settings_.tokens, settings_.prefix),
      unknown_id_(wordpiece_.find(settings_.unknown_token)),
      raw_added_(make_matcher(settings_, false)),
      normalized_added_(make_matcher(settings_, true)) {
  if (unknown_id_ < 0) {
    throw InputError("WordPiece: the unknown token '" + settings_.unknown_token +
                     "' is not in the vocabulary; add it");
  }
  fill_ascii_table();
}

void WordPieceTokenizer::fill_ascii_table() {
  for (int c = 0; c < 256; ++c) {
    auto point = static_cast<char32_t>(c);
    AsciiEntry& entry = ascii_[c];
    entry = {AsciiClass::kOther, static_cast<char>(c)};
    bool blank = point == ' ' || point == '\t' || point == '\n' || point == '\r';
    if (c >= 128 || raw_added_.may_start_with(c) || (is_bert_control(point) && !blank)) continue;
    entry.kind = blank                        ? AsciiClass::kSpace
                 : is_bert_punctuation(point) ? AsciiClass::kPunctuation
                                              : AsciiClass::kWord;
    if (settings_.normalizer.lowercase && point >= 'A' && point <= 'Z')
      entry.lower = static_cast<char>(c + 0x20);
  }
}

bool WordPieceTokenizer::is_plain_ascii(std::string_view text) const {
  if (!normalized_added_.empty()) return false;
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return ascii_[static_cast<unsigned char>(c)].kind != AsciiClass::kOther;
  });
}

void WordPieceTokenizer::tokenize(std::string_view text, Input /*input*/, TextTokens& tokens) const {
  Run run{tokens, {}, 0, {}, {}};
  if (is_plain_ascii(text)) {
    tokenize_ascii(text, run);
  } else {
    tokenize_points(decode_utf8(text), run);
  }
}

void WordPieceTokenizer::tokenize_ascii(std::string_view text, Run& run) const {
  std::string lowered(text);
  for (char& c : lowered) c = ascii_[static_cast<unsigned char>(c)].lower;
  std::string_view view = lowered;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < view.size(); ++i) {
    AsciiClass kind = ascii_[static_cast<unsigned char>(text[i])].kind;
    if (kind == AsciiClass::kWord) continue;
    if (begin < i) append_ascii_word(view.substr(begin, i - begin), begin, run);
    if (kind == AsciiClass::kPunctuation) append_ascii_word(view.substr(i, 1), i, run);
    begin = i + 1;
  }
  if (begin < view.size()) append_ascii_word(view.substr(begin), begin, run);
}

void WordPieceTokenizer::append_ascii_word(std::string_view word, std::size_t begin, Run& run) const {
  auto offset = static_cast<int32_t>(begin);
  int32_t index = run.word++;
  bool fits = static_cast<int64_t>(word.size()) <= settings_.max_input_chars_per_word;
  if (!fits || !wordpiece_.split(word, run.workspace)) {
    run.tokens.push(unknown_id_, {offset, offset + static_cast<int32_t>(word.size())}, index);
    return;
  }
  for (const auto& piece : run.workspace.pieces) {
    run.tokens.push(piece.id,
                    {offset + static_cast<int32_t>(piece.begin), offset + static_cast<int32_t>(piece.end)},
                    index);
  }
}

void WordPieceTokenizer::tokenize_points(std::u32string_view text, Run& run) const {
  for (const auto& part : raw_added_.split(text)) {
    if (part.id != kPlainText) {
      run.tokens.push(part.id, {static_cast<int32_t>(part.begin), static_cast<int32_t>(part.end)},
                      run.word++);
      continue;
    }
    auto points = text.substr(part.begin, part.end - part.begin);
    tokenize_normalized(normalize(points, static_cast<int32_t>(part.begin), settings_.normalizer), run);
  }
}

void WordPieceTokenizer::tokenize_normalized(const AlignedText& text, Run& run) const {
  for (const auto& part : normalized_added_.split(text.points)) {
    if (part.id == kPlainText) {
      append_words(text, part.begin, part.end, run);
    } else {
      run.tokens.push(part.id, {text.sources[part.begin], text.sources[part.end - 1] + 1}, run.word++);
    }
  }
}

void WordPieceTokenizer::append_words(const AlignedText& text, std::size_t begin, std::size_t end,
                                      Run& run) const {
  std::size_t word = begin;
  for (std::size_t i = begin; i < end; ++i) {
    bool punctuation = is_bert_punctuation(text.points[i]);
    if (!punctuation && !is_bert_space(text.points[i])) continue;
    if (word < i) append_word(text, word, i, run);
    if (punctuation) append_word(text, i, i + 1, run);
    word = i + 1;
  }
  if (word < end) append_word(text, word, end, run);
}

void WordPieceTokenizer::append_word(const AlignedText& text, std::size_t begin, std::size_t end,
                                     Run& run) const {
  int32_t index = run.word++;
  bool fits = static_cast<int64_t>(end - begin) <= settings_.max_input_chars_per_word;
  if (fits) {
    run.bytes.clear();
    run.point_of.clear();
    for (std::size_t i = begin; i < end; ++i) {
      append_utf8(run.bytes, text.points[i]);
      run.point_of.resize(run.bytes.size(), i);
    }
    run.point_of.push_back(end);
  }
  if (!fits || !wordpiece_.split(run.bytes, run.workspace)) {
    run.tokens.push(unknown_id_, {text.sources[begin], text.sources[end - 1] + 1}, index);
    return;
  }
  for (const auto& piece : run.workspace.pieces) {
    std::size_t first = run.point_of[piece.begin];
    std::size_t last = run.point_of[piece.end] - 1;
    run.tokens.push(piece.id, {text.sources[first], text.sources[last] + 1}, index);
  }
}

std::string WordPieceTokenizer::join(const std::vector<std::string>& tokens) const {
  return decode_pieces(tokens, settings_.decoder);
}

std::string WordPieceTokenizer::description() const {
  return "WordPiece  " + thousands(vocabulary_size()) + " entries  " +
         (settings_.normalizer.lowercase ? "lower case" : "cased");
}

}  // namespace adaptune
