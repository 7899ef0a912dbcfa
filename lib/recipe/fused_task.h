#pragma once
// A fusion with its members and head on the backbone: made fresh for training, or from its folder.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "model/task_directory.h"
#include "model/task_fusion.h"
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

// Why an adapter can be no member of a fusion with these options, and what would be right; `key` as in
// ValueError.
struct FusionProblem {
  std::string key, text;
};
std::optional<FusionProblem> fusion_problem(const AdapterSpec& spec, const FusionOptions& options);

// Members loaded and frozen, fusion new, head new or the target's own (fusion.head: warm). InputError for
// members that are not trained yet, fit another backbone, or are no bottlenecks.
FusedTask fresh_fusion(const Run& run, Workspace& workspace, const TaskConfig& target);
// A fusion that does not fit its adapters any more. The message says how to train it again.
class StaleFusion : public InputError {
 public:
  using InputError::InputError;
};
// As written by `fuse`. StaleFusion where a member is gone, or its tensors have changed since.
FusedTask load_fusion(const std::filesystem::path& folder, Backbone& backbone,
                      const BackboneIdentity& identity, torch::Device device, bool allow_mismatch);

// The targets of the run's fusions that were trained on the adapter in this folder, as far as they can be
// read.
std::vector<std::string> fusions_over(const Run& run, const std::filesystem::path& adapter);

// A fused site in tables: "3" after the feed-forward block of layer 3, "3 attention.residual" elsewhere.
std::string site_name(const SiteInfo& site);
// What the last recorded passes attended to: a row for each fused site.
FusionAttention attention_of(const FusedTask& fused);
void record_attention(const FusedTask& fused, bool on);

}  // namespace adaptune
