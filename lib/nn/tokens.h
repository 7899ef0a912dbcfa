#pragma once
// How the tokens of a batch lie in one stream [N, D] that per-token work runs over: sequence behind sequence,
// each as long as it is. Nothing but attention, and what speaks of whole sequences, looks at it.

#include <torch/types.h>

#include <cstdint>
#include <vector>

namespace adaptune {

// One sequence's rows in the stream.
struct Sequence {
  int64_t begin = 0, length = 0;    // [begin, begin + length): its tokens, padding included
  int64_t first_key = 0, keys = 0;  // [first_key, first_key + keys): its real tokens, which attention reads
};

struct Tokens {
  std::vector<Sequence> sequences;  // B, in the order of the stream and without gaps
  torch::Tensor positions;          // [N] int64: a token's index in its sequence
  torch::Tensor starts;             // [B] int64: rows of the sequences' first tokens
  torch::Tensor mask;               // [N] bool, true at real tokens; undefined: all are real

  int64_t rows() const { return static_cast<int64_t>(sequences.size()); }  // B
  int64_t size() const { return positions.size(0); }                       // N
  // The real tokens of sequence b in a value of all tokens: [N, ..] -> [keys, ..].
  torch::Tensor of(const torch::Tensor& value, int64_t b) const {
    return value.narrow(0, sequences[b].first_key, sequences[b].keys);
  }
  // A stream without padding inside as [B, T, ..]. TORCH_CHECKs that all sequences have one length.
  torch::Tensor by_sequence(const torch::Tensor& value) const;
  // One value a sequence to its tokens: [B, ..] -> [N, ..].
  torch::Tensor spread(const torch::Tensor& value) const;
};

// Sequences of these lengths, none padded but the last one: matrix kernels are built anew for every number of
// rows, so N is filled up to a round one, at most 1/64 above it for 256 tokens and more. What is filled in
// has position 0.
Tokens packed_tokens(const std::vector<int64_t>& lengths, torch::Device device);
// Each sequence padded behind to the longest.
Tokens padded_tokens(const std::vector<int64_t>& lengths, torch::Device device);
// Padded as `attention_mask` [B, T] says (undefined: all of [rows, length] real), in front or behind. The
// real tokens of a row must be neighbours.
Tokens masked_tokens(const torch::Tensor& attention_mask, int64_t rows, int64_t length);
// So many chosen tokens of each sequence alone: N = B * each.
Tokens chosen_tokens(const Tokens& tokens, int64_t each);

}  // namespace adaptune
