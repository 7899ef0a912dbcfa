#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "model/task_directory.h"

namespace adaptune {

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

}  // namespace adaptune
