#pragma once
// K-Adapter, Wang et al. 2021: a small network beside a frozen encoder, which reads its hidden states and
// gives nothing back to it.

#include <torch/torch.h>

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "adapter/knowledge_options.h"
#include "nn/encoder_layer.h"
#include "nn/tokens.h"

namespace adaptune {

// One adapter layer for each position, chained. Tensors are named as "layers.0.down.weight" and
// "layers.0.encoder.1.query.weight".
class KnowledgeAdapter : public torch::nn::Module {
 public:
  // Fresh. TORCH_CHECKs that the heads divide the width.
  KnowledgeAdapter(const KnowledgeOptions& options, const KnowledgeShape& shape);

  const std::vector<int64_t>& positions() const { return shape_.positions; }
  // `states`, one [N, D] for each position, to c_1 to c_K, [N, D] each. With `chosen` [B, M], rows of the
  // stream, as many of each sequence, c_K is that of these tokens alone, [B M, D].
  std::vector<torch::Tensor> forward(const std::vector<torch::Tensor>& states, const Tokens& tokens,
                                     const torch::Tensor& chosen = {});
  bool needs_padding() const { return !options_.mask_padding; }
  // Of everything that what it gives depends on, beside its input: 64 hexadecimal digits.
  std::string digest() const;

 private:
  struct Layer {
    Linear down, up;                   // of the registered modules' parameters
    std::deque<EncoderLayer> encoder;  // sites point into it: elements must not move
  };
  void add_layer(int64_t index);
  torch::Tensor run(const Layer& layer, const torch::Tensor& input, const Tokens& tokens,
                    const torch::Tensor& chosen) const;

  KnowledgeOptions options_;
  KnowledgeShape shape_;
  std::deque<Layer> layers_;
};

}  // namespace adaptune
