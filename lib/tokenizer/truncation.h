#pragma once
// How many tokens of each text are kept, and how a long text is cut into overlapping windows.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tokenizer/tokenizer.h"

namespace adaptune {

struct PairLengths {
  std::size_t first = 0, second = 0;
};

// Half-open range of tokens.
struct TokenRange {
  std::size_t begin = 0, end = 0;
};

// The lengths kept of a pair (of one text: second = 0, `is_pair` false) so that together they are at most
// `room`. kOnlyFirst and kOnlySecond throw InputError where that text alone cannot give enough.
PairLengths truncated_lengths(PairLengths lengths, bool is_pair, std::size_t room, Truncation strategy);

// The `kept` tokens that remain of `length`: the first ones when cutting on the right, else the last ones.
TokenRange kept_range(std::size_t length, std::size_t kept, Side side);

// Windows of at most `room` tokens that cover `length` tokens; neighbours share `stride` of them. From the
// left end on for Side::kRight, from the right end on for kLeft. Needs stride < room if one is not enough.
std::vector<TokenRange> window_ranges(std::size_t length, std::size_t room, std::size_t stride, Side side);

}  // namespace adaptune
