#include "head/head.h"

#include "core/error.h"
#include "head/cloze_head.h"
#include "head/dependency_head.h"
#include "head/entity_head.h"
#include "head/linear_head.h"
#include "nn/activation.h"
#include "nn/dropout.h"

namespace adaptune {
namespace {

struct HeadKind {
  std::string type;
  std::shared_ptr<Head> (*make)(const HeadSpec&, const BackboneInfo&);
};

std::shared_ptr<Head> class_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<LinearHead>(spec, info, class_objective(spec.labels), /*on_every_token=*/false);
}

std::shared_ptr<Head> label_set_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<LinearHead>(spec, info, label_set_objective(), /*on_every_token=*/false);
}

std::shared_ptr<Head> number_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<LinearHead>(spec, info, number_objective(), /*on_every_token=*/false);
}

std::shared_ptr<Head> tag_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<LinearHead>(spec, info, tag_objective(spec.labels), /*on_every_token=*/true);
}

std::shared_ptr<Head> entity_head(const HeadSpec& spec, const BackboneInfo& info) {
  auto objective = spec.multi_label ? label_set_objective() : class_objective(spec.labels);
  return std::make_shared<EntityHead>(spec, info, std::move(objective), 1);
}

std::shared_ptr<Head> entity_pair_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<EntityHead>(spec, info, class_objective(spec.labels), 2);
}

std::shared_ptr<Head> dependency_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<DependencyHead>(spec, info, place_objective());
}

std::shared_ptr<Head> cloze_head(const HeadSpec& spec, const BackboneInfo& info) {
  return std::make_shared<ClozeHead>(spec, info, cloze_objective());
}

const std::vector<HeadKind>& head_table() {
  static const std::vector<HeadKind> kinds = {
      {"classification", class_head},
      {"image_classification", class_head},
      {"multilabel_classification", label_set_head},
      {"regression", number_head},
      {"tagging", tag_head},
      {"entity_classification", entity_head},
      {"entity_pair_classification", entity_pair_head},
      {"dependency_head", dependency_head},
      {"fact_cloze", cloze_head},
  };
  return kinds;
}

}  // namespace

int64_t HeadSpec::outputs() const {
  if (type == "regression") return 1;
  return type == "dependency_head" ? places : static_cast<int64_t>(labels.size());
}

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

Head::Head(HeadSpec spec, const BackboneInfo& info, std::unique_ptr<Objective> objective)
    : spec_(std::move(spec)),
      objective_(std::move(objective)),
      dropout_(spec_.dropout_prob.value_or(info.classifier_dropout.value_or(info.hidden_dropout))),
      init_range_(info.init_range) {}

torch::nn::Linear Head::add_linear(const std::string& name, int64_t in, int64_t out, bool bias) {
  const torch::NoGradGuard no_grad;
  auto linear = register_module(name, torch::nn::Linear(torch::nn::LinearOptions(in, out).bias(bias)));
  linear->weight.normal_(0, init_range_);
  if (linear->bias.defined()) linear->bias.zero_();
  return linear;
}

torch::Tensor Head::dropped(const torch::Tensor& x) const {
  return is_training() && dropout_ > 0 ? adaptune::dropout(x, dropout_) : x;
}

}  // namespace adaptune
