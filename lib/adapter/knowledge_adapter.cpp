#include "adapter/knowledge_adapter.h"

#include <memory>
#include <sstream>
#include <utility>

#include "core/sha256.h"

namespace adaptune {
namespace {

using torch::Tensor;

// Modules that hold a Transformer layer's tensors under its names.
struct Part {
  const char* name;
  Linear EncoderLayer::*linear;
  bool widens, narrows;  // into and out of the intermediate width
};
constexpr Part kParts[] = {
    {"query", &EncoderLayer::query, false, false},
    {"key", &EncoderLayer::key, false, false},
    {"value", &EncoderLayer::value, false, false},
    {"attention_output", &EncoderLayer::attention_output, false, false},
    {"intermediate", &EncoderLayer::intermediate, true, false},
    {"output", &EncoderLayer::output, false, true},
};
constexpr std::pair<const char*, LayerNorm EncoderLayer::*> kNorms[] = {
    {"attention_norm", &EncoderLayer::attention_norm}, {"output_norm", &EncoderLayer::ffn_norm}};

// Registers `own` and computes with its parameters.
Linear added(torch::nn::Module& module, const std::string& name, const torch::nn::Linear& own) {
  module.register_module(name, own);
  Linear linear;
  linear.weight = own->weight;
  linear.bias = own->bias;
  return linear;
}

// The layer computes with the module's parameters.
std::shared_ptr<torch::nn::Module> module_of(EncoderLayer& layer, const KnowledgeShape& shape) {
  auto module = std::make_shared<torch::nn::Module>();
  for (const auto& part : kParts) {
    const torch::nn::LinearOptions size(part.narrows ? shape.inner_intermediate : shape.inner_width,
                                        part.widens ? shape.inner_intermediate : shape.inner_width);
    layer.*part.linear = added(*module, part.name, torch::nn::Linear(size));
  }
  for (const auto& [name, norm] : kNorms) {
    const torch::nn::LayerNorm own(torch::nn::LayerNormOptions({shape.inner_width}));
    module->register_module(name, own.ptr());
    (layer.*norm).weight = own->weight;
    (layer.*norm).bias = own->bias;
  }
  return module;
}

torch::nn::Linear outer_linear(int64_t in, int64_t out, double init_std) {
  const torch::NoGradGuard no_grad;
  torch::nn::Linear linear(in, out);
  linear->weight.normal_(0, init_std);
  linear->bias.zero_();
  return linear;
}

// All positions answer, padded ones too.
Tokens without_mask(Tokens tokens) {
  for (auto& sequence : tokens.sequences) {
    sequence.first_key = sequence.begin;
    sequence.keys = sequence.length;
  }
  tokens.mask = Tensor();
  return tokens;
}

}  // namespace

KnowledgeAdapter::KnowledgeAdapter(const KnowledgeOptions& options, const KnowledgeShape& shape)
    : options_(options), shape_(shape) {
  TORCH_CHECK(shape.inner_width % shape.inner_heads == 0, shape.inner_heads,
              " heads do not divide the width ", shape.inner_width);
  for (size_t i = 0; i < shape.positions.size(); ++i) add_layer(static_cast<int64_t>(i));
}

void KnowledgeAdapter::add_layer(int64_t index) {
  const bool joined = options_.chaining == "concat" && index > 0;
  Layer& layer = layers_.emplace_back();
  auto module = std::make_shared<torch::nn::Module>();
  const int64_t read = joined ? 2 * shape_.hidden : shape_.hidden;
  layer.down = added(*module, "down", outer_linear(read, shape_.inner_width, options_.init_std));
  layer.up = added(*module, "up", outer_linear(shape_.inner_width, shape_.hidden, options_.init_std));
  auto encoder = std::make_shared<torch::nn::Module>();
  EncoderLayerShape inner;
  inner.hidden = shape_.inner_width;
  inner.heads = shape_.inner_heads;
  inner.intermediate = shape_.inner_intermediate;
  inner.epsilon = options_.layer_norm_eps;
  inner.activation = options_.non_linearity;
  for (int64_t i = 0; i < options_.inner_layers; ++i) {
    auto& added = layer.encoder.emplace_back(inner, i, "encoder." + std::to_string(i));
    encoder->register_module(std::to_string(i), module_of(added, shape_));
  }
  module->register_module("encoder", encoder);
  if (index == 0) register_module("layers", std::make_shared<torch::nn::Module>());
  (*named_children().find("layers"))->register_module(std::to_string(index), module);
}

// [N, D], or [B M, D] where some are chosen.
Tensor KnowledgeAdapter::run(const Layer& layer, const Tensor& input, const Tokens& tokens,
                             const Tensor& chosen) const {
  const double rate = is_training() ? options_.dropout : 0;
  const DropoutRates rates{rate, rate};
  Tensor inner = layer.down(input);  // [N, W]
  for (const auto& encoder : layer.encoder) {
    const bool all = !chosen.defined() || &encoder != &layer.encoder.back();
    inner =
        all ? encoder.forward(inner, tokens, rates) : encoder.forward_chosen(inner, tokens, chosen, rates);
  }
  return layer.up(inner);
}

std::vector<Tensor> KnowledgeAdapter::forward(const std::vector<Tensor>& states, const Tokens& tokens,
                                              const Tensor& chosen) {
  TORCH_CHECK(states.size() == layers_.size(), layers_.size(), " states are read, got ", states.size());
  const Tokens all = options_.mask_padding ? Tokens() : without_mask(tokens);
  const Tokens& read = options_.mask_padding ? tokens : all;
  std::vector<Tensor> outputs;
  for (size_t i = 0; i < states.size(); ++i) {
    const bool concat = options_.chaining == "concat";
    Tensor input = states[i], skip = states[i];
    if (i > 0) input = concat ? at::cat({states[i], outputs.back()}, -1) : states[i] + outputs.back();
    if (!concat) skip = input;
    const Tensor rows = i + 1 < states.size() ? Tensor() : chosen;
    if (rows.defined()) skip = skip.index_select(0, rows.flatten());
    outputs.push_back(skip + run(layers_[i], input, read, rows));
  }
  return outputs;
}

std::string KnowledgeAdapter::digest() const {
  std::ostringstream facts;
  facts.precision(17);
  for (const int64_t position : shape_.positions) facts << position << ",";
  facts << shape_.inner_heads << options_.non_linearity << options_.layer_norm_eps << options_.chaining
        << options_.mask_padding;
  Sha256 digest;
  digest.update(facts.str());
  for (const auto& item : named_parameters()) {
    const Tensor values = item.value().detach().cpu().contiguous();
    digest.update(item.key());
    digest.update(values.const_data_ptr(), values.nbytes());
  }
  return digest.hex();
}

}  // namespace adaptune
