#include "tokenizer/wordpiece_decode.h"

#include <cstddef>
#include <string_view>

namespace adaptune {
namespace {

struct Replacement {
  std::string_view from, to;
  bool in_text;  // also part of the clean-up of whole texts
};

constexpr Replacement kCleanup[] = {
    {" .", ".", true},   {" ?", "?", true},     {" !", "!", true},     {" ,", ",", true},
    {" ' ", "'", true},  {" n't", "n't", true}, {" 'm", "'m", true},   {" do not", " don't", false},
    {" 's", "'s", true}, {" 've", "'ve", true}, {" 're", "'re", true},
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t i = text.find(from); i != std::string::npos; i = text.find(from, i + to.size())) {
    text.replace(i, from.size(), to);
  }
}

void clean_up(std::string& text, bool whole_text) {
  for (const auto& replacement : kCleanup) {
    if (!whole_text || replacement.in_text) replace_all(text, replacement.from, replacement.to);
  }
}

}  // namespace

std::string decode_pieces(const std::vector<std::string>& tokens, const WordPieceDecoder& decoder) {
  std::string text;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    std::string token = tokens[i];
    bool continuation = decoder.joins_pieces && token.compare(0, decoder.prefix.size(), decoder.prefix) == 0;
    if (i > 0) token = continuation ? token.substr(decoder.prefix.size()) : " " + token;
    if (decoder.joins_pieces && decoder.cleanup) clean_up(token, false);
    text += token;
  }
  if (decoder.cleanup_text) clean_up(text, true);
  return text;
}

}  // namespace adaptune
