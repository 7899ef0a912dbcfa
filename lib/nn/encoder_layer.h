#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "nn/activation.h"
#include "nn/layer_norm.h"
#include "nn/linear.h"
#include "nn/site.h"

namespace adaptune {

// Shape and constants of a Transformer layer.
struct EncoderLayerShape {
  int64_t hidden = 0, heads = 0, intermediate = 0;
  double epsilon = 1e-12;
  std::string activation = "gelu";
  bool pre_norm = false;                          // norms in front of the sublayers, not behind the joins
  std::string self_attention = "attention.self";  // the checkpoint's name of the part with query, key, value
};

// Dropout probabilities in force for one forward pass; zero in evaluation.
struct DropoutRates {
  double hidden = 0, attention = 0;
};

// Transformer layer, post-norm as in Devlin et al. 2019 or pre-norm as in Dosovitskiy et al. 2021, with a
// site around every function an adapter may wrap.
class EncoderLayer {
 public:
  // `module` is the checkpoint's name of the layer: "encoder.layer.3".
  EncoderLayer(const EncoderLayerShape& shape, int64_t index, const std::string& module);

  // stream [N, D] -> [N, D], or more copies of it (nn/copies.h)
  torch::Tensor forward(const torch::Tensor& stream, const Tokens& tokens, const DropoutRates& dropout) const;
  // The same for the tokens in these rows of the stream alone, as many of each sequence, sequence behind
  // sequence: `chosen` [B, K] int64 -> [B K, D]. Exact where is_token_wise(): only keys and values see the
  // others.
  torch::Tensor forward_chosen(const torch::Tensor& stream, const Tokens& tokens, const torch::Tensor& chosen,
                               const DropoutRates& dropout) const;
  bool is_token_wise();  // all adapters in it are
  std::vector<Site*> sites();
  std::vector<Linear*> linears() { return {&query, &key, &value, &attention_output, &intermediate, &output}; }

  Linear query, key, value, attention_output, intermediate, output;
  LayerNorm attention_norm, ffn_norm;

 private:
  struct Sites {
    Site layer, attention, query, key, value, attention_output, attention_residual;
    Site ffn, intermediate, activation, output, ffn_residual;
  };
  // Tokens of the queries, and of the stream that runs on.
  struct Rows {
    const Tokens& all;
    const Tokens& tokens;
    torch::Tensor chosen;  // undefined: all
    torch::Tensor of(const torch::Tensor& x) const {
      return chosen.defined() ? x.index_select(-2, chosen) : x;
    }
  };
  torch::Tensor run(const torch::Tensor& stream, const Rows& rows, const DropoutRates& dropout) const;
  torch::Tensor attention(const torch::Tensor& x, const Rows& rows, const DropoutRates&) const;
  torch::Tensor feed_forward(const torch::Tensor& x, const SiteContext& context, const DropoutRates&) const;
  // Where the norm is: in front of a sublayer, or behind its join.
  torch::Tensor before(const LayerNorm& norm, const torch::Tensor& x) const {
    return shape_.pre_norm ? norm(x) : x;
  }
  torch::Tensor joined(const LayerNorm& norm, const torch::Tensor& x, const torch::Tensor& h) const;

  EncoderLayerShape shape_;
  Activation activation_;
  Sites sites_;
};

}  // namespace adaptune
