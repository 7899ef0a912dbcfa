#include "nn/encoder_layer.h"

#include <torch/torch.h>

#include "nn/attention.h"
#include "nn/dropout.h"

namespace adaptune {
using torch::Tensor;

EncoderLayer::EncoderLayer(const EncoderLayerShape& shape, int64_t index, const std::string& module)
    : shape_(shape), activation_(activation_by_name(shape.activation)), sites_([&] {
        const auto site = [&](const char* place, SiteKind kind, int64_t in, int64_t out,
                              const std::string& part, const Tensor* weight = nullptr) {
          return Site(
              {"encoder", index, place, kind, in, out, part.empty() ? module : module + "." + part, weight});
        };
        const int64_t d = shape.hidden, f = shape.intermediate;
        return Sites{
            site("layer", SiteKind::kLayer, d, d, ""),
            site("attention", SiteKind::kSublayer, d, d, "attention"),
            site("attention.query", SiteKind::kLinear, d, d, "attention.self.query", &query.weight),
            site("attention.key", SiteKind::kLinear, d, d, "attention.self.key", &key.weight),
            site("attention.value", SiteKind::kLinear, d, d, "attention.self.value", &value.weight),
            site("attention.output", SiteKind::kLinear, d, d, "attention.output.dense",
                 &attention_output.weight),
            site("attention.residual", SiteKind::kResidual, d, d, "attention.output"),
            site("ffn", SiteKind::kSublayer, d, d, "output"),
            site("ffn.intermediate", SiteKind::kLinear, d, f, "intermediate.dense", &intermediate.weight),
            site("ffn.activation", SiteKind::kActivation, f, f, "intermediate"),
            site("ffn.output", SiteKind::kLinear, f, d, "output.dense", &output.weight),
            site("ffn.residual", SiteKind::kResidual, d, d, "output")};
      }()) {
  attention_norm.epsilon = ffn_norm.epsilon = shape.epsilon;
}

std::vector<Site*> EncoderLayer::sites() {
  return {&sites_.layer,
          &sites_.attention,
          &sites_.query,
          &sites_.key,
          &sites_.value,
          &sites_.attention_output,
          &sites_.attention_residual,
          &sites_.ffn,
          &sites_.intermediate,
          &sites_.activation,
          &sites_.output,
          &sites_.ffn_residual};
}

Tensor EncoderLayer::forward(const Tensor& stream, const Tokens& tokens, const DropoutRates& dropout) const {
  const SiteContext plain{tokens};
  const auto layer = [&](const Tensor& x) {
    const auto attend = [&](const Tensor& x) { return attention(x, plain, dropout); };
    const auto h = sites_.attention(x, attend, plain);
    const auto join_attention = [&](const Tensor& h) { return attention_norm(x + h); };
    const auto y = sites_.attention_residual(h, join_attention, {tokens, &x});
    const auto feed = [&](const Tensor& y) { return feed_forward(y, plain, dropout); };
    const auto g = sites_.ffn(y, feed, plain);
    const auto join_ffn = [&](const Tensor& g) { return ffn_norm(y + g); };
    return sites_.ffn_residual(g, join_ffn, {tokens, &y});
  };
  return sites_.layer(stream, layer, plain);
}

Tensor EncoderLayer::attention(const Tensor& x, const SiteContext& context,
                               const DropoutRates& dropout) const {
  const auto mixed = multi_head_attention(sites_.query(x, query, context), sites_.key(x, key, context),
                                          sites_.value(x, value, context), shape_.heads, context.tokens,
                                          dropout.attention);  // [B, T, D]
  return adaptune::dropout(sites_.attention_output(mixed, attention_output, context), dropout.hidden);
}

Tensor EncoderLayer::feed_forward(const Tensor& x, const SiteContext& context,
                                  const DropoutRates& dropout) const {
  const auto inner = sites_.intermediate(x, intermediate, context);                  // [B, T, F]
  const auto active = sites_.activation(inner, activation_, context);                // [B, T, F]
  return adaptune::dropout(sites_.output(active, output, context), dropout.hidden);  // [B, T, D]
}

}  // namespace adaptune
