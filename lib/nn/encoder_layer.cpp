#include "nn/encoder_layer.h"

#include <torch/torch.h>

#include <algorithm>

#include "nn/attention.h"
#include "nn/copies.h"
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
            site("attention.query", SiteKind::kLinear, d, d, shape.self_attention + ".query", &query.weight),
            site("attention.key", SiteKind::kLinear, d, d, shape.self_attention + ".key", &key.weight),
            site("attention.value", SiteKind::kLinear, d, d, shape.self_attention + ".value", &value.weight),
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

bool EncoderLayer::is_token_wise() {
  const auto all = sites();
  return std::all_of(all.begin(), all.end(), [](const Site* site) { return site->is_token_wise(); });
}

Tensor EncoderLayer::forward(const Tensor& stream, const Tokens& tokens, const DropoutRates& dropout) const {
  return run(stream, {tokens, tokens, {}}, dropout);
}

Tensor EncoderLayer::forward_chosen(const Tensor& stream, const Tokens& tokens, const Tensor& chosen,
                                    const DropoutRates& dropout) const {
  const Tokens own = chosen_tokens(tokens, chosen.size(1));
  return run(stream, {tokens, own, chosen.flatten()}, dropout);
}

Tensor EncoderLayer::run(const Tensor& stream, const Rows& rows, const DropoutRates& dropout) const {
  const SiteContext plain{rows.tokens};
  const auto layer = [&](const Tensor& whole) {
    const Tensor x = rows.of(whole);
    const auto attend = [&](const Tensor& whole) {
      return attention(before(attention_norm, whole), rows, dropout);
    };
    const auto h = sites_.attention(whole, attend, plain);
    const auto join_attention = [&](const Tensor& h) { return joined(attention_norm, x, h); };
    const auto y = sites_.attention_residual(h, join_attention, {rows.tokens, &x});
    const auto feed = [&](const Tensor& y) { return feed_forward(before(ffn_norm, y), plain, dropout); };
    const auto g = sites_.ffn(y, feed, plain);
    const auto join_ffn = [&](const Tensor& g) { return joined(ffn_norm, y, g); };
    return sites_.ffn_residual(g, join_ffn, {rows.tokens, &y});
  };
  return sites_.layer(stream, layer, plain);
}

Tensor EncoderLayer::joined(const LayerNorm& norm, const Tensor& x, const Tensor& h) const {
  const Tensor sum = add_copies(x, h);
  return shape_.pre_norm ? sum : norm(sum);
}

Tensor EncoderLayer::attention(const Tensor& x, const Rows& rows, const DropoutRates& dropout) const {
  const SiteContext all{rows.all}, own{rows.tokens};
  const auto mixed = multi_head_attention(sites_.query(rows.of(x), query, own), sites_.key(x, key, all),
                                          sites_.value(x, value, all), shape_.heads, {rows.tokens, rows.all},
                                          dropout.attention);  // [N, D]
  return adaptune::dropout(sites_.attention_output(mixed, attention_output, own), dropout.hidden);
}

Tensor EncoderLayer::feed_forward(const Tensor& x, const SiteContext& context,
                                  const DropoutRates& dropout) const {
  // Between two products that round their operands to bfloat16, values stay as they are rounded.
  const bool rounded = intermediate.rounds() && output.rounds() && sites_.intermediate.empty() &&
                       sites_.activation.empty() && sites_.output.empty();
  const auto in = rounded ? x.to(torch::kBFloat16) : x;
  const auto inner = sites_.intermediate(in, intermediate, context);   // [N, F]
  const auto active = sites_.activation(inner, activation_, context);  // [N, F]
  const auto out = sites_.output(active, output, context);             // [N, D]
  return adaptune::dropout(rounded ? out.to(x.scalar_type()) : out, dropout.hidden);
}

}  // namespace adaptune
