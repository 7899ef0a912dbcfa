#pragma once
// What the readers of other libraries' folders return.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapter/fusion.h"
#include "adapter/method.h"
#include "head/head.h"
#include "interop/named_parameter.h"
#include "model/task_fusion.h"

namespace adaptune {

struct ImportedHead {
  std::string name;  // empty: the head of a static Hugging Face class
  std::shared_ptr<Head> head;
  std::vector<NamedParameter> parameters;  // under the file's names
};

// The adapter is detached, its weights are the file's.
struct ImportedAdapter {
  std::string name;
  AdapterSpec spec;
  std::shared_ptr<TaskAdapter> adapter;
  std::vector<NamedParameter> parameters;  // under the file's names, without any prefix of the model
  std::optional<ImportedHead> head;        // if the folder holds one
};

struct ImportedFusion {
  std::string name;
  std::vector<std::string> adapter_names;  // in the order of the attention's columns
  FusionOptions options;
  std::shared_ptr<TaskFusion> fusion;      // detached; its members are frozen
  std::vector<NamedParameter> parameters;  // as above
  TensorMap unused;  // the file's tensors that nothing reads, see adapterhub_unused_tensors
};

}  // namespace adaptune
