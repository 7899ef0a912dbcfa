#include "model/task_fusion.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace adaptune {

using torch::Tensor;

TaskFusion::TaskFusion(const FusionOptions& options, const std::vector<std::shared_ptr<TaskAdapter>>& members,
                       Backbone& backbone)
    : members_(members) {
  for (const auto& member : members_) {
    for (auto& parameter : member->parameters()) parameter.set_requires_grad(false);
    member->eval();
  }
  const bool knowledge = members_.front()->knowledge_adapter() != nullptr;
  knowledge ? combine(options, backbone) : fuse_sites(options, backbone);
}

void TaskFusion::combine(const FusionOptions& options, Backbone& backbone) {
  std::vector<std::shared_ptr<KnowledgeAdapter>> adapters;
  for (const auto& member : members_) {
    TORCH_CHECK(member->knowledge_adapter(), "members of two kinds");
    adapters.push_back(member->knowledge_adapter());
  }
  const auto& info = backbone.info();
  const auto combination = std::make_shared<Combination>(
      options.combination, static_cast<int64_t>(adapters.size()), info.hidden_size, info.init_range);
  knowledge_.emplace(std::move(adapters), register_module("combination", combination));
  if (!options.train_backbone) return;
  const torch::NoGradGuard no_grad;
  for (const auto& slot : backbone.tensors()) {
    if (slot.tensor->defined()) own(slot, slot.tensor->clone());
  }
}

void TaskFusion::fuse_sites(const FusionOptions& options, Backbone& backbone) {
  const int64_t dropped = fixed_drop(options.drop, backbone.info().layers, "fusion.drop.layers");
  robust_drop(options.drop, backbone.info().layers, "fusion.drop.layers");
  for (Site* site : backbone.sites()) {
    if (site->info().kind != SiteKind::kResidual || site->info().layer < dropped) continue;
    std::vector<std::shared_ptr<Bottleneck>> here;
    std::vector<int64_t> indices;
    for (size_t index = 0; index < members_.size(); ++index) {
      for (const auto& [own_site, adapter] : members_[index]->site_adapters()) {
        auto bottleneck = own_site == site ? std::dynamic_pointer_cast<Bottleneck>(adapter) : nullptr;
        if (!bottleneck) continue;
        here.push_back(std::move(bottleneck));
        indices.push_back(static_cast<int64_t>(index));
      }
    }
    if (here.empty()) continue;
    const auto fusion = std::make_shared<Fusion>(options, std::move(here), backbone.info().hidden_size,
                                                 backbone.info().attention_dropout);
    fusions_.push_back({site, register_module(site->info().path(), fusion), std::move(indices)});
  }
  if (fusions_.empty()) {
    throw ValueError("fusion.adapters", "none has a bottleneck adapter in the layers that are fused, from " +
                                            std::to_string(dropped) +
                                            " on; name others, or lower fusion.drop.layers");
  }
}

Tensor TaskFusion::regularization_loss() const {
  Tensor sum;
  for (const auto& fused : fusions_) {
    if (is_left_out(fused.site->info().layer)) continue;
    const Tensor term = fused.fusion->regularization_loss();
    if (term.defined()) sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

void TaskFusion::keep_state(bool on) {
  for (const auto& fused : fusions_) fused.fusion->keep_temperature(on);
}

bool TaskFusion::decays(const Tensor& parameter) const {
  if (const auto* combined = combination(); combined && combined->is_value(parameter)) return false;
  return std::none_of(fusions_.begin(), fusions_.end(),
                      [&](const auto& fused) { return fused.fusion->is_value(parameter); });
}

Attachment::SiteAdapters TaskFusion::site_adapters() const {
  SiteAdapters adapters;
  for (const auto& fused : fusions_) adapters.emplace_back(fused.site, fused.fusion);
  return adapters;
}

void TaskFusion::keep(const KeptMembers& kept) {
  for (const auto& entry : kept) {
    const auto& path = entry.first;
    const auto fused = std::find_if(fusions_.begin(), fusions_.end(),
                                    [&](const auto& own) { return own.site->info().path() == path; });
    if (fused == fusions_.end())
      throw InputError("a pruned fusion names '" + path + "', which it does not fuse");
    std::vector<int64_t> places;
    for (const int64_t member : entry.second) {
      const auto place = std::find(fused->members.begin(), fused->members.end(), member);
      if (place == fused->members.end())
        throw InputError("a pruned fusion keeps a member at '" + path + "' that has no adapter there");
      places.push_back(place - fused->members.begin());
    }
    fused->fusion->keep(places);
    fused->members = entry.second;
  }
}

int64_t TaskFusion::member_parameters() const {
  int64_t count = 0;
  for (const auto& member : members_) count += parameter_count(*member);
  return count;
}

// The members stay in evaluation mode: their dropout is no part of composition, but where the backbone is
// trained through them, as Wang et al. (2021) do.
void TaskFusion::train(bool on) {
  Attachment::train(on);
  for (const auto& member : members_) member->train(on && !overridden_.empty());
}

}  // namespace adaptune
