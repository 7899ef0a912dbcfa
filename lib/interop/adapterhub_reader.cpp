#include "interop/adapterhub_reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "interop/adapterhub_config.h"
#include "interop/adapterhub_envelope.h"
#include "interop/adapterhub_fusion_config.h"
#include "interop/adapterhub_head_config.h"
#include "interop/adapterhub_legacy.h"
#include "interop/adapterhub_names.h"
#include "interop/json_fields.h"
#include "interop/static_head.h"

namespace adaptune {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

fs::path weights_file(const fs::path& folder, const AdapterHubFiles& files) {
  for (const auto& name : {files.pickle, files.safetensors}) {
    if (fs::exists(folder / name)) return folder / name;
  }
  throw InputError(folder.string() + ": holds neither " + files.pickle + " nor " + files.safetensors);
}

TensorMap read_tensors(const fs::path& file, const BackboneInfo& info) {
  return without_prefix(mend_legacy_names(read_tensor_file(file)), info.prefix + ".");
}

// What most likely went wrong when tensors do not fit: the file was made for another model.
std::string hint(const json& file, const BackboneInfo& info) {
  const json size = file.value("hidden_size", json()), type = file.value("model_type", json());
  std::string text;
  if (size.is_number_integer() && size != info.hidden_size) {
    text += "\n     its hidden_size is " + size.dump() + ", this backbone's is " +
            std::to_string(info.hidden_size);
  }
  if (type.is_string() && type != info.family) {
    text += "\n     its model_type is " + type.dump() + ", this backbone's is \"" + info.family + "\"";
  }
  return text;
}

// The library saves by substring: what holds `start` but is not `start` + ".", belongs to another object.
TensorMap without_surplus(TensorMap tensors, const std::string& start) {
  for (auto it = tensors.begin(); it != tensors.end();) {
    const bool other =
        it->first.find(start) != std::string::npos && it->first.find(start + ".") == std::string::npos;
    it = other ? tensors.erase(it) : std::next(it);
  }
  return tensors;
}

// Names that a fusion's file may hold although nothing reads them: those of slots without adapters, and the
// linear layer of a fusion without projections, which the library saves and never applies.
void drop_unused(TensorMap& tensors, const ImportedFusion& imported, Backbone& backbone) {
  std::set<std::string> places;
  std::set<const Site*> used;
  for (const auto& [site, fusion] : imported.fusion->fusions()) {
    places.insert(site->info().place);
    used.insert(site);
  }
  const auto& options = imported.options;
  const bool bare = !options.query && !options.key && !options.value;
  for (const Site* site : backbone.sites()) {
    if (site->info().kind != SiteKind::kResidual || !places.count(site->info().place)) continue;
    const std::string start =
        adapterhub_module(site->info(), backbone) + ".adapter_fusion_layer." + imported.name + ".";
    for (const char* name : {"query.weight", "query.bias", "key.weight", "key.bias", "value.weight"}) {
      if (!used.count(site)) tensors.erase(start + name);
    }
    for (const char* name : {"dense.weight", "dense.bias"}) {
      if (bare) tensors.erase(start + name);
    }
  }
}

// The members in the fusion's order. As in the library they must agree on the slots they sit in.
std::vector<std::shared_ptr<TaskAdapter>> ordered_members(const AdapterHubFusionConfig& config,
                                                          const std::string& where,
                                                          const std::vector<ImportedAdapter>& members) {
  std::vector<std::shared_ptr<TaskAdapter>> ordered;
  std::string missing;
  std::set<std::pair<bool, bool>> slots;
  for (const auto& name : config.adapter_names) {
    const auto found =
        std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
    if (found == members.end()) {
      missing += " " + name;
      continue;
    }
    const auto* bottleneck = std::get_if<BottleneckOptions>(&found->spec.site);
    if (!bottleneck)
      throw InputError(where + ": '" + name + "' is no bottleneck adapter; only those can be fused");
    slots.emplace(bottleneck->mh_adapter, bottleneck->output_adapter);
    ordered.push_back(found->adapter);
  }
  if (!missing.empty())
    throw InputError(where + ": the fusion's adapters are not all given; missing:" + missing);
  if (slots.size() > 1)
    throw InputError(where + ": the fusion's adapters differ in mh_adapter or output_adapter");
  return ordered;
}

ImportedHead read_static_head(const json& file, const TensorMap& tensors, const std::string& where,
                              const BackboneInfo& info) {
  JsonFields fields(file, where);
  const int64_t count = fields.integer("num_labels", 2);
  const auto labels = labels_of(fields.raw("label2id"), count, where);
  const auto description = static_head(fields.text("model_class", ""), labels, info);
  ImportedHead imported{"", make_head(description.spec, info), {}};
  imported.parameters = static_head_parameters(description, *imported.head);
  load_named_parameters(imported.parameters, tensors, where, "", hint(file, info));
  return imported;
}

}  // namespace

bool is_adapterhub_adapter(const fs::path& folder) {
  const auto path = folder / kAdapterFiles.config;
  return fs::exists(path) && !read_json_file(path.string()).contains("peft_type");
}

ImportedHead read_adapterhub_head(const fs::path& folder, const BackboneInfo& info) {
  const std::string where = (folder / kHeadFiles.config).string();
  const json file = read_json_file(where);
  const auto weights = weights_file(folder, kHeadFiles);
  const TensorMap tensors = read_tensor_file(weights);
  if (file.value("name", json()).is_null()) return read_static_head(file, tensors, where, info);
  ImportedHead imported{
      adapterhub_name(file, where), make_head(read_adapterhub_head_config(file, where, info), info), {}};
  imported.parameters = adapterhub_parameters(*imported.head, imported.name);
  load_named_parameters(imported.parameters, without_surplus(tensors, "heads." + imported.name),
                        weights.string(), "", hint(file, info));
  return imported;
}

ImportedAdapter read_adapterhub_adapter(const fs::path& folder, Backbone& backbone) {
  const auto& info = backbone.info();
  const std::string where = (folder / kAdapterFiles.config).string();
  json file = read_json_file(where);
  ImportedAdapter imported;
  imported.name = adapterhub_name(file, where);
  const auto weights = weights_file(folder, kAdapterFiles);
  const TensorMap tensors = read_tensors(weights, info);
  mend_legacy_config(file, tensors);
  imported.spec = read_adapterhub_config(file, where, info);
  AdapterSpec fresh = imported.spec;
  fresh.init_weights_seed = 0;  // the weights are the file's: leave the generator alone
  imported.adapter = std::make_shared<TaskAdapter>(fresh, backbone);
  imported.parameters = adapterhub_parameters(*imported.adapter, imported.name, backbone);
  load_named_parameters(imported.parameters, tensors, weights.string(), info.prefix + ".", hint(file, info));
  if (fs::exists(folder / kHeadFiles.config)) imported.head = read_adapterhub_head(folder, info);
  return imported;
}

ImportedFusion read_adapterhub_fusion(const fs::path& folder, const std::vector<ImportedAdapter>& members,
                                      Backbone& backbone) {
  const auto& info = backbone.info();
  const std::string where = (folder / kFusionFiles.config).string();
  const json file = read_json_file(where);
  const auto config = read_adapterhub_fusion_config(file, where);
  ImportedFusion imported{config.name, config.adapter_names, config.options, nullptr, {}};
  imported.fusion =
      std::make_shared<TaskFusion>(config.options, ordered_members(config, where, members), backbone);
  imported.parameters = adapterhub_parameters(*imported.fusion, imported.name, backbone);
  const auto weights = weights_file(folder, kFusionFiles);
  TensorMap tensors = without_surplus(read_tensors(weights, info), "adapter_fusion_layer." + imported.name);
  drop_unused(tensors, imported, backbone);
  load_named_parameters(imported.parameters, tensors, weights.string(), info.prefix + ".", hint(file, info));
  return imported;
}

}  // namespace adaptune
