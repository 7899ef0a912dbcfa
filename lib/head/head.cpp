#include "head/head.h"

#include "core/error.h"
#include "head/classification.h"
#include "head/multilabel.h"
#include "head/regression.h"
#include "head/tagging.h"
#include "nn/activation.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

struct HeadKind {
  std::string type;
  std::shared_ptr<Head> (*make)(const HeadSpec&, const BackboneInfo&);
};

template <typename Kind>
std::shared_ptr<Head> make(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<Kind>(spec, info);
}

const std::vector<HeadKind>& head_table() {
  static const std::vector<HeadKind> kinds = {
      {"classification", make<ClassificationHead>},
      {"image_classification", make<ClassificationHead>},
      {"multilabel_classification", make<MultilabelHead>},
      {"regression", make<RegressionHead>},
      {"tagging", make<TaggingHead>},
  };
  return kinds;
}

}  // namespace

std::vector<std::string> head_types() {
  std::vector<std::string> types;
  for (const auto& kind : head_table()) types.push_back(kind.type);
  return types;
}

void read_head_spec(ConfigNode node, HeadSpec& spec) {
  node.read("layers", spec.layers, at_least(1));
  node.read("activation_function", spec.activation_function, one_of(activation_names()));
  node.read("use_pooler", spec.use_pooler);
  node.read("bias", spec.bias);
  node.read("dropout_prob", spec.dropout_prob, share_below_one());
  if (!spec.dropout_prob) node.record_empty("dropout_prob", "the backbone's classifier or hidden dropout");
}

std::shared_ptr<Head> make_head(const HeadSpec& spec, const BackboneInfo& info) {
  for (const auto& kind : head_table()) {
    if (kind.type == spec.type) return kind.make(spec, info);
  }
  throw UsageError("head type '" + spec.type + "' is not known");
}

int64_t head_module_number(const HeadSpec& spec, int64_t layer) {
  return 1 + layer * (spec.activation_function ? 3 : 2);
}

Head::Head(const HeadSpec& spec, const BackboneInfo& info, bool on_every_token)
    : spec_(spec),
      on_every_token_(on_every_token),
      dropout_(spec.dropout_prob.value_or(info.classifier_dropout.value_or(info.hidden_dropout))) {
  const torch::NoGradGuard no_grad;
  for (int64_t i = 0; i < spec.layers; ++i) {
    const bool last = i + 1 == spec.layers;
    const auto options = torch::nn::LinearOptions(info.hidden_size, last ? spec.outputs() : info.hidden_size)
                             .bias(!last || spec.bias);
    linears_.push_back(
        register_module(std::to_string(head_module_number(spec, i)), torch::nn::Linear(options)));
    linears_.back()->weight.normal_(0, info.init_range);
    if (linears_.back()->bias.defined()) linears_.back()->bias.zero_();
  }
}

torch::Tensor Head::forward(const Features& features) {
  torch::Tensor x = on_every_token_ ? features.last : spec_.use_pooler ? features.pooled : features.first;
  for (size_t i = 0; i < linears_.size(); ++i) {
    if (is_training() && dropout_ > 0) x = adaptune::dropout(x, dropout_);
    x = linears_[i](x);
    if (i + 1 < linears_.size() && spec_.activation_function)
      x = activation_by_name(*spec_.activation_function)(x);
  }
  return x.to(torch::kFloat32);
}

}  // namespace adaptune
