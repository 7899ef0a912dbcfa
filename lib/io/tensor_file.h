#pragma once
// Named tensors in files: safetensors (ours and everybody's) and PyTorch's zip-pickle `.bin`, read by
// a restricted reader that knows tensors and plain containers and executes nothing.
// Every function throws InputError (content) or IoError (file system) naming the file and the tensor;
// the functions that make bytes know no file and name the tensor only.

#include <torch/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "io/weight_files.h"

namespace adaptune {

using TensorMap = std::map<std::string, torch::Tensor>;
using TextMap = std::map<std::string, std::string>;

// Memory-mapped: the returned contiguous CPU tensors are views of the mapping (kept alive by them), or
// copies where the file does not align them. They must not be written to: a write stays in this process
// but is seen by every alias. Fully validated: header size, JSON, known dtypes, offsets without overlap
// or hole, sizes that match the shapes. `metadata`, if given, receives `__metadata__`.
TensorMap read_safetensors(const std::filesystem::path& file, TextMap* metadata = nullptr);
// The bytes of a safetensors file: what the format's own library writes for this content (wider dtypes
// first, then by name; contiguous).
std::string safetensors_bytes(const TensorMap& tensors, const TextMap& metadata = {});
void write_safetensors(const std::filesystem::path& file, const TensorMap& tensors,
                       const TextMap& metadata = {});

// A safetensors file of one tensor that need not fit into memory: `fill` hands over its rows in order, any
// number at a time, as tensors [n, ..] of its type and row shape. In place only once it is complete; what
// `fill` throws passes on. std::logic_error where it handed over more or less than `shape` says.
using RowSink = std::function<void(const torch::Tensor& rows)>;
struct TensorRows {
  std::string name;
  torch::ScalarType type = torch::kFloat32;
  std::vector<int64_t> shape;
};
void write_tensor_rows(const std::filesystem::path& file, const TensorRows& tensor, const TextMap& metadata,
                       const std::function<void(const RowSink&)>& fill);

// A state dict saved by torch.save (zip container; dict or OrderedDict of tensors, nested plain
// containers skipped over only if they hold no tensors; of a checkpoint with an entry 'state_dict' that
// entry). Memory-mapped as above. Shared storages, offsets and strides honoured: a tensor that was saved
// as a non-contiguous view is one again.
TensorMap read_pickle(const std::filesystem::path& file);
// What torch.load(weights_only=True) reads: a plain dict of contiguous tensors, each with its own
// storage. The same tensors give the same bytes.
std::string pickle_bytes(const TensorMap& tensors);
void write_pickle(const std::filesystem::path& file, const TensorMap& tensors);

// By ending: .safetensors, or .bin/.pt/.pth as pickle.
TensorMap read_tensor_file(const std::filesystem::path& file);

// All weights of a Hugging Face model folder (see find_weight_files). Shards must hold what their index
// says, no tensor twice.
TensorMap read_weights(const std::filesystem::path& folder);

}  // namespace adaptune
