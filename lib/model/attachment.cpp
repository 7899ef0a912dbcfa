#include "model/attachment.h"

#include <algorithm>
#include <string>
#include <utility>

namespace adaptune {

void Attachment::attach(const std::vector<int64_t>& left_out) {
  TORCH_CHECK(!is_attached_, "this adapter is attached already");
  is_attached_ = true;
  left_out_ = left_out;
  for (const auto& [site, adapter] : site_adapters()) {
    if (is_left_out(site->info().layer)) continue;
    site->attach(adapter);
    attached_.emplace_back(site, adapter);
  }
  for (auto& override : overridden_) {
    // The embeddings' go with the lowest layer, as in selected().
    if (!is_left_out(std::max<int64_t>(override.slot.layer, 0))) *override.slot.tensor = override.trained;
  }
}

void Attachment::own(const TensorSlot& slot, const torch::Tensor& trained) {
  std::string name = slot.name;
  std::replace(name.begin(), name.end(), '.', '/');
  const bool runs = is_running(slot.role);
  overridden_.push_back(
      {slot, *slot.tensor, runs ? register_buffer(name, trained) : register_parameter(name, trained)});
}

bool Attachment::used(const torch::Tensor& parameter, const Wanted& wanted) const {
  if (wanted.pooled) return true;
  return std::none_of(overridden_.begin(), overridden_.end(), [&](const OverriddenTensor& override) {
    return override.slot.optional && override.trained.is_same(parameter);
  });
}

bool Attachment::is_left_out(int64_t layer) const {
  return std::find(left_out_.begin(), left_out_.end(), layer) != left_out_.end();
}

void Attachment::detach() {
  if (!is_attached_) return;
  for (const auto& [site, adapter] : attached_) site->detach();
  for (auto& override : overridden_) *override.slot.tensor = override.original;
  attached_.clear();
  is_attached_ = false;
}

int64_t Attachment::untouched_layers(const Backbone& backbone) const {
  int64_t lowest = backbone.info().layers;
  for (const auto& [site, adapter] : site_adapters()) {
    const auto& info = site->info();
    if (info.kind == SiteKind::kEmbedding) return 0;
    if (info.layer >= 0) lowest = std::min(lowest, info.layer);
  }
  for (const auto& override : overridden_)
    lowest = std::min(lowest, std::max<int64_t>(override.slot.layer, 0));
  return lowest;
}

int64_t Attachment::highest_layer() const {
  int64_t highest = -1;
  for (const auto& [site, adapter] : site_adapters()) highest = std::max(highest, site->info().layer);
  for (const auto& override : overridden_) highest = std::max(highest, override.slot.layer);
  return highest;
}

bool Attachment::needs_padding() const {
  if (knowledge_ && knowledge_->needs_padding()) return true;
  const auto all = modules(/*include_self=*/false);
  return std::any_of(all.begin(), all.end(), [](const auto& module) {
    const auto* adapter = module->template as<Adapter>();
    return adapter && adapter->needs_padding();
  });
}

}  // namespace adaptune
