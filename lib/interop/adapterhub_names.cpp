#include "interop/adapterhub_names.h"

#include <torch/torch.h>

#include <map>
#include <set>

#include "core/error.h"

namespace adaptune {
namespace {

const std::vector<AdapterHubFamily>& family_table() {
  static const std::vector<AdapterHubFamily> families = {
      {"bert", "Bert", "attention.output", "output"},
      {"roberta", "Roberta", "attention.output", "output"},
      {"xlm-roberta", "XLMRoberta", "attention.output", "output"},
      {"vit", "ViT", "attention_adapters", "output.output_adapters"},
  };
  return families;
}

// A bottleneck's modules by ours; with ln_before the first place of adapter_down is its LayerNorm.
const std::map<std::string, std::string>& bottleneck_modules() {
  static const std::map<std::string, std::string> modules = {
      {"norm_before", "adapter_norm_before"}, {"down", "adapter_down.0"}, {"up", "adapter_up"},
      {"norm_after", "adapter_norm_after"},   {"gate", "gate"},           {"scaling", "scaling"},
  };
  return modules;
}

NamedParameter named(const std::string& key, const torch::Tensor& parameter) {
  return {key, parameter, parameter.sizes().vec(), ""};
}

void append_bottleneck(const Bottleneck& bottleneck, const std::string& start,
                       std::vector<NamedParameter>& all) {
  const auto parameters = bottleneck.named_parameters();
  const bool normed = parameters.contains("norm_before.weight");
  for (const auto& item : parameters) {
    const auto dot = item.key().find('.');
    const std::string module = item.key().substr(0, dot);
    const std::string rest = dot == std::string::npos ? "" : item.key().substr(dot);
    const bool shifted = normed && module == "down";
    all.push_back(
        named(start + (shifted ? "adapter_down.1" : bottleneck_modules().at(module)) + rest, item.value()));
    if (module == "norm_before") all.back().alias = start + "adapter_down.0" + rest;
  }
}

void append_adapter(const Adapter& adapter, const std::string& module, const std::string& name,
                    std::vector<NamedParameter>& all) {
  if (const auto* bottleneck = dynamic_cast<const Bottleneck*>(&adapter)) {
    return append_bottleneck(*bottleneck, module + ".adapters." + name + ".", all);
  }
  const std::string start = module + ".loras." + name + ".";
  const bool scales = dynamic_cast<const Ia3*>(&adapter) != nullptr;
  for (const auto& item : adapter.named_parameters()) {
    all.push_back(named(start + (scales ? "lora_B" : item.key()), item.value()));
    if (scales) all.back().shape = {item.value().numel(), 1};
  }
}

std::string layer_module(const SiteInfo& site, Backbone& backbone) {
  for (const Site* other : backbone.sites()) {
    const auto& info = other->info();
    if (info.kind == SiteKind::kLayer && info.stack == site.stack && info.layer == site.layer)
      return info.module;
  }
  throw InputError("no layer holds the site " + site.path());
}

// A fusion layer as it starts, but for the random weights of query and key.
void append_fresh_fusion(const std::string& start, const FusionOptions& options, int64_t hidden,
                         TensorMap& all) {
  for (const auto& [projection, exists] : {std::pair{"query", options.query}, {"key", options.key}}) {
    if (!exists) continue;
    all.emplace(start + projection + ".weight", at::zeros({hidden, hidden}));
    all.emplace(start + projection + ".bias", at::zeros({hidden}));
  }
  if (options.value) all.emplace(start + "value.weight", at::full({hidden, hidden}, 1e-6).fill_diagonal_(1));
}

}  // namespace

const AdapterHubFiles kAdapterFiles{"adapter_config.json", "pytorch_adapter.bin", "adapter.safetensors"};
const AdapterHubFiles kHeadFiles{"head_config.json", "pytorch_model_head.bin", "model_head.safetensors"};
const AdapterHubFiles kFusionFiles{"adapter_fusion_config.json", "pytorch_model_adapter_fusion.bin",
                                   "model_adapter_fusion.safetensors"};

const AdapterHubFamily& adapterhub_family(const BackboneInfo& info) {
  std::string known;
  for (const auto& family : family_table()) {
    if (family.model_type == info.family) return family;
    known += " " + family.model_type;
  }
  throw InputError("AdapterHub's names for model_type '" + info.family + "' are not known; known:" + known);
}

std::string adapterhub_module(const SiteInfo& site, Backbone& backbone) {
  if (site.kind != SiteKind::kResidual) return site.module;
  const auto& family = adapterhub_family(backbone.info());
  const bool attention = site.place == "attention.residual";
  return layer_module(site, backbone) + "." + (attention ? family.attention_slot : family.ffn_slot);
}

std::vector<NamedParameter> adapterhub_parameters(const TaskAdapter& adapter, const std::string& name,
                                                  Backbone& backbone) {
  std::vector<NamedParameter> all;
  for (const auto& [site, own] : adapter.site_adapters()) {
    append_adapter(*own, adapterhub_module(site->info(), backbone), name, all);
  }
  return all;
}

std::vector<NamedParameter> adapterhub_parameters(const TaskFusion& fusion, const std::string& name,
                                                  Backbone& backbone) {
  std::vector<NamedParameter> all;
  for (const auto& [site, own, members] : fusion.fusions()) {
    const std::string start =
        adapterhub_module(site->info(), backbone) + ".adapter_fusion_layer." + name + ".";
    for (const auto& item : own->named_parameters()) all.push_back(named(start + item.key(), item.value()));
  }
  return all;
}

TensorMap adapterhub_unused_tensors(const FusionOptions& options, const TaskFusion& fusion,
                                    const std::string& name, Backbone& backbone) {
  std::set<std::string> places;
  std::set<const Site*> used;
  for (const auto& [site, layer, members] : fusion.fusions()) {
    places.insert(site->info().place);
    used.insert(site);
  }
  const int64_t hidden = backbone.info().hidden_size;
  const bool bare = !options.query && !options.key && !options.value;
  TensorMap all;
  for (const Site* site : backbone.sites()) {
    if (site->info().kind != SiteKind::kResidual || !places.count(site->info().place)) continue;
    const std::string start =
        adapterhub_module(site->info(), backbone) + ".adapter_fusion_layer." + name + ".";
    if (!used.count(site)) append_fresh_fusion(start, options, hidden, all);
    if (!bare) continue;
    all.emplace(start + "dense.weight", at::zeros({1, hidden}));
    all.emplace(start + "dense.bias", at::zeros({1}));
  }
  return all;
}

std::vector<NamedParameter> adapterhub_parameters(const Head& head, const std::string& name) {
  std::vector<NamedParameter> all;
  for (const auto& item : head.named_parameters()) {
    all.push_back(named("heads." + name + "." + item.key(), item.value()));
  }
  return all;
}

}  // namespace adaptune
