#include "nn/tokens.h"

#include <torch/torch.h>

#include <algorithm>

#include "nn/host_tensor.h"

namespace adaptune {
namespace {

using torch::Tensor;

// The tensors for sequences that are laid out.
Tokens tokens_of(std::vector<Sequence> sequences, torch::Device device, int64_t filled = 0) {
  const int64_t size = sequences.empty() ? 0 : sequences.back().begin + sequences.back().length;
  const auto rows = static_cast<int64_t>(sequences.size());
  Tensor positions = host_tensor({size}, torch::kInt64, device),
         starts = host_tensor({rows}, torch::kInt64, device),
         mask = host_tensor({size}, torch::kBool, device);
  auto *position = positions.data_ptr<int64_t>(), *start = starts.data_ptr<int64_t>();
  auto* real = mask.data_ptr<bool>();
  bool padded = false;
  for (const auto& sequence : sequences) {
    *start++ = sequence.begin;
    padded = padded || sequence.keys < sequence.length;
    for (int64_t i = 0; i < sequence.length; ++i) {
      const int64_t row = sequence.begin + i;
      *position++ = i;
      *real++ = row >= sequence.first_key && row < sequence.first_key + sequence.keys;
    }
  }
  std::fill(position - filled, position, 0);
  Tokens tokens{std::move(sequences), moved(positions, device), moved(starts, device), Tensor()};
  if (padded) tokens.mask = moved(mask, device);
  return tokens;
}

// The next round number of rows.
int64_t filled_up(int64_t rows) {
  int64_t step = 4;
  while (step * 128 <= rows) step *= 2;
  return (rows + step - 1) / step * step;
}

}  // namespace

Tensor Tokens::by_sequence(const Tensor& value) const {
  const int64_t length = size() / rows();
  for (const auto& sequence : sequences) {
    TORCH_CHECK(sequence.length == length, "sequences of ", sequence.length, " and of ", length,
                " tokens where all should be padded to one length");
  }
  auto shape = value.sizes().vec();
  shape[0] = length;
  shape.insert(shape.begin(), rows());
  return value.view(shape);
}

Tensor Tokens::spread(const Tensor& value) const {
  const auto options = torch::TensorOptions(torch::kInt64);
  Tensor counts = torch::empty({rows()}, options);
  for (int64_t b = 0; b < rows(); ++b) counts.data_ptr<int64_t>()[b] = sequences[b].length;
  return at::repeat_interleave(value, counts.to(value.device()), 0, size());
}

Tokens packed_tokens(const std::vector<int64_t>& lengths, torch::Device device) {
  std::vector<Sequence> sequences;
  int64_t begin = 0;
  for (const int64_t length : lengths) {
    sequences.push_back({begin, length, begin, length});
    begin += length;
  }
  const int64_t filled = filled_up(begin) - begin;
  if (!sequences.empty()) sequences.back().length += filled;
  return tokens_of(std::move(sequences), device, filled);
}

Tokens padded_tokens(const std::vector<int64_t>& lengths, torch::Device device) {
  std::vector<Sequence> sequences;
  const int64_t longest = lengths.empty() ? 0 : *std::max_element(lengths.begin(), lengths.end());
  for (const int64_t length : lengths) {
    const int64_t begin = longest * static_cast<int64_t>(sequences.size());
    sequences.push_back({begin, longest, begin, length});
  }
  return tokens_of(std::move(sequences), device);
}

Tokens masked_tokens(const Tensor& attention_mask, int64_t rows, int64_t length) {
  if (!attention_mask.defined()) return padded_tokens(std::vector<int64_t>(rows, length), torch::kCPU);
  const Tensor host = attention_mask.to(torch::kCPU, torch::kBool).contiguous();
  std::vector<Sequence> sequences;
  for (int64_t b = 0; b < rows; ++b) {
    const bool *row = host.data_ptr<bool>() + b * length, *end = row + length;
    const int64_t keys = std::count(row, end, true), first = std::find(row, end, true) - row;
    TORCH_CHECK(std::count(row + first, std::min(row + first + keys, end), true) == keys,
                "attention_mask has padding between the tokens of row ", b);
    sequences.push_back({b * length, length, b * length + first, keys});
  }
  return tokens_of(std::move(sequences), attention_mask.device());
}

Tokens chosen_tokens(const Tokens& tokens, int64_t each) {
  std::vector<Sequence> sequences;
  for (int64_t b = 0; b < tokens.rows(); ++b) sequences.push_back({b * each, each, b * each, each});
  return tokens_of(std::move(sequences), tokens.positions.device());
}

}  // namespace adaptune
