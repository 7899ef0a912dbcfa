#include "recipe/adapter_source.h"

#include "core/error.h"
#include "core/sha256.h"
#include "interop/adapterhub_reader.h"
#include "interop/peft_reader.h"
#include "io/tensor_file.h"

namespace adaptune {

std::optional<AdapterFormat> adapter_format(const std::filesystem::path& folder) {
  if (is_task_directory(folder)) return AdapterFormat::kOurs;
  if (is_peft_adapter(folder)) return AdapterFormat::kPeft;
  if (is_adapterhub_adapter(folder)) return AdapterFormat::kAdapterHub;
  return std::nullopt;
}

// A folder of another library has no digest of its own file format: the tensors as we would write them.
SourcedAdapter sourced(const ImportedAdapter& imported, torch::Device device) {
  SourcedAdapter source{imported.name, imported.spec, imported.adapter,
                        imported.head ? imported.head->head : nullptr,
                        sha256_hex(safetensors_bytes(parameter_map(*imported.adapter)))};
  source.adapter->to(device);
  if (source.head) source.head->to(device);
  return source;
}

SourcedAdapter load_adapter(const std::filesystem::path& folder, Backbone& backbone,
                            const BackboneIdentity& identity, torch::Device device, bool allow_mismatch) {
  const auto format = adapter_format(folder);
  if (!format) {
    throw InputError(std::filesystem::absolute(folder).lexically_normal().string() +
                     ": no adapter there (adapter.yaml, or adapter_config.json of AdapterHub or PEFT); train "
                     "it first, or give the folder of one");
  }
  if (*format == AdapterFormat::kPeft) return sourced(read_peft_adapter(folder, backbone), device);
  if (*format == AdapterFormat::kAdapterHub)
    return sourced(read_adapterhub_adapter(folder, backbone), device);
  const auto description = load_task_description(folder / "adapter.yaml");
  if (!allow_mismatch) check_same_backbone("adapter " + folder.string(), description.backbone, identity);
  auto loaded = load_task_directory(folder, backbone, device);
  return {description.name, description.adapter, loaded.adapter, loaded.head, task_digest(folder)};
}

}  // namespace adaptune
