#pragma once

#include <cstddef>
#include <string_view>

namespace adaptune {

// Where the word that begins at `begin` ends, as GPT-2 splits texts (Radford et al. 2019): English
// contractions, then letters, numbers or other characters, each with one blank before them, then white space,
// of which the last character is left to the word behind it.
std::size_t end_of_bpe_word(std::u32string_view text, std::size_t begin);

}  // namespace adaptune
