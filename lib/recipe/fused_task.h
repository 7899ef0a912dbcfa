#pragma once
// A fusion with its members and head on the backbone: made fresh for training, or from its folder.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/task_directory.h"
#include "recipe/adapter_source.h"
#include "recipe/run.h"
#include "recipe/workspace.h"
#include "report/attention_table.h"

namespace adaptune {

struct FusedTask {
  FusionDescription description;
  std::vector<SourcedAdapter> members;  // frozen, in the order of the description
  std::shared_ptr<TaskFusion> fusion;
  std::shared_ptr<Head> head;
};

// The folder a member's adapter comes from: its own path, or the run's task folder.
std::filesystem::path member_folder(const Run& run, const FusionMember& member);

// The adapters of a target's fusion. ValueError when none is left.
std::vector<FusionMember> fusion_members(const FusionConfig& fusion, const std::string& target);

// Why an adapter can be no member of a fusion, and what would be right; `key` as in ValueError.
struct FusionProblem {
  std::string key, text;
};
std::optional<FusionProblem> fusion_problem(const AdapterSpec& spec);

// Members loaded and frozen, fusion new, head new or the target's own (fusion.head: warm). InputError for
// members that are not trained yet, fit another backbone, or are no bottlenecks.
FusedTask fresh_fusion(const Run& run, Workspace& workspace, const TaskConfig& target);
// As written by `fuse`. A member whose tensors have changed since is an InputError.
FusedTask load_fusion(const std::filesystem::path& folder, Backbone& backbone,
                      const BackboneIdentity& identity, torch::Device device, bool allow_mismatch);

// A fused site in tables: "3" after the feed-forward block of layer 3, "3 attention.residual" elsewhere.
std::string site_name(const SiteInfo& site);
// What the last recorded passes attended to: a row for each fused site.
FusionAttention attention_of(const FusedTask& fused);
void record_attention(const FusedTask& fused, bool on);

}  // namespace adaptune
