#include "recipe/fused_task.h"

#include <torch/torch.h>

#include "core/error.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

std::vector<FusionMember> members_for(const Run& run, const TaskConfig& target) {
  std::vector<FusionMember> members;
  for (const auto& member : run.config.fusion.members) {
    const bool own = member.name == target.name;
    if (!own || run.config.fusion.include_target) members.push_back(member);
  }
  if (members.empty())
    throw UsageError("fusion: no adapter is left to fuse for target '" + target.name + "'");
  return members;
}

SourcedAdapter load_member(const fs::path& folder, Backbone& backbone, const BackboneIdentity& identity,
                           torch::Device device, bool allow_mismatch) {
  auto source = load_adapter(folder, backbone, identity, device, allow_mismatch);
  if (!std::holds_alternative<BottleneckOptions>(source.spec.site)) {
    throw InputError("fusion: adapter " + folder.string() + " is '" + source.spec.method +
                     "'; AdapterFusion attends over bottleneck adapters (pfeiffer, houlsby, parallel, ...)");
  }
  if (source.spec.override != Override::kNone) {
    throw InputError("fusion: adapter " + folder.string() +
                     " also owns LayerNorms of the backbone, which its neighbours cannot share; "
                     "train it with train_layernorm: false");
  }
  return source;
}

}  // namespace

std::string site_name(const SiteInfo& site) {
  const std::string layer = std::to_string(site.layer);
  return site.place == "ffn.residual" ? layer : layer + " " + site.place;
}

fs::path member_folder(const Run& run, const FusionMember& member) {
  return member.path.empty() ? run.task_folder(member.name) / "adapter" : fs::path(member.path);
}

FusedTask fresh_fusion(const Run& run, Workspace& workspace, const TaskConfig& target) {
  auto& backbone = workspace.backbone();
  FusedTask fused;
  fused.description.options = run.config.fusion.options;
  const auto fusion_folder = fs::absolute(run.fusion_folder(target.name)) / "fusion";
  std::vector<std::shared_ptr<TaskAdapter>> members;
  for (const auto& member : members_for(run, target)) {
    const auto folder = member_folder(run, member);
    const auto source =
        load_member(folder, backbone, workspace.identity(), run.device, run.flags.allow_backbone_mismatch);
    members.push_back(source.adapter);
    fused.members.push_back(source);
    fused.description.members.push_back(
        {member.name, fs::absolute(folder).lexically_relative(fusion_folder).string(), source.sha256});
  }
  torch::manual_seed(static_cast<uint64_t>(run.config.fusion.train.seed));
  fused.fusion = std::make_shared<TaskFusion>(run.config.fusion.options, members, backbone);
  fused.head = make_head(workspace.data(target).head, backbone.info());
  if (run.config.fusion.warm_head) {
    const auto own = load_adapter(run.task_folder(target.name) / "adapter", backbone, workspace.identity(),
                                  torch::kCPU, run.flags.allow_backbone_mismatch);
    load_parameters(*fused.head, parameter_map(*own.head), "fusion head: warm, from " + own.name);
  }
  fused.fusion->to(run.device);
  fused.head->to(run.device);
  return fused;
}

FusedTask load_fusion(const fs::path& folder, Backbone& backbone, const BackboneIdentity& identity,
                      torch::Device device, bool allow_mismatch) {
  FusedTask fused;
  fused.description = load_fusion_description(folder / "fusion.yaml");
  if (!allow_mismatch)
    check_same_backbone("fusion " + folder.string(), fused.description.target.backbone, identity);
  std::vector<std::shared_ptr<TaskAdapter>> members;
  for (const auto& member : fused.description.members) {
    const auto path = (folder / member.path).lexically_normal();
    const auto source = load_member(path, backbone, identity, device, allow_mismatch);
    if (source.sha256 != member.sha256) {
      throw InputError("fusion " + folder.string() + ": its adapter '" + member.name + "' in " +
                       path.string() + " has changed since the fusion was trained; train the fusion again");
    }
    members.push_back(source.adapter);
    fused.members.push_back(source);
  }
  fused.fusion = std::make_shared<TaskFusion>(fused.description.options, members, backbone);
  fused.head = make_head(fused.description.target.head, backbone.info());
  load_fusion_tensors(folder, *fused.fusion, *fused.head);
  fused.fusion->to(device);
  fused.head->to(device);
  return fused;
}

void record_attention(const FusedTask& fused, bool on) {
  for (const auto& [site, fusion] : fused.fusion->fusions()) fusion->record_attention(on);
}

FusionAttention attention_of(const FusedTask& fused) {
  FusionAttention attention;
  for (const auto& member : fused.description.members) attention.adapters.push_back(member.name);
  for (const auto& [site, fusion] : fused.fusion->fusions()) {
    const auto mean = fusion->mean_attention();
    if (!mean.defined() || mean.numel() != static_cast<int64_t>(attention.adapters.size())) continue;
    attention.layers.push_back(site_name(site->info()));
    const auto values = mean.to(torch::kFloat64).contiguous();
    attention.weights.emplace_back(values.data_ptr<double>(), values.data_ptr<double>() + values.numel());
  }
  return attention;
}

}  // namespace adaptune
