#include "data/activation_cache.h"

#include <torch/torch.h>

#include <cstring>
#include <map>

#include "core/error.h"
#include "core/file_pages.h"
#include "core/joined.h"
#include "core/sha256.h"
#include "core/stop_signal.h"
#include "io/tensor_file.h"
#include "nn/host_tensor.h"

namespace adaptune {
namespace {

constexpr const char* kStates = "states";
constexpr const char* kFormat = "adaptune activations 1";
constexpr int64_t kTokensAtOnce = 4096;

template <typename T>
void update(Sha256& digest, const std::vector<T>& values) {
  digest.update(std::to_string(values.size()) + ":");
  digest.update(values.data(), values.size() * sizeof(T));
}

std::string token_digest(const EncodedSplit& split) {
  Sha256 digest;
  update(digest, split.row_starts);
  update(digest, split.ids);
  update(digest, split.type_ids);
  return digest.hex();
}

std::string layer_text(const std::vector<int64_t>& layers) {
  std::string text;
  for (const int64_t layer : layers) text += (text.empty() ? "" : ",") + std::to_string(layer);
  return text;
}

TextMap description(const ActivationKey& key, const EncodedSplit& split) {
  TextMap text = {{"format", kFormat},
                  {"arithmetic", key.arithmetic},
                  {"backbone", key.backbone},
                  {"layers", layer_text(key.layers)},
                  {"tokens", token_digest(split)},
                  {"type", c10::toString(key.type)}};
  if (!key.adapters.empty()) text.emplace("adapters", joined(key.adapters));
  return text;
}

std::vector<int64_t> shape_of(const ActivationKey& key, const EncodedSplit& split) {
  return {split.row_starts.back(), key.values(), key.hidden_size};
}

// The rows from `begin` on that are computed at once: at least one.
std::vector<int64_t> rows_at_once(const EncodedSplit& split, int64_t begin) {
  std::vector<int64_t> rows = {begin};
  const int64_t start = split.row_starts[begin];
  for (int64_t row = begin + 1; row < split.size() && split.row_starts[row + 1] - start <= kTokensAtOnce;
       ++row)
    rows.push_back(row);
  return rows;
}

class Stopped {};

template <typename T>
void widen_rows(const torch::Tensor& from, float* to) {
  const T* row = from.const_data_ptr<T>();
  for (int64_t t = 0; t < from.size(0); ++t, row += from.stride(0)) {
    for (int64_t d = 0; d < from.size(1); ++d) *to++ = static_cast<float>(row[d]);
  }
}

// [T, D] into float32. Not by LibTorch's loops, which in the thread that makes batches ahead would begin
// threads beside those that compute.
void widen(const torch::Tensor& from, float* to) {
  switch (from.scalar_type()) {
    case torch::kBFloat16:
      return widen_rows<at::BFloat16>(from, to);
    case torch::kFloat16:
      return widen_rows<at::Half>(from, to);
    default:
      return widen_rows<float>(from, to);
  }
}

}  // namespace

std::filesystem::path ActivationCache::file(const std::filesystem::path& folder, const ActivationKey& key,
                                            const EncodedSplit& split) {
  std::string text;
  for (const auto& [name, value] : description(key, split)) text += name + "=" + value + "\n";
  return folder / (sha256_hex(text).substr(0, 32) + ".safetensors");
}

int64_t ActivationCache::bytes(const ActivationKey& key, const EncodedSplit& split) {
  return c10::multiply_integers(shape_of(key, split)) * static_cast<int64_t>(c10::elementSize(key.type));
}

ActivationCache::ActivationCache(const std::filesystem::path& file, const ActivationKey& key,
                                 const EncodedSplit& split)
    : layers_(key.layers), row_starts_(split.row_starts) {
  TextMap metadata;
  const TensorMap tensors = read_safetensors(file, &metadata);
  const auto found = tensors.find(kStates);
  const bool fits = metadata == description(key, split) && tensors.size() == 1 && found != tensors.end() &&
                    found->second.sizes() == at::IntArrayRef(shape_of(key, split)) &&
                    found->second.scalar_type() == key.type;
  if (!fits) throw InputError(file.string() + ": holds other states than its name says");
  values_ = found->second;
}

Trunk ActivationCache::states(const std::vector<int64_t>& rows, const Tokens& tokens,
                              torch::Device device) const {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> results;
  for (int64_t s = 0; s < values_.size(1); ++s) {
    results.push_back(host_tensor({tokens.size(), values_.size(2)}, torch::kFloat32, device));
    std::memset(results.back().data_ptr(), 0, results.back().nbytes());
  }
  for (int64_t b = 0; b < tokens.rows(); ++b) {
    const int64_t begin = row_starts_[rows[b]], length = row_starts_[rows[b] + 1] - begin;
    const torch::Tensor own = values_.narrow(0, begin, length);  // [T, S, D]
    for (size_t s = 0; s < results.size(); ++s)
      widen(own.select(1, static_cast<int64_t>(s)), tokens.of(results[s], b).data_ptr<float>());
    // What has been read is the file's to keep: memory does not grow with the data.
    release_file_pages(own.const_data_ptr(), own.nbytes());
  }
  Trunk trunk;
  for (size_t s = 0; s < layers_.size(); ++s) trunk.states.emplace(layers_[s], moved(results[s], device));
  for (size_t s = layers_.size(); s < results.size(); ++s) trunk.outputs.push_back(moved(results[s], device));
  return trunk;
}

bool write_activations(const std::filesystem::path& file, const ActivationKey& key, const EncodedSplit& split,
                       const CollateOptions& collation, const StatesOf& states_of) {
  const torch::NoGradGuard no_grad;
  const TensorRows tensor{kStates, key.type, shape_of(key, split)};
  try {
    write_tensor_rows(file, tensor, description(key, split), [&](const RowSink& sink) {
      for (int64_t begin = 0; begin < split.size();) {
        if (stop_requested()) throw Stopped();
        const auto rows = rows_at_once(split, begin);
        const Batch batch = collate(split, rows, collation);
        const torch::Tensor states = states_of(batch).to(key.type).cpu();  // [N, S, D]
        for (int64_t b = 0; b < batch.size(); ++b) sink(batch.tokens.of(states, b));
        begin += batch.size();
      }
    });
  } catch (const Stopped&) {
    return false;
  }
  return true;
}

}  // namespace adaptune
