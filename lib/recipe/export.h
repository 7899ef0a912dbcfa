#pragma once

#include <string>

#include "recipe/console.h"

namespace adaptune {

// `adaptune export`: an adapter (with its head) or a fusion (with its members) in another library's layout.
struct ExportFlags {
  std::string folder;                             // of an adapter, a fusion, or a run
  std::string task;
  std::string format = "adapterhub";
  std::string output;                             // empty: export/<format> beside the adapter
  std::string model;                              // the backbone's folder; empty: as trained
  bool safetensors = false;
};
int export_trained(const ExportFlags& flags, Console& console);

}  // namespace adaptune
