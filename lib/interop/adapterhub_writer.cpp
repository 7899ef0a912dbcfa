#include "interop/adapterhub_writer.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>
#include <set>

#include "core/atomic_file.h"
#include "core/error.h"
#include "interop/adapterhub_config.h"
#include "interop/adapterhub_fusion_config.h"
#include "interop/adapterhub_head_config.h"
#include "interop/adapterhub_names.h"

namespace adaptune {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

void check_name(const std::string& name) {
  if (name.empty() || name.find('.') != std::string::npos) {
    throw UsageError("export: '" + name +
                     "' cannot name an AdapterHub object: it must not be empty or hold '.'");
  }
}

void write(const fs::path& folder, const AdapterHubFiles& files, const json& config, const TensorMap& tensors,
           bool safetensors) {
  create_folders(folder);
  if (safetensors) {
    write_safetensors(folder / files.safetensors, tensors);
  } else {
    write_pickle(folder / files.pickle, tensors);
  }
  write_file_atomically(folder / files.config, adapterhub_json_text(config));
}

// Tensors of the fusion layers the library makes where we have none: a value matrix as it starts, no query.
void add_unused_layers(const TaskFusion& fusion, const FusionOptions& options, const std::string& name,
                       Backbone& backbone, TensorMap& tensors) {
  std::set<std::string> places;
  std::set<const Site*> used;
  for (const auto& [site, layer] : fusion.fusions()) {
    places.insert(site->info().place);
    used.insert(site);
  }
  const int64_t hidden = backbone.info().hidden_size;
  for (const Site* site : backbone.sites()) {
    if (site->info().kind != SiteKind::kResidual || !places.count(site->info().place) || used.count(site))
      continue;
    const std::string start = backbone.info().prefix + "." + adapterhub_module(site->info(), backbone) +
                              ".adapter_fusion_layer." + name + ".";
    for (const auto& [projection, exists] : {std::pair{"query", options.query}, {"key", options.key}}) {
      if (!exists) continue;
      tensors.emplace(start + projection + ".weight", at::zeros({hidden, hidden}));
      tensors.emplace(start + projection + ".bias", at::zeros({hidden}));
    }
    if (options.value)
      tensors.emplace(start + "value.weight", at::full({hidden, hidden}, 1e-6).fill_diagonal_(1));
  }
}

// A fusion without projections has a linear layer in the library, which it saves and never applies.
void add_unused_linear(const TaskFusion& fusion, const std::string& name, Backbone& backbone,
                       TensorMap& tensors) {
  const int64_t hidden = backbone.info().hidden_size;
  std::set<std::string> places;
  for (const auto& [site, layer] : fusion.fusions()) places.insert(site->info().place);
  for (const Site* site : backbone.sites()) {
    if (site->info().kind != SiteKind::kResidual || !places.count(site->info().place)) continue;
    const std::string start = backbone.info().prefix + "." + adapterhub_module(site->info(), backbone) +
                              ".adapter_fusion_layer." + name + ".dense.";
    tensors.emplace(start + "weight", at::zeros({1, hidden}));
    tensors.emplace(start + "bias", at::zeros({1}));
  }
}

}  // namespace

void write_adapterhub_adapter(const fs::path& folder, const AdapterHubExport& as, const AdapterSpec& spec,
                              const TaskAdapter& adapter, Backbone& backbone) {
  check_name(as.name);
  json file = adapterhub_envelope({as.name, as.model_name}, backbone.info());
  file["config"] = adapterhub_config(spec, backbone.info());
  const auto parameters = adapterhub_parameters(adapter, as.name, backbone);
  write(folder, kAdapterFiles, file, named_tensors(parameters, backbone.info().prefix + "."), as.safetensors);
}

void write_adapterhub_head(const fs::path& folder, const AdapterHubExport& as, const Head& head,
                           const BackboneInfo& info) {
  check_name(as.name);
  json file = adapterhub_envelope({as.name, as.model_name}, info);
  file["config"] = adapterhub_head_config(head.spec());
  write(folder, kHeadFiles, file, named_tensors(adapterhub_parameters(head, as.name), ""), as.safetensors);
}

void write_adapterhub_fusion(const fs::path& folder, const AdapterHubExport& as,
                             const AdapterHubFusion& description, const TaskFusion& fusion,
                             Backbone& backbone) {
  check_name(as.name);
  const auto& options = description.options;
  json file = adapterhub_envelope({as.name, as.model_name}, backbone.info());
  file["adapter_names"] = description.adapter_names;
  file["config"] = adapterhub_fusion_config(options);
  TensorMap tensors =
      named_tensors(adapterhub_parameters(fusion, as.name, backbone), backbone.info().prefix + ".");
  add_unused_layers(fusion, options, as.name, backbone, tensors);
  if (!options.query && !options.key && !options.value) add_unused_linear(fusion, as.name, backbone, tensors);
  write(folder, kFusionFiles, file, tensors, as.safetensors);
}

}  // namespace adaptune
