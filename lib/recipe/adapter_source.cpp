#include "recipe/adapter_source.h"

#include "core/error.h"

namespace adaptune {

SourcedAdapter load_adapter(const std::filesystem::path& folder, Backbone& backbone, const BackboneIdentity& identity,
                            torch::Device device, bool allow_mismatch) {
  if (is_task_directory(folder)) {
    const auto description = load_task_description(folder / "adapter.yaml");
    if (!allow_mismatch) check_same_backbone("adapter " + folder.string(), description.backbone, identity);
    auto loaded = load_task_directory(folder, backbone, device);
    return {description.name, description.adapter, loaded.adapter, loaded.head, task_digest(folder)};
  }
  throw InputError(std::filesystem::absolute(folder).string() + ": no adapter there (no adapter.yaml); train it first, or give the folder of one");
}

}  // namespace adaptune
