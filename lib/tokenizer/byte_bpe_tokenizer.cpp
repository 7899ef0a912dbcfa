#include "tokenizer/byte_bpe_tokenizer.h"

#include <algorithm>

#include "core/thousands.h"
#include "core/utf8.h"
#include "tokenizer/bert_characters.h"
#include "tokenizer/byte_bpe_words.h"

namespace adaptune {
namespace {

constexpr char32_t kBlank = U'\u0120';  // how a vocabulary writes it

AddedTokenMatcher make_matcher(const std::vector<AddedToken>& tokens) {
  std::vector<std::u32string> patterns;
  for (const auto& token : tokens) patterns.push_back(decode_utf8(token.content));
  return AddedTokenMatcher(tokens, patterns);
}

}  // namespace

struct ByteBpeTokenizer::Run {
  TextTokens& tokens;
  bool prefix;  // a blank before texts that have none
  ByteBpe::Workspace workspace;
  int32_t word = 0;                   // index of the next one
  std::u32string points;              // of the part, with its prefix
  std::vector<int32_t> sources;       // where in the text each of them stands
  std::string bytes;                  // of the word, UTF-8
  std::vector<std::size_t> point_of;  // of each byte
};

ByteBpeTokenizer::ByteBpeTokenizer(const ByteBpeSettings& settings)
    : VocabularyTokenizer(settings, byte_bpe_fingerprint(settings)),
      add_prefix_space_(settings.add_prefix_space),
      trim_offsets_(settings.trim_offsets),
      bpe_(settings.tokens, settings.merges, settings.unknown_id),
      added_(make_matcher(settings.added_tokens)) {
  for (const auto& token : settings.all_tokens()) blanks_.push_back(blanks_of(decode_utf8(token)));
}

ByteBpeTokenizer::Blanks ByteBpeTokenizer::blanks_of(std::u32string_view token) {
  const auto blank = [](char32_t c) { return c == kBlank || is_bert_space(c); };
  const auto first = std::find_if_not(token.begin(), token.end(), blank);
  const auto last = std::find_if_not(token.rbegin(), token.rend(), blank);
  return {static_cast<int32_t>(first - token.begin()), static_cast<int32_t>(last - token.rbegin())};
}

void ByteBpeTokenizer::tokenize(std::string_view text, Input input, TextTokens& tokens) const {
  Run run{tokens, add_prefix_space_ || input == Input::kWord, {}, 0, {}, {}, {}, {}};
  const std::u32string points = decode_utf8(text);
  for (const auto& part : added_.split(points)) {
    if (part.id == kPlainText) {
      tokenize_part(std::u32string_view(points).substr(part.begin, part.end - part.begin), part.begin, run);
    } else {
      const auto swallowed = blanks_of(std::u32string_view(points).substr(part.begin, part.end - part.begin));
      const auto begin = static_cast<int32_t>(part.begin), end = static_cast<int32_t>(part.end);
      tokens.push(part.id, trim_offsets_ ? trimmed({begin, end}, swallowed, begin == 0) : Range{begin, end},
                  run.word++);
    }
  }
}

void ByteBpeTokenizer::tokenize_part(std::u32string_view text, std::size_t begin, Run& run) const {
  run.points.clear();
  run.sources.clear();
  if (run.prefix && text.front() != U' ') {
    run.points += U' ';
    run.sources.push_back(static_cast<int32_t>(begin));
  }
  run.points += text;
  for (std::size_t i = 0; i < text.size(); ++i) run.sources.push_back(static_cast<int32_t>(begin + i));
  for (std::size_t word = 0; word < run.points.size();) {
    const std::size_t end = end_of_bpe_word(run.points, word);
    append_word(word, end, run);
    word = end;
  }
}

void ByteBpeTokenizer::append_word(std::size_t begin, std::size_t end, Run& run) const {
  run.bytes.clear();
  run.point_of.clear();
  for (std::size_t i = begin; i < end; ++i) {
    append_utf8(run.bytes, run.points[i]);
    run.point_of.resize(run.bytes.size(), i);
  }
  bpe_.split(run.bytes, run.workspace);
  for (const auto& piece : run.workspace.pieces) {
    run.tokens.push(piece.id,
                    {run.sources[run.point_of[piece.begin]], run.sources[run.point_of[piece.end - 1]] + 1},
                    run.word);
  }
  ++run.word;
}

// As the reference does it: the blank that was put before a text is no character of it, so that the first
// token of a text, or one at its beginning, has one blank less to leave out.
ByteBpeTokenizer::Range ByteBpeTokenizer::trimmed(Range range, Blanks blanks, bool first) const {
  if (first && add_prefix_space_) blanks.before = std::max(blanks.before - 1, 0);
  range.first = std::min(range.first + blanks.before, range.second);
  if (range.second >= blanks.after) range.second = std::max(range.second - blanks.after, range.first);
  return range;
}

Encoding ByteBpeTokenizer::finished(Encoding encoding) const {
  if (!trim_offsets_) return encoding;
  for (std::size_t i = 0; i < encoding.ids.size(); ++i) {
    if (encoding.word_ids[i] < 0) continue;
    const bool first = i == 0 || encoding.word_ids[i - 1] < 0 || encoding.offsets[i].first == 0;
    encoding.offsets[i] = trimmed(encoding.offsets[i], blanks_[encoding.ids[i]], first);
  }
  return encoding;
}

std::string ByteBpeTokenizer::join(const std::vector<std::string>& tokens) const {
  std::string bytes, text;
  for (const auto& token : tokens) bytes += characters_as_bytes(token).value_or(token);
  for (char32_t point : decode_utf8(bytes)) append_utf8(text, point);
  return text;
}

std::string ByteBpeTokenizer::description() const {
  return "byte-level BPE  " + thousands(vocabulary_size()) + " entries  cased";
}

}  // namespace adaptune
