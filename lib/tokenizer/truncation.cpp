#include "tokenizer/truncation.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/error.h"

namespace adaptune {
namespace {

PairLengths longest_first(PairLengths lengths, std::size_t room) {
  bool swapped = lengths.first > lengths.second;
  std::size_t shorter = std::min(lengths.first, lengths.second);
  std::size_t longer = shorter > room ? shorter : std::max(shorter, room - shorter);
  if (shorter + longer > room) {
    shorter = room / 2;
    longer = shorter + room % 2;
  }
  return swapped ? PairLengths{longer, shorter} : PairLengths{shorter, longer};
}

std::size_t shortened(std::size_t length, std::size_t excess, const std::string& which) {
  if (length > excess) return length - excess;
  throw InputError("truncation of only the " + which + " text: its " + std::to_string(length) +
                   " tokens cannot make up for " + std::to_string(excess) +
                   " too many; raise the maximum length or truncate the longest first");
}

}  // namespace

PairLengths truncated_lengths(PairLengths lengths, bool is_pair, std::size_t room, Truncation strategy) {
  std::size_t total = lengths.first + lengths.second;
  if (strategy == Truncation::kNone || total <= room) return lengths;
  if (room == 0) return {};
  if (strategy == Truncation::kOnlySecond) {
    if (!is_pair)
      throw InputError("truncation of only the second text: there is one text; truncate the first");
    return {lengths.first, shortened(lengths.second, total - room, "second")};
  }
  if (strategy == Truncation::kOnlyFirst) {
    return {shortened(lengths.first, total - room, "first"), lengths.second};
  }
  return is_pair ? longest_first(lengths, room) : PairLengths{room, 0};
}

TokenRange kept_range(std::size_t length, std::size_t kept, Side side) {
  return side == Side::kRight ? TokenRange{0, kept} : TokenRange{length - kept, length};
}

std::vector<TokenRange> window_ranges(std::size_t length, std::size_t room, std::size_t stride, Side side) {
  if (length <= room) return {{0, length}};
  if (stride >= room) {
    throw InputError("windows: stride " + std::to_string(stride) + " does not fit windows of " +
                     std::to_string(room) + " tokens; lower the stride or raise the maximum length");
  }
  std::vector<TokenRange> windows;
  for (std::size_t skipped = 0;; skipped += room - stride) {
    std::size_t reached = std::min(skipped + room, length);
    windows.push_back(side == Side::kRight ? TokenRange{skipped, reached}
                                           : TokenRange{length - reached, length - skipped});
    if (reached == length) return windows;
  }
}

}  // namespace adaptune
