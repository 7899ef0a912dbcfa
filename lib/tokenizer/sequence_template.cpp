#include "tokenizer/sequence_template.h"

#include <limits>

#include "core/error.h"

namespace adaptune {
namespace {

using Kind = TemplateItem::Kind;

// The kept tokens of one text.
struct Kept {
  const TextTokens* tokens;
  TokenRange range;
};

std::size_t special_count(const std::vector<TemplateItem>& items) {
  std::size_t count = 0;
  for (const auto& item : items) count += item.ids.size();
  return count;
}

void append_special(Encoding& encoding, const TemplateItem& item) {
  for (int32_t id : item.ids) {
    encoding.ids.push_back(id);
    encoding.type_ids.push_back(item.type_id);
    encoding.offsets.emplace_back(0, 0);
    encoding.word_ids.push_back(-1);
  }
}

void append_text(Encoding& encoding, const Kept& kept, int32_t type_id) {
  const auto& [tokens, range] = kept;
  encoding.ids.insert(encoding.ids.end(), tokens->ids.begin() + range.begin, tokens->ids.begin() + range.end);
  encoding.offsets.insert(encoding.offsets.end(), tokens->offsets.begin() + range.begin,
                          tokens->offsets.begin() + range.end);
  encoding.word_ids.insert(encoding.word_ids.end(), tokens->word_ids.begin() + range.begin,
                           tokens->word_ids.begin() + range.end);
  encoding.type_ids.resize(encoding.ids.size(), type_id);
}

Encoding fill(const std::vector<TemplateItem>& items, const Kept& first, const Kept& second,
              bool special_tokens) {
  Encoding encoding;
  std::size_t size = first.range.end - first.range.begin + second.range.end - second.range.begin +
                     (special_tokens ? special_count(items) : 0);
  encoding.ids.reserve(size);
  encoding.type_ids.reserve(size);
  encoding.offsets.reserve(size);
  encoding.word_ids.reserve(size);
  for (const auto& item : items) {
    if (item.kind == Kind::kFirst) append_text(encoding, first, item.type_id);
    if (item.kind == Kind::kSecond) append_text(encoding, second, item.type_id);
    if (item.kind == Kind::kSpecial && special_tokens) append_special(encoding, item);
  }
  return encoding;
}

// Tokens of text that fit beside the special ones.
std::size_t room_for_text(const std::vector<TemplateItem>& items, const EncodeOptions& options) {
  if (options.max_length == 0) return std::numeric_limits<std::size_t>::max();
  auto special = static_cast<int64_t>(options.add_special_tokens ? special_count(items) : 0);
  if (options.max_length < special) {
    throw InputError("maximum length " + std::to_string(options.max_length) + ": no room for the " +
                     std::to_string(special) + " special tokens; raise it to at least " +
                     std::to_string(special));
  }
  return static_cast<std::size_t>(options.max_length - special);
}

}  // namespace

SequenceTemplate bert_template(int32_t cls_id, int32_t sep_id) {
  TemplateItem cls{Kind::kSpecial, {cls_id}, 0};
  TemplateItem first{Kind::kFirst, {}, 0};
  TemplateItem sep{Kind::kSpecial, {sep_id}, 0};
  TemplateItem second{Kind::kSecond, {}, 1};
  TemplateItem end{Kind::kSpecial, {sep_id}, 1};
  return {{cls, first, sep}, {cls, first, sep, second, end}};
}

SequenceTemplate roberta_template(int32_t cls_id, int32_t sep_id) {
  TemplateItem cls{Kind::kSpecial, {cls_id}, 0};
  TemplateItem first{Kind::kFirst, {}, 0};
  TemplateItem sep{Kind::kSpecial, {sep_id}, 0};
  TemplateItem between{Kind::kSpecial, {sep_id, sep_id}, 0};
  TemplateItem second{Kind::kSecond, {}, 0};
  return {{cls, first, sep}, {cls, first, between, second, sep}};
}

SequenceTemplate plain_template() {
  TemplateItem first{Kind::kFirst, {}, 0};
  TemplateItem second{Kind::kSecond, {}, 1};
  return {{first}, {first, second}};
}

Encoding assemble(const SequenceTemplate& layout, const TextTokens& first, const TextTokens* second,
                  const EncodeOptions& options) {
  const auto& items = second != nullptr ? layout.pair : layout.single;
  PairLengths lengths{first.ids.size(), second != nullptr ? second->ids.size() : 0};
  PairLengths kept = lengths;
  if (options.truncation != Truncation::kNone) {
    kept = truncated_lengths(lengths, second != nullptr, room_for_text(items, options), options.truncation);
  }
  Encoding encoding =
      fill(items, {&first, kept_range(lengths.first, kept.first, options.side)},
           {second, kept_range(lengths.second, kept.second, options.side)}, options.add_special_tokens);
  encoding.truncated = kept.first < lengths.first || kept.second < lengths.second;
  return encoding;
}

std::vector<Encoding> assemble_windows(const SequenceTemplate& layout, const TextTokens& first,
                                       const TextTokens& second, const EncodeOptions& options,
                                       int64_t stride) {
  if (stride < 0) throw InputError("windows: stride " + std::to_string(stride) + "; must be at least 0");
  std::size_t room = room_for_text(layout.pair, options);
  if (first.ids.size() + second.ids.size() > room && first.ids.size() >= room) {
    throw InputError("windows: the first text has " + std::to_string(first.ids.size()) + " tokens, of " +
                     std::to_string(room) + " that fit; raise the maximum length or shorten the first text");
  }
  auto ranges = window_ranges(second.ids.size(), room - first.ids.size(), static_cast<std::size_t>(stride),
                              options.side);
  std::vector<Encoding> windows;
  for (const auto& range : ranges) {
    windows.push_back(
        fill(layout.pair, {&first, {0, first.ids.size()}}, {&second, range}, options.add_special_tokens));
    windows.back().truncated = ranges.size() > 1;
  }
  return windows;
}

}  // namespace adaptune
