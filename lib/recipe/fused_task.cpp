#include "recipe/fused_task.h"

#include <torch/torch.h>

#include <algorithm>

#include "core/error.h"
#include "core/shell_line.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

std::string fusable_methods() {
  std::string names;
  for (const auto& method : adapter_methods()) {
    const bool fusable =
        std::holds_alternative<BottleneckOptions>(method.site) && method.override == Override::kNone;
    if (fusable) names += " " + method.name;
  }
  return names;
}

void check_fusable(const fs::path& folder, const SourcedAdapter& source, const FusionOptions& options) {
  if (const auto problem = fusion_problem(source.spec, options))
    throw InputError("fusion: adapter " + folder.string() + ": " + problem->text);
}

// The command that trains a fusion again, by its folder in a run, <run>/fusion/<target>/fusion.
std::string fuse_again(const fs::path& folder, const FusionDescription& fusion, torch::Device device,
                       bool allow_mismatch) {
  auto run = (folder / "../../..").lexically_normal();
  if (!run.has_filename()) run = run.parent_path();
  std::error_code absent;
  const bool in_run = fs::exists(run / "config.yaml") &&
                      fs::equivalent(run / "fusion" / fusion.target.name / "fusion", folder, absent);
  std::vector<std::string> words = {"fuse", in_run ? run.string() : "CONFIG", "--target", fusion.target.name};
  if (!device.is_cpu()) words.insert(words.end(), {"--device", device.str()});
  if (allow_mismatch) words.emplace_back("--allow-backbone-mismatch");
  words.emplace_back("--overwrite");
  return shell_line(words);
}

// What cannot be read is nobody's fusion here; the commands that use it say what is wrong with it.
std::vector<FusedAdapter> members_of(const fs::path& fusion) try {
  return load_fusion_description(fusion / "fusion.yaml").members;
} catch (const Error&) {
  return {};
}

}  // namespace

std::string site_name(const SiteInfo& site) {
  const std::string layer = std::to_string(site.layer);
  return site.place == "ffn.residual" ? layer : layer + " " + site.place;
}

fs::path member_folder(const Run& run, const FusionMember& member) {
  return member.path.empty() ? run.task_folder(member.name) / "adapter" : fs::path(member.path);
}

std::vector<FusionMember> fusion_members(const FusionConfig& fusion, const std::string& target) {
  std::vector<FusionMember> members;
  for (const auto& member : fusion.members) {
    if (member.name != target || fusion.include_target) members.push_back(member);
  }
  if (!members.empty()) return members;
  const bool left_out = !fusion.members.empty();
  throw ValueError(left_out ? "fusion.include_target" : "fusion.adapters",
                   "no adapter is left to fuse for the target '" + target + "'; " +
                       (left_out ? "name other adapters in fusion.adapters, or leave include_target on"
                                 : "name at least one"));
}

std::optional<FusionProblem> fusion_problem(const AdapterSpec& spec, const FusionOptions& options) {
  const bool beside = std::holds_alternative<KnowledgeOptions>(spec.site);
  if (!options.combination.empty()) {
    if (beside) return std::nullopt;
    return FusionProblem{"fusion.config", "'" + options.combination + "' combines knowledge adapters, and '" +
                                              spec.method +
                                              "' is another method; name adapters of k_adapter, or write "
                                              "fusion.config: dynamic"};
  }
  if (beside) {
    return FusionProblem{"fusion.config",
                         "AdapterFusion fuses bottleneck adapters in a backbone's layers, and k_adapter is "
                         "beside it; write fusion.config: concat, add or attention"};
  }
  if (!std::holds_alternative<BottleneckOptions>(spec.site)) {
    return FusionProblem{"adapter.config", "AdapterFusion attends over bottleneck adapters, and '" +
                                               spec.method +
                                               "' has none; methods that have:" + fusable_methods()};
  }
  if (spec.override == Override::kNone) return std::nullopt;
  return FusionProblem{"adapter.train_layernorm",
                       "'" + spec.method +
                           "' also trains LayerNorms of the backbone, which the adapters of a fusion cannot "
                           "share; train it with train_layernorm: false"};
}

FusedTask fresh_fusion(const Run& run, Workspace& workspace, const TaskConfig& target) {
  auto& backbone = workspace.backbone();
  FusedTask fused;
  fused.description.options = run.config.fusion.options;
  const auto fusion_folder = (fs::absolute(run.fusion_folder(target.name)) / "fusion").lexically_normal();
  std::vector<std::shared_ptr<TaskAdapter>> members;
  for (const auto& member : fusion_members(run.config.fusion, target.name)) {
    const auto folder = member_folder(run, member);
    const auto source =
        load_adapter(folder, backbone, workspace.identity(), run.device, run.flags.allow_backbone_mismatch);
    check_fusable(folder, source, fused.description.options);
    members.push_back(source.adapter);
    fused.members.push_back(source);
    fused.description.members.push_back(
        {member.name, fs::absolute(folder).lexically_normal().lexically_relative(fusion_folder).string(),
         source.sha256});
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
    const auto stale = [&](const std::string& what) {
      return StaleFusion("fusion " + folder.string() + ": its adapter '" + member.name + "' in " +
                         path.string() + " " + what + ": " +
                         fuse_again(folder, fused.description, device, allow_mismatch));
    };
    if (!adapter_format(path)) throw stale("is gone; train that, and then the fusion again");
    const auto source = load_adapter(path, backbone, identity, device, allow_mismatch);
    if (source.sha256 != member.sha256)
      throw stale("has changed since the fusion was trained; train the fusion again");
    check_fusable(path, source, fused.description.options);
    members.push_back(source.adapter);
    fused.members.push_back(source);
  }
  fused.fusion = std::make_shared<TaskFusion>(fused.description.options, members, backbone);
  fused.fusion->keep(kept_members(fused.description, (folder / "fusion.yaml").string()));
  fused.head = make_head(fused.description.target.head, backbone.info());
  load_fusion_tensors(folder, *fused.fusion, *fused.head);
  fused.fusion->to(device);
  fused.head->to(device);
  return fused;
}

std::vector<std::string> fusions_over(const Run& run, const fs::path& adapter) {
  std::vector<std::string> targets;
  for (const auto& task : run.config.tasks) {
    const auto folder = run.fusion_folder(task.name) / "fusion";
    if (!is_fusion_directory(folder)) continue;
    const auto members = members_of(folder);
    const bool is_over = std::any_of(members.begin(), members.end(), [&](const FusedAdapter& member) {
      return fs::weakly_canonical(folder / member.path) == fs::weakly_canonical(adapter);
    });
    if (is_over) targets.push_back(task.name);
  }
  return targets;
}

void record_attention(const FusedTask& fused, bool on) {
  if (auto* combination = fused.fusion->combination()) combination->record_attention(on);
  for (const auto& own : fused.fusion->fusions()) own.fusion->record_attention(on);
}

FusionAttention attention_of(const FusedTask& fused) {
  FusionAttention attention;
  for (const auto& member : fused.description.members) attention.adapters.push_back(member.name);
  const auto* combination = fused.fusion->combination();
  const auto combined = combination ? combination->mean_attention() : torch::Tensor();
  if (combined.defined()) {
    attention.layers.emplace_back("features");
    attention.weights.emplace_back(combined.data_ptr<double>(),
                                   combined.data_ptr<double>() + combined.numel());
  }
  for (const auto& [site, fusion, members] : fused.fusion->fusions()) {
    const auto mean = fusion->mean_attention();
    if (!mean.defined()) continue;
    attention.layers.push_back(site_name(site->info()));
    auto& weights = attention.weights.emplace_back(attention.adapters.size(), 0);
    for (size_t i = 0; i < members.size(); ++i)
      weights[members[i]] = mean[static_cast<int64_t>(i)].item<double>();
  }
  return attention;
}

}  // namespace adaptune
