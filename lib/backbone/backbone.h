#pragma once
// A frozen network. It knows its sites and its tensors, and nothing about adapters, heads, tasks or
// training.

#include <nlohmann/json_fwd.hpp>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "io/tensor_file.h"
#include "nn/batch.h"
#include "nn/linear.h"
#include "nn/site.h"

namespace adaptune {

// What a forward pass is asked for; only that is computed and kept.
struct Wanted {
  std::vector<int64_t> states = {};  // which hidden states: 0 the embeddings, i behind layer i - 1
  bool pooled = false;
  bool every_token = true;  // of the last layer; else only the first of each sequence
  bool marked = false;      // of the last layer: the tokens that Batch::marks names
  bool words = false;       // the embeddings of all words
  // Only so many of the lowest layers are computed, and the last of them is the "last layer"; empty: all.
  std::optional<int64_t> layers = std::nullopt;
  bool state(int64_t index) const { return std::find(states.begin(), states.end(), index) != states.end(); }
};
// All that there are.
inline std::vector<int64_t> all_states(int64_t layers) {
  std::vector<int64_t> states(static_cast<size_t>(layers) + 1);
  std::iota(states.begin(), states.end(), 0);
  return states;
}

// With several tasks in one pass each value has as many copies as tasks differ on it (nn/copies.h).
struct Features {
  torch::Tensor first;                      // [B, D] of the last layer: the first token of each sequence
  torch::Tensor last;                       // [N, D] of the last layer, if every token is wanted
  torch::Tensor pooled;                     // [B, D], if wanted: BERT's tanh layer on `first`
  torch::Tensor marked;                     // [B M, D], if wanted
  torch::Tensor words;                      // [V, D], if wanted
  std::map<int64_t, torch::Tensor> states;  // [N, D], those that are wanted
};

enum class TensorRole {
  kWeight,
  kBias,
  kNormWeight,  // of layer norms
  kNormBias,
  kBatchNormWeight,
  kBatchNormBias,
  kRunningMean,  // of batch norms; not trained, but followed
  kRunningVar,
  kEmbedding
};

enum class InputKind { kText, kImage };

// One named tensor of a backbone. Overrides (full fine-tuning, LayerNorms, biases) replace *tensor.
struct TensorSlot {
  std::string name;  // Hugging Face's name in the base model: "encoder.layer.0.output.dense.bias"
  torch::Tensor* tensor;
  std::vector<int64_t> shape;
  TensorRole role;
  int64_t layer;          // -1: embeddings; number of layers: above them (pooler)
  bool optional = false;  // of the pooler: a checkpoint may lack it, and then it stays undefined
};
// Followed, not trained.
inline bool is_running(TensorRole role) {
  return role == TensorRole::kRunningMean || role == TensorRole::kRunningVar;
}

struct BackboneInfo {
  std::string family;  // Hugging Face's model_type: "bert"
  InputKind input = InputKind::kText;
  std::string prefix;  // of names saved from a model with a head: "bert"
  int64_t layers = 0, hidden_size = 0, max_positions = 0, vocabulary = 0;
  double hidden_dropout = 0, attention_dropout = 0;
  std::optional<double> classifier_dropout;
  double init_range = 0.02;    // standard deviation of fresh weights
  int64_t image_size = 0;      // of both sides, where that is fixed
  int64_t image_multiple = 1;  // both sides are multiples of it
  std::string classifier;      // the checkpoint's name of a linear classifier on top, without the prefix
};

class Backbone {
 public:
  virtual ~Backbone() = default;
  // Goes on from the batch's trunk where it has one; the states below that cannot be wanted then
  // (TORCH_CHECK).
  virtual Features forward(const Batch& batch, const Wanted& wanted) = 0;
  virtual std::vector<Site*> sites() = 0;
  virtual std::vector<TensorSlot> tensors() = 0;
  virtual const BackboneInfo& info() const = 0;
  virtual std::vector<Linear*> linears() = 0;
  // Whether products with frozen weights are computed in bfloat16.
  void set_bfloat16(bool on) {
    for (Linear* linear : linears()) linear->bfloat16 = on;
  }
  // Dropout inside the frozen network: on in training with `backbone_dropout`, else off.
  void set_dropout(bool on) { dropout_ = on; }
  bool dropout() const { return dropout_; }
  // Whether batch norms that a task owns read the batch's statistics.
  virtual void set_training(bool /*on*/) {}

 private:
  bool dropout_ = false;
};

// One row a family. `build` makes the network with undefined tensors from config.json.
struct BackboneFamily {
  std::string model_type;
  std::unique_ptr<Backbone> (*build)(const nlohmann::json& config);
  // Prefixes of checkpoint names (after the model prefix is stripped) that belong to pretraining or task
  // heads and to buffers: ignored.
  std::vector<std::string> ignored;
  // And such by their ends.
  std::vector<std::string> ignored_ends = {};
};
const std::vector<BackboneFamily>& backbone_families();

// Reads a Hugging Face folder: config.json and weights. Weights are float32, frozen, on `device`.
// Throws InputError naming every missing, unexpected and misshaped tensor, and those with NaN or infinity.
std::unique_ptr<Backbone> load_backbone(const std::filesystem::path& folder, torch::Device device);
// Without weights: sites, shapes and counts only (checks, parameter tables).
std::unique_ptr<Backbone> describe_backbone(const std::filesystem::path& folder);
// The checkpoint's tensors under the names of the base model, old gamma/beta names mended; what belongs
// to a head is returned under its own name in `rest`.
struct CheckpointNames {
  TensorMap base, rest;
};
CheckpointNames sort_checkpoint(const TensorMap& tensors, const BackboneFamily& family,
                                const std::string& prefix);

nlohmann::json read_model_config(const std::filesystem::path& folder);
const BackboneFamily& family_of(const nlohmann::json& config, const std::filesystem::path& folder);

}  // namespace adaptune
