#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/console.h"
#include "recipe/trained_task.h"

namespace adaptune {

// `adaptune export`: an adapter (with its head) or a fusion (with its members) in another library's layout.
struct ExportFlags {
  std::string folder;  // of an adapter, a fusion, or a run; also AdapterHub's or PEFT's
  std::string task;
  std::string format = "adapterhub";
  std::string output;  // empty: export/<format> beside the adapter
  std::string model;   // the backbone's folder; empty: as trained, if the folder says that
  bool safetensors = false;
  bool allow_backbone_mismatch = false;
};
int export_trained(const ExportFlags& flags, Console& console);

// ValueError at `export` for what AdapterHub's files cannot express, before it is trained or written.
void check_export(const AdapterSpec& adapter, const HeadSpec& head, const BackboneInfo& info);
void check_export(const FusedTask& fused, const BackboneInfo& info);

// An adapter with its head, which may be null, in one folder of AdapterHub's layout.
void export_adapter(const std::filesystem::path& out, const TaskDescription& description,
                    const TaskAdapter& adapter, const Head* head, Backbone& backbone,
                    bool safetensors = false);
// AdapterHub's layout: one folder with adapter and head; for a fusion a folder each for its members, itself
// ("a,b,c") and its head. Returns the folders written.
std::vector<std::string> export_adapterhub(const TrainedTask& task, Backbone& backbone,
                                           const std::filesystem::path& out, bool safetensors = false);

}  // namespace adaptune
