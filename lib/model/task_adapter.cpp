#include "model/task_adapter.h"

#include <algorithm>

#include "backbone/fresh_tensor.h"
#include "core/error.h"
#include "core/text_distance.h"
#include "io/tensor_copy.h"

namespace adaptune {
namespace {

template <typename T>
bool contains(const std::vector<T>& values, const T& value) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

// Places are named in general or, by a path, at a single site.
bool names_site(const std::vector<std::string>& places, const SiteInfo& site) {
  return contains(places, site.place) || contains(places, site.path());
}

// The sites that a method's options select, without regard to layers.
struct Places {
  std::vector<std::string> operator()(const std::monostate&) const { return {}; }
  std::vector<std::string> operator()(const BottleneckOptions& o) const {
    std::vector<std::string> places;
    if (o.mh_adapter) places.push_back("attention.residual");
    if (o.output_adapter) places.push_back("ffn.residual");
    return places;
  }
  std::vector<std::string> operator()(const LoraOptions& o) const { return linear_places(o); }
  std::vector<std::string> operator()(const Ia3Options& o) const { return linear_places(o); }
  std::vector<std::string> operator()(const ResidualConvolutionOptions& o) const { return o.places; }
  std::vector<std::string> operator()(const KnowledgeOptions&) const { return {}; }

 private:
  template <typename Options>
  static std::vector<std::string> linear_places(const Options& o) {
    if (!o.places.empty()) return o.places;
    std::vector<std::string> places;
    for (const auto& [letter, place] :
         {std::pair{"q", "attention.query"}, {"k", "attention.key"}, {"v", "attention.value"}}) {
      if (o.selfattn_lora && contains<std::string>(o.attn_matrices, letter)) places.push_back(place);
    }
    if (o.intermediate_lora) places.push_back("ffn.intermediate");
    if (o.output_lora) places.push_back("ffn.output");
    return places;
  }
};

// What kind of function an adapter of the options wraps.
struct AdaptedKind {
  SiteKind operator()(const BottleneckOptions&) const { return SiteKind::kResidual; }
  SiteKind operator()(const ResidualConvolutionOptions&) const { return SiteKind::kConv; }
  template <typename Options>
  SiteKind operator()(const Options&) const {
    return SiteKind::kLinear;
  }
};

// Whether the options say where, instead of leaving it to the method.
struct NamesPlaces {
  template <typename Options>
  bool operator()(const Options& options) const {
    if constexpr (requires { options.places; }) return !options.places.empty();
    return false;
  }
};

bool selects(const SiteOptions& options, const std::vector<std::string>& places, const SiteInfo& site) {
  const bool every_3x3 = places.empty() && std::holds_alternative<ResidualConvolutionOptions>(options);
  return every_3x3 ? site.kind == SiteKind::kConv && site.kernel == 3 : names_site(places, site);
}

// In its layers, at its places.
std::vector<Site*> adapted_sites(const AdapterSpec& spec, Backbone& backbone) {
  const auto layers = adapted_layers(spec, backbone.info().layers);
  const auto places = std::visit(Places{}, spec.site);
  std::vector<Site*> adapted;
  for (Site* site : backbone.sites()) {
    const auto& info = site->info();
    if ((info.layer < 0 || contains(layers, info.layer)) && selects(spec.site, places, info))
      adapted.push_back(site);
  }
  return adapted;
}

struct Build {
  const SiteInfo& site;
  std::shared_ptr<Adapter> operator()(const std::monostate&) const { return nullptr; }
  std::shared_ptr<Adapter> operator()(const BottleneckOptions& o) const {
    return std::make_shared<Bottleneck>(o, site.in, bottleneck_width(o, site.layer, site.in));
  }
  std::shared_ptr<Adapter> operator()(const LoraOptions& o) const {
    return std::make_shared<Lora>(o, site.in, site.out);
  }
  std::shared_ptr<Adapter> operator()(const Ia3Options& o) const {
    const bool input = names_site(o.feedforward_places, site);
    return std::make_shared<Ia3>(o.alpha, input ? site.in : site.out, input);
  }
  std::shared_ptr<Adapter> operator()(const ResidualConvolutionOptions& o) const {
    return std::make_shared<ResidualConvolution>(o, site);
  }
  std::shared_ptr<Adapter> operator()(const KnowledgeOptions&) const { return nullptr; }  // at no site
};

// What an encoder lacks that a knowledge adapter's options name.
std::vector<ValueError> knowledge_problems(const KnowledgeOptions& options, const BackboneInfo& info) {
  std::vector<ValueError> problems;
  if (info.input != InputKind::kText) {
    problems.emplace_back("adapter.config",
                          "'k_adapter' reads the tokens of texts, and this backbone of the family '" +
                              info.family + "' reads images");
    return problems;
  }
  const auto shape = knowledge_shape(options, info.layers, info.hidden_size);
  for (const int64_t position : shape.positions) {
    if (position >= 0 && position <= info.layers) continue;
    problems.emplace_back("adapter.layers", "there is no hidden state " + std::to_string(position) +
                                                "; this backbone has 0 (the embeddings) to " +
                                                std::to_string(info.layers));
  }
  if (shape.inner_width % shape.inner_heads != 0) {
    problems.emplace_back("adapter.adapter_heads", std::to_string(shape.inner_heads) +
                                                       " heads do not divide the width " +
                                                       std::to_string(shape.inner_width) +
                                                       "; choose another adapter_heads or adapter_size");
  }
  return problems;
}

bool is_of_batch_norm(TensorRole role) {
  return role == TensorRole::kBatchNormWeight || role == TensorRole::kBatchNormBias || is_running(role);
}

bool selected(const TensorSlot& slot, const AdapterSpec& spec, const std::vector<int64_t>& layers) {
  const bool in_layers = std::find(layers.begin(), layers.end(), slot.layer) != layers.end();
  // The embeddings' norm goes with the lowest layer: below the lowest adapter it would force backward through
  // the whole network for nothing.
  const bool lowest = std::find(layers.begin(), layers.end(), 0) != layers.end();
  const bool in_reach = in_layers || (lowest && slot.layer == -1);
  const bool norm = slot.role == TensorRole::kNormWeight || slot.role == TensorRole::kNormBias;
  switch (spec.override) {
    case Override::kNone:
      return false;
    case Override::kLayerNorm:
      return norm && in_reach;
    case Override::kBatchNorm:
      return is_of_batch_norm(slot.role);
    case Override::kBias:
      return (slot.role == TensorRole::kBias || slot.role == TensorRole::kNormBias) && in_reach;
    case Override::kTopLayers:
      return in_layers;
    case Override::kFull:
    case Override::kFullRandom:
      return true;
  }
  return false;
}

}  // namespace

std::vector<ValueError> adapter_problems(const AdapterSpec& spec, Backbone& backbone) {
  if (const auto* knowledge = std::get_if<KnowledgeOptions>(&spec.site))
    return knowledge_problems(*knowledge, backbone.info());
  auto problems = layer_problems(spec, backbone.info().layers);
  const bool named = std::visit(NamesPlaces(), spec.site);
  const bool wants = spec.override != Override::kNone || !std::holds_alternative<std::monostate>(spec.site);
  if (!named && !problems.empty()) return problems;
  if (!named && wants && adapted_sites(spec, backbone).empty() && overridden_count(spec, backbone) == 0) {
    problems.emplace_back("adapter.config", "'" + spec.method +
                                                "' finds nothing to adapt in a backbone of the family '" +
                                                backbone.info().family + "'");
    return problems;
  }
  std::vector<std::string> known;
  for (const Site* site : backbone.sites()) {
    if (site->info().kind == std::visit(AdaptedKind{}, spec.site))
      known.insert(known.end(), {site->info().place, site->info().path()});
  }
  for (const auto& place : std::visit(Places{}, spec.site)) {
    if (contains(known, place)) continue;
    const auto nearest = nearest_name(place, known);
    problems.emplace_back("adapter.places", "this backbone has no place '" + place + "' for '" + spec.method +
                                                "'" + (nearest ? "; did you mean '" + *nearest + "'?" : ""));
  }
  return problems;
}

TaskAdapter::TaskAdapter(const AdapterSpec& spec, Backbone& backbone) {
  const auto problems = adapter_problems(spec, backbone);
  if (!problems.empty()) throw ValueError(problems.front());
  if (const auto* options = std::get_if<KnowledgeOptions>(&spec.site)) {
    if (spec.init_weights_seed) torch::manual_seed(static_cast<uint64_t>(spec.init_weights_seed));
    add_knowledge(*options, backbone.info());
  }
  for (Site* site : adapted_sites(spec, backbone))
    adapters_.emplace_back(site, adapter_for(spec, site->info()));
  add_overrides(spec, backbone);
}

void TaskAdapter::add_knowledge(const KnowledgeOptions& options, const BackboneInfo& info) {
  const auto shape = knowledge_shape(options, info.layers, info.hidden_size);
  knowledge_adapter_ = register_module("knowledge", std::make_shared<KnowledgeAdapter>(options, shape));
  const auto combination = std::make_shared<Combination>("concat", 1, info.hidden_size, info.init_range);
  knowledge_.emplace(std::vector{knowledge_adapter_}, register_module("combination", combination));
}

std::shared_ptr<Adapter> TaskAdapter::adapter_for(const AdapterSpec& spec, const SiteInfo& site) {
  const std::string name = spec.share_across_layers ? site.shared_path() : site.path();
  const auto own = named_children();
  if (const auto* shared = own.find(name)) return std::dynamic_pointer_cast<Adapter>(*shared);
  if (spec.init_weights_seed) torch::manual_seed(static_cast<uint64_t>(spec.init_weights_seed));
  return register_module(name, std::visit(Build{site}, spec.site));
}

void TaskAdapter::add_overrides(const AdapterSpec& spec, Backbone& backbone) {
  const torch::NoGradGuard no_grad;
  const auto layers = adapted_layers(spec, backbone.info().layers);
  for (const auto& slot : backbone.tensors()) {
    if (!slot.tensor->defined() || !selected(slot, spec, layers)) continue;
    const bool random = spec.override == Override::kFullRandom;
    own(slot, random ? fresh_tensor(slot, backbone.info()) : slot.tensor->clone());
  }
}

TensorMap parameter_map(const torch::nn::Module& module) {
  TensorMap tensors;
  for (const auto& item : module.named_parameters()) tensors.emplace(item.key(), item.value().detach());
  for (const auto& item : module.named_buffers()) tensors.emplace(item.key(), item.value().detach());
  return tensors;
}

int64_t parameter_count(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

int64_t shape_count(Backbone& backbone) {
  int64_t count = 0;
  for (const auto& slot : backbone.tensors())
    if (!is_running(slot.role)) count += c10::multiply_integers(slot.shape);
  return count;
}

int64_t overridden_count(const AdapterSpec& spec, Backbone& backbone) {
  const auto layers = adapted_layers(spec, backbone.info().layers);
  int64_t count = 0;
  for (const auto& slot : backbone.tensors()) {
    if (selected(slot, spec, layers) && !is_running(slot.role)) count += c10::multiply_integers(slot.shape);
  }
  return count;
}

void load_parameters(torch::nn::Module& module, const TensorMap& tensors, const std::string& where) {
  TensorMap own = parameter_map(module);
  for (const auto& item : module.named_buffers()) {
    if (!tensors.count(item.key())) own.erase(item.key());
  }
  copy_tensors(tensors, own, where);
}

}  // namespace adaptune
