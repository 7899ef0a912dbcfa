#include "backbone/bert.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "backbone/transformer_encoder.h"
#include "core/error.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

using torch::Tensor;

struct Family {
  const char* name;
  const char* prefix;
  int64_t padding_id;           // where config.json has none
  bool positions_skip_padding;  // and begin behind its id
};

class Bert final : public TransformerEncoder {
 public:
  Bert(const Family& family, const nlohmann::json& config)
      : TransformerEncoder(family.name, config, 0.1),
        segments_(config.value("type_vocab_size", 2)),
        position_rows_(config.at("max_position_embeddings")) {
    info_.prefix = family.prefix;
    info_.vocabulary = config.at("vocab_size");
    const auto padding = config.value("pad_token_id", nlohmann::json(family.padding_id));
    if (padding.is_number_integer()) padding_id_ = padding;
    if (family.positions_skip_padding) first_position_ = padding_id_ + 1;
    info_.max_positions = position_rows_ - first_position_.value_or(0);
    if (config.contains("classifier_dropout") && config["classifier_dropout"].is_number()) {
      info_.classifier_dropout = config["classifier_dropout"];
    }
    if (config.value("position_embedding_type", "absolute") != "absolute") {
      throw InputError("config.json: position_embedding_type '" +
                       config["position_embedding_type"].get<std::string>() +
                       "' is not supported; 'absolute' is");
    }
    embedding_norm_.epsilon = shape_.epsilon;
    add_layers(/*pre_norm=*/false, {"attention.self", "attention.output.LayerNorm", "output.LayerNorm"});
  }

  Features forward(const Batch& batch, const Wanted& wanted) override {
    const DropoutRates rates = this->rates();
    const Tokens& tokens = batch.tokens;
    const SiteContext context{tokens};
    const Trunk& trunk = batch.trunk;
    const int64_t begin = trunk.empty() ? 0 : trunk.states.rbegin()->first;
    for (const int64_t state : wanted.states) {
      TORCH_CHECK(state >= begin || trunk.states.count(state) > 0, "state ", state,
                  " is below a trunk without it");
    }
    Features features;
    const auto keep = [&](int64_t index, const Tensor& state) {
      if (wanted.state(index)) features.states.emplace(index, state);
    };
    const auto embed = [&](const Tensor&) { return embeddings(batch, rates); };
    Tensor stream =
        trunk.empty() ? embedding_site_(Tensor(), embed, context) : trunk.states.rbegin()->second;  // [N, D]
    for (const auto& [index, state] : trunk.states) keep(index, state);
    const int64_t end = wanted.layers.value_or(info_.layers);
    keep(begin, stream);
    Tensor chosen = tokens.starts.unsqueeze(1);  // [B, 1 + M]: rows that the head reads
    if (wanted.marked) chosen = at::cat({chosen, batch.marks}, 1);
    Tensor read;  // [B (1 + M), D]
    for (int64_t i = begin; i < end; ++i) {
      auto& layer = layers_[i];
      const bool all = wanted.every_token || wanted.state(i + 1) || i + 1 < end;
      if (all || !layer.is_token_wise()) {
        stream = layer.forward(stream, tokens, rates);
        keep(i + 1, stream);
      } else {
        read = layer.forward_chosen(stream, tokens, chosen, rates);
      }
    }
    if (!read.defined()) read = stream.index_select(-2, chosen.flatten());
    read = read.unflatten(-2, chosen.sizes());
    features.first = read.select(-2, 0);
    if (wanted.every_token) features.last = stream;
    if (wanted.words) features.words = words_;
    if (wanted.marked) features.marked = read.narrow(-2, 1, chosen.size(1) - 1).flatten(-3, -2);
    if (wanted.pooled) features.pooled = pooled(features.first, tokens);
    return features;
  }

  std::vector<TensorSlot> tensors() override {
    const int64_t d = info_.hidden_size;
    std::vector<TensorSlot> slots;
    const auto embedding = [&](const char* name, Tensor& table, int64_t rows) {
      slots.push_back(
          {std::string("embeddings.") + name + ".weight", &table, {rows, d}, TensorRole::kEmbedding, -1});
    };
    embedding("word_embeddings", words_, info_.vocabulary);
    embedding("position_embeddings", positions_, position_rows_);
    embedding("token_type_embeddings", types_, segments_);
    add_norm(slots, "embeddings.LayerNorm", embedding_norm_, -1);
    add_layer_slots(slots);
    return slots;
  }

 private:
  Tensor embeddings(const Batch& batch, const DropoutRates& rates) const {
    for (const auto& sequence : batch.tokens.sequences) {
      TORCH_CHECK(sequence.keys <= info_.max_positions, "at most ", info_.max_positions, " tokens fit, got ",
                  sequence.keys);
    }
    const auto types =
        batch.token_type_ids.defined() ? at::embedding(types_, batch.token_type_ids) : types_[0];
    const auto sum = at::embedding(words_, batch.input_ids, padding_id_) + types +
                     at::embedding(positions_, position_ids(batch));  // [N, D]
    const auto normed = embedding_norm_(sum);
    return adaptune::dropout(normed, rates.hidden);
  }

  // [N]
  Tensor position_ids(const Batch& batch) const {
    if (!first_position_) return batch.tokens.positions;
    const auto real = batch.input_ids.ne(padding_id_).to(torch::kInt64);
    const auto seen = real.cumsum(0);
    const auto before = (seen - real).index_select(0, batch.tokens.starts);  // [B]
    return (seen - batch.tokens.spread(before)) * real + padding_id_;
  }

  Tensor words_, positions_, types_;
  LayerNorm embedding_norm_;
  int64_t segments_, position_rows_;
  std::optional<int64_t> first_position_;  // empty: every token counts, from 0 on
  int64_t padding_id_ = -1;                // its embedding gets no gradient, as in Hugging Face; -1: none
};

}  // namespace

std::unique_ptr<Backbone> build_bert(const nlohmann::json& config) {
  return std::make_unique<Bert>(Family{"bert", "bert", 0, false}, config);
}

std::unique_ptr<Backbone> build_roberta(const nlohmann::json& config) {
  return std::make_unique<Bert>(Family{"roberta", "roberta", 1, true}, config);
}

std::unique_ptr<Backbone> build_xlm_roberta(const nlohmann::json& config) {
  return std::make_unique<Bert>(Family{"xlm-roberta", "roberta", 1, true}, config);
}

}  // namespace adaptune
