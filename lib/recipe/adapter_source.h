#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "interop/imported.h"
#include "model/task_directory.h"

namespace adaptune {

// Whose folder of an adapter it is.
enum class AdapterFormat { kOurs, kAdapterHub, kPeft };
// Empty: the folder holds no adapter.
std::optional<AdapterFormat> adapter_format(const std::filesystem::path& folder);

// An adapter from wherever a path may point: a task directory of ours, or a folder of AdapterHub's or PEFT's
// (those know no fingerprint, so any backbone of the right shape is taken).
struct SourcedAdapter {
  std::string name;
  AdapterSpec spec;
  std::shared_ptr<TaskAdapter> adapter;
  std::shared_ptr<Head> head;  // null: the folder has none
  std::string sha256;          // of its tensors
};

// On the backbone's sites, not attached. InputError for a folder that holds no adapter, and for one of
// another backbone unless `allow_mismatch`.
SourcedAdapter load_adapter(const std::filesystem::path& folder, Backbone& backbone,
                            const BackboneIdentity& identity, torch::Device device, bool allow_mismatch);
// One that was read from another library's folder, on `device`.
SourcedAdapter sourced(const ImportedAdapter& imported, torch::Device device);

}  // namespace adaptune
