#pragma once
// What frozen weights give, computed once for each example of a split and kept in a file: the states below
// the lowest adapter are a constant of the input (Rücklé et al. 2021), and so are all of a network that
// adapters only read from (Wang et al. 2021), and what such adapters give once they are learned.
//
// The file is a safetensors file of one tensor "states" [L, S, D]: L tokens of all examples in the order of
// the split, S values each, the states and behind them the adapters' outputs.

#include <torch/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/collate.h"
#include "data/encoded.h"
#include "nn/batch.h"

namespace adaptune {

// What states depend on beside the tokens.
struct ActivationKey {
  std::string arithmetic;       // whatever else the numbers depend on: device, precision of products
  std::string backbone;         // its fingerprint
  std::vector<int64_t> layers;  // of the states: 0 the embeddings, i behind layer i - 1
  int64_t hidden_size = 0;      // D
  torch::ScalarType type = torch::kFloat32;  // in the file: kFloat32, kBFloat16 or kFloat16
  std::vector<std::string> adapters = {};    // digests of the knowledge adapters whose outputs are kept
  int64_t values() const { return static_cast<int64_t>(layers.size() + adapters.size()); }  // S
};

class ActivationCache {
 public:
  // The file of a key and a split in a folder: its name is a digest of both.
  static std::filesystem::path file(const std::filesystem::path& folder, const ActivationKey& key,
                                    const EncodedSplit& split);
  static int64_t bytes(const ActivationKey& key, const EncodedSplit& split);  // of its tensor

  // Memory-mapped. InputError for a file that is missing, damaged, or of another key or split.
  ActivationCache(const std::filesystem::path& file, const ActivationKey& key, const EncodedSplit& split);

  // What is kept of these rows' tokens, laid out as `tokens`: [N, D] float32 on `device`, zero at padding.
  Trunk states(const std::vector<int64_t>& rows, const Tokens& tokens,
               torch::Device device = torch::kCPU) const;

 private:
  std::vector<int64_t> layers_, row_starts_;
  torch::Tensor values_;  // [L, S, D]
};

// The values [N, S, D] of a batch.
using StatesOf = std::function<torch::Tensor(const Batch&)>;
// Computes those of a whole split, the same ones at every call, and puts them in place once they are
// complete. False, and no file, when a signal asked to stop. IoError naming the file.
bool write_activations(const std::filesystem::path& file, const ActivationKey& key, const EncodedSplit& split,
                       const CollateOptions& collation, const StatesOf& states_of);

}  // namespace adaptune
