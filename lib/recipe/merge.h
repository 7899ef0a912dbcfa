#pragma once

#include <string>

#include "recipe/console.h"

namespace adaptune {

// `adaptune merge`: a task's network as a model folder of its own, without adapters, at the plain network's
// cost.
struct MergeFlags {
  std::string folder;  // of an adapter, or of a run with `task`
  std::string task;
  std::string output;  // a folder that is not there yet
  std::string model;   // the backbone's folder; empty: as trained
};

// Writes config.json (with the labels), model.safetensors under the family's names, its classifier included,
// and for images preprocessor_config.json. The merged network must answer a probe batch as the unmerged one
// does, to 1e-4 of the largest logit. UsageError for what cannot be merged exactly.
int merge(const MergeFlags& flags, Console& console);

}  // namespace adaptune
