#include "backbone/bert.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include <deque>
#include <utility>

#include "core/error.h"
#include "nn/dropout.h"
#include "nn/encoder_layer.h"

namespace adaptune {
namespace {

using torch::Tensor;

class Bert final : public Backbone {
 public:
  explicit Bert(const nlohmann::json& config)
      : embedding_site_(
            {"", -1, "embeddings", SiteKind::kEmbedding, 0, config.at("hidden_size"), "embeddings"}),
        pooler_site_({"", -1, "pooler", SiteKind::kLinear, config.at("hidden_size"), config.at("hidden_size"),
                      "pooler.dense", &pooler_.weight}),
        segments_(config.value("type_vocab_size", 2)),
        intermediate_(config.at("intermediate_size")) {
    info_.family = info_.prefix = "bert";
    info_.layers = config.at("num_hidden_layers");
    info_.hidden_size = config.at("hidden_size");
    info_.max_positions = config.at("max_position_embeddings");
    info_.vocabulary = config.at("vocab_size");
    info_.hidden_dropout = config.value("hidden_dropout_prob", 0.1);
    info_.attention_dropout = config.value("attention_probs_dropout_prob", 0.1);
    info_.init_range = config.value("initializer_range", 0.02);
    const auto padding = config.value("pad_token_id", nlohmann::json(0));
    if (padding.is_number_integer()) padding_id_ = padding;
    if (config.contains("classifier_dropout") && config["classifier_dropout"].is_number()) {
      info_.classifier_dropout = config["classifier_dropout"];
    }
    if (config.value("position_embedding_type", "absolute") != "absolute") {
      throw InputError("config.json: position_embedding_type '" +
                       config["position_embedding_type"].get<std::string>() +
                       "' is not supported; 'absolute' is");
    }
    const EncoderLayerShape shape{info_.hidden_size, config.at("num_attention_heads"), intermediate_,
                                  config.value("layer_norm_eps", 1e-12), config.value("hidden_act", "gelu")};
    embedding_norm_.epsilon = shape.epsilon;
    for (int64_t i = 0; i < info_.layers; ++i)
      layers_.emplace_back(shape, i, "encoder.layer." + std::to_string(i));
  }

  Features forward(const Batch& batch, const Wanted& wanted) override {
    const DropoutRates rates =
        dropout() ? DropoutRates{info_.hidden_dropout, info_.attention_dropout} : DropoutRates{};
    const Tokens& tokens = batch.tokens;
    const SiteContext context{tokens};
    const Trunk& trunk = batch.trunk;
    TORCH_CHECK(!trunk.stream.defined() || !wanted.hidden_states,
                "the states below a trunk are not known any more");
    Features features;
    const auto embed = [&](const Tensor&) { return embeddings(batch, rates); };
    Tensor stream =
        trunk.stream.defined() ? trunk.stream : embedding_site_(Tensor(), embed, context);  // [N, D]
    const int64_t end = wanted.layers.value_or(info_.layers);
    for (int64_t i = trunk.stream.defined() ? trunk.layers : 0; i < end; ++i) {
      auto& layer = layers_[i];
      if (wanted.hidden_states) features.hidden_states.push_back(stream);
      const bool all = wanted.every_token || wanted.hidden_states || i + 1 < end;
      if (all || !layer.is_token_wise()) {
        stream = layer.forward(stream, tokens, rates);
      } else {
        features.first = layer.forward_first(stream, tokens, rates);
      }
    }
    if (wanted.hidden_states) features.hidden_states.push_back(stream);
    if (!features.first.defined()) features.first = stream.index_select(-2, tokens.starts);
    if (wanted.every_token) features.last = stream;
    if (wanted.pooled) {
      if (!pooler_.weight.defined())
        throw InputError(
            "this checkpoint has no pooler, but the head reads the pooled output; use_pooler: false reads "
            "token 0");
      features.pooled = at::tanh(pooler_site_(features.first, pooler_, {first_tokens(tokens)}));  // [B, D]
    }
    return features;
  }

  std::vector<Site*> sites() override {
    std::vector<Site*> all{&embedding_site_};
    for (auto& layer : layers_) {
      const auto sites = layer.sites();
      all.insert(all.end(), sites.begin(), sites.end());
    }
    all.push_back(&pooler_site_);
    return all;
  }

  std::vector<TensorSlot> tensors() override {
    const int64_t d = info_.hidden_size, f = intermediate_;
    std::vector<TensorSlot> slots;
    const auto embedding = [&](const char* name, Tensor& table, int64_t rows) {
      slots.push_back(
          {std::string("embeddings.") + name + ".weight", &table, {rows, d}, TensorRole::kEmbedding, -1});
    };
    const auto norm = [&](const std::string& name, LayerNorm& n, int64_t layer) {
      slots.push_back({name + ".weight", &n.weight, {d}, TensorRole::kNormWeight, layer});
      slots.push_back({name + ".bias", &n.bias, {d}, TensorRole::kNormBias, layer});
    };
    const auto linear = [&](const std::string& name, Linear& l, std::pair<int64_t, int64_t> shape,
                            int64_t layer) {
      const bool optional = layer == info_.layers;
      slots.push_back(
          {name + ".weight", &l.weight, {shape.first, shape.second}, TensorRole::kWeight, layer, optional});
      slots.push_back({name + ".bias", &l.bias, {shape.first}, TensorRole::kBias, layer, optional});
    };
    embedding("word_embeddings", words_, info_.vocabulary);
    embedding("position_embeddings", positions_, info_.max_positions);
    embedding("token_type_embeddings", types_, segments_);
    norm("embeddings.LayerNorm", embedding_norm_, -1);
    for (int64_t i = 0; i < info_.layers; ++i) {
      const std::string name = "encoder.layer." + std::to_string(i) + ".";
      auto& layer = layers_[i];
      linear(name + "attention.self.query", layer.query, {d, d}, i);
      linear(name + "attention.self.key", layer.key, {d, d}, i);
      linear(name + "attention.self.value", layer.value, {d, d}, i);
      linear(name + "attention.output.dense", layer.attention_output, {d, d}, i);
      norm(name + "attention.output.LayerNorm", layer.attention_norm, i);
      linear(name + "intermediate.dense", layer.intermediate, {f, d}, i);
      linear(name + "output.dense", layer.output, {d, f}, i);
      norm(name + "output.LayerNorm", layer.ffn_norm, i);
    }
    linear("pooler.dense", pooler_, {d, d}, info_.layers);
    return slots;
  }

  std::vector<Linear*> linears() override {
    std::vector<Linear*> all{&pooler_};
    for (auto& layer : layers_) {
      const auto own = layer.linears();
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }

  const BackboneInfo& info() const override { return info_; }

 private:
  Tensor embeddings(const Batch& batch, const DropoutRates& rates) const {
    for (const auto& sequence : batch.tokens.sequences) {
      TORCH_CHECK(sequence.keys <= info_.max_positions, "at most ", info_.max_positions, " tokens fit, got ",
                  sequence.keys);
    }
    const auto types =
        batch.token_type_ids.defined() ? at::embedding(types_, batch.token_type_ids) : types_[0];
    const auto sum = at::embedding(words_, batch.input_ids, padding_id_) + types +
                     at::embedding(positions_, batch.tokens.positions);  // [N, D]
    const auto normed = embedding_norm_(sum);
    return adaptune::dropout(normed, rates.hidden);
  }

  BackboneInfo info_;
  Tensor words_, positions_, types_;
  LayerNorm embedding_norm_;
  std::deque<EncoderLayer> layers_;  // sites and slots point into it: elements must not move
  Linear pooler_;
  Site embedding_site_, pooler_site_;
  int64_t segments_, intermediate_;
  int64_t padding_id_ = -1;  // its embedding gets no gradient, as in Hugging Face; -1: none
};

}  // namespace

std::unique_ptr<Backbone> build_bert(const nlohmann::json& config) { return std::make_unique<Bert>(config); }

}  // namespace adaptune
