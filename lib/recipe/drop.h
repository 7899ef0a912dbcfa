#pragma once

#include <string>
#include <vector>

#include "recipe/console.h"
#include "recipe/run.h"

namespace adaptune {

// `adaptune drop`: AdapterDrop on trained tasks, Rücklé et al. 2021.
struct DropFlags {
  std::string split = "validation";  // what is scored
  bool fusion = false;               // the tasks' fusions instead of their single adapters
  bool spans = false;                // score every range of layers off instead of the lowest n, for every n
  std::string layers;                // "0-4" or "0,2": only these off; empty: as above
  std::string prune_fusion;          // "2" or "1-7": the tasks' fusions, each site with so many adapters
  bool of_fusion() const { return fusion || !prune_fusion.empty(); }
  std::string output;  // with one choice of those: what is left, as a folder of its own
};

// Prints the scores. UsageError for layers that do not exist or leave nothing, for fewer than one adapter or
// more than a fusion has, and for tasks that own no adapters in layers, before anything is scored. Tasks that
// are not trained are left out; InputError where none is. Returns the exit status.
int drop(const RunFlags& flags, const DropFlags& what, Console& console);

}  // namespace adaptune
