#pragma once
// Our objects -> AdapterHub folders that the library loads with its default call and without missing or
// unexpected keys. Tensors are written as they are, under names with the model's prefix.

#include <filesystem>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"
#include "interop/adapterhub_envelope.h"
#include "model/task_fusion.h"

namespace adaptune {

struct AdapterHubExport {
  std::string name;          // of the adapter, head or fusion in the files
  std::string model_name;    // Hugging Face's name of the backbone, for readers' information
  bool safetensors = false;  // the library's default call reads .bin only
};

// Each writes its two files into `folder`, which is made; other files in it stay. UsageError for a name the
// library cannot use and where its files have no words for the object (adapterhub_config.h), IoError as
// core/atomic_file.h.
void write_adapterhub_adapter(const std::filesystem::path& folder, const AdapterHubExport& as,
                              const AdapterSpec& spec, const TaskAdapter& adapter, Backbone& backbone);
void write_adapterhub_head(const std::filesystem::path& folder, const AdapterHubExport& as, const Head& head,
                           const BackboneInfo& info);

// What adapter_fusion_config.json says of a fusion.
struct AdapterHubFusion {
  FusionOptions options;
  std::vector<std::string> adapter_names;  // in the order of the members
  TensorMap unused = {};                   // of an ImportedFusion; others get fresh values
};
// Layers without adapters get tensors too, as the library expects some in every layer.
void write_adapterhub_fusion(const std::filesystem::path& folder, const AdapterHubExport& as,
                             const AdapterHubFusion& description, const TaskFusion& fusion,
                             Backbone& backbone);

}  // namespace adaptune
