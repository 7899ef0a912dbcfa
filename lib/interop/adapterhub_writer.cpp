#include "interop/adapterhub_writer.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

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
  const std::string prefix = backbone.info().prefix + ".";
  TensorMap tensors = named_tensors(adapterhub_parameters(fusion, as.name, backbone), prefix);
  const auto fresh = adapterhub_unused_tensors(options, fusion, as.name, backbone);
  for (const TensorMap* unused : {&description.unused, &fresh}) {
    for (const auto& [name, tensor] : *unused) tensors.emplace(prefix + name, tensor);
  }
  write(folder, kFusionFiles, file, tensors, as.safetensors);
}

}  // namespace adaptune
