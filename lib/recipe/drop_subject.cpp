#include "recipe/drop_subject.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "core/error.h"
#include "model/task_directory.h"
#include "train/evaluation.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// Indices of the `count` largest, ascending; of equal ones the first.
std::vector<size_t> largest(const std::vector<double>& values, size_t count) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] > values[b]; });
  order.resize(std::min(count, order.size()));
  std::sort(order.begin(), order.end());
  return order;
}

// By site, the members by name where there are fewer than in the whole fusion.
std::map<std::string, std::vector<std::string>> kept_names(const TaskFusion& fusion, const TaskFusion& whole,
                                                           const std::vector<FusedAdapter>& names) {
  std::map<std::string, std::vector<std::string>> kept;
  for (const auto& own : fusion.fusions()) {
    for (const auto& all : whole.fusions()) {
      if (all.site != own.site || all.members.size() == own.members.size()) continue;
      for (const int64_t member : own.members) kept[own.site->info().path()].push_back(names[member].name);
    }
  }
  return kept;
}

}  // namespace

DropSubject::DropSubject(const Run& run, Workspace& workspace, const TaskConfig& task,
                         const std::string& split, bool fusion)
    : run_(run), workspace_(workspace), configured_(task) {
  if (fusion) {
    fused_ = load_trained_fusion(run, workspace, task);
  } else {
    loaded_ = load_trained_adapter(run, workspace, task);
  }
  if (!fused_ && !loaded_) {
    throw InputError(fs::absolute(run.folder).string() + ": task '" + task.name + "' has no trained " +
                     (fusion ? "fusion; run 'adaptune fuse' first" : "adapter; run 'adaptune train' first"));
  }
  task_ = as_trained(task, trained());
  split_ = scored_split(workspace, task_, trained(), split);
  if (attachment().site_adapters().empty())
    throw UsageError("task '" + task.name +
                     "' owns no adapters in the backbone's layers that could be dropped" +
                     (fused_ && fused_->fusion->combination()
                          ? "; which knowledge adapters it combines is chosen by fusion.adapters"
                          : ""));
  model_.emplace(workspace.backbone(),
                 fused_ ? std::shared_ptr<Attachment>(fused_->fusion) : loaded_->adapter,
                 fused_ ? fused_->head : loaded_->head);
}

bool DropSubject::is_trained(const Run& run, const TaskConfig& task, bool fusion) {
  return fusion ? is_fusion_directory(run.fusion_folder(task.name) / "fusion")
                : is_task_directory(run.task_folder(task.name) / "adapter");
}

const Attachment& DropSubject::attachment() const {
  if (fused_) return *fused_->fusion;
  return *loaded_->adapter;
}

std::string DropSubject::changed_settings() const {
  return adaptune::changed_settings(workspace_, configured_, trained(), fused_ ? "fusion" : "adapter");
}

const TrainOptions& DropSubject::options() const { return fused_ ? run_.config.fusion.train : task_.train; }

int64_t DropSubject::members() const {
  size_t most = 0;
  if (!fused_) return 0;
  for (const auto& own : fused_->fusion->fusions()) most = std::max(most, own.members.size());
  return static_cast<int64_t>(most);
}

std::optional<double> DropSubject::score(const Removal& removal) {
  if (removal.kept) prune(*removal.kept);
  model_->leave_out(removal.layers_off);
  return evaluate_on(run_, workspace_, {&task_, &options(), split_.rows.get(), {}, {}}, *model_)
      .scores.front()
      .second;
}

// Rücklé et al. 2021, section 4.2: the attention over the training split decides, layer by layer; nothing is
// trained again.
void DropSubject::prune(int64_t count) {
  if (attention_.empty()) {
    record_attention(*fused_, true);
    for_each_logits(*model_, *scored_split(workspace_, task_, trained(), "train").rows,
                    {options().per_device_eval_batch_size, workspace_.pad_id(), run_.device},
                    [](const auto&, const Batch&, const torch::Tensor&) {});
    for (const auto& own : fused_->fusion->fusions()) {
      const auto mean = own.fusion->mean_attention().contiguous();
      attention_.emplace_back(mean.data_ptr<double>(), mean.data_ptr<double>() + mean.numel());
    }
    record_attention(*fused_, false);
  }
  KeptMembers kept;
  const auto& fusions = fused_->fusion->fusions();
  for (size_t i = 0; i < fusions.size(); ++i) {
    std::vector<double> weights;
    auto& members = kept[fusions[i].site->info().path()];
    for (const size_t place : largest(attention_[i], static_cast<size_t>(count))) {
      members.push_back(fusions[i].members[place]);
      weights.push_back(attention_[i][place]);
    }
    attention_[i] = std::move(weights);
  }
  fused_->fusion->keep(kept);
}

int64_t DropSubject::write(const fs::path& folder, const Removal& removal) {
  return fused_ ? write_fusion(folder, removal) : write_adapter(folder, removal.layers_off);
}

// Those of the trained attachment that `rest` has too.
TensorMap DropSubject::parameters_of(const torch::nn::Module& rest) const {
  TensorMap all = parameter_map(attachment()), own;
  for (const auto& [name, tensor] : parameter_map(rest)) own.emplace(name, all.at(name));
  return own;
}

AdapterSpec DropSubject::rest_of_adapter(const std::vector<int64_t>& off) const {
  auto spec = loaded_->description.adapter;
  auto& left_out = spec.leave_out;
  for (const int64_t layer : off) {
    if (std::find(left_out.begin(), left_out.end(), layer) == left_out.end()) left_out.push_back(layer);
  }
  std::sort(left_out.begin(), left_out.end());
  return spec;
}

// Without its lowest layers.
FusionOptions DropSubject::rest_of_fusion(const std::vector<int64_t>& off) const {
  auto options = fused_->description.options;
  const int64_t before = options.drop.mode == "fixed" ? options.drop.layers.value_or(0) : 0;
  if (!off.empty()) options.drop = {"fixed", std::max(before, static_cast<int64_t>(off.size()))};
  return options;
}

void DropSubject::check_rest(const Removal& removal) const try {
  const int64_t layers = workspace_.info().layers;
  if (fused_) {
    fixed_drop(rest_of_fusion(removal.layers_off).drop, layers, "--layers");
  } else {
    adapted_layers(rest_of_adapter(removal.layers_off), layers);
  }
} catch (const ValueError&) {
  throw UsageError("--layers: the " + std::string(fused_ ? "fusion" : "adapter") + " of '" + task_.name +
                   "' has no other layers, so that -o would write nothing; leave it at least one");
}

int64_t DropSubject::write_adapter(const fs::path& folder, const std::vector<int64_t>& off) const {
  auto description = loaded_->description;
  description.adapter = rest_of_adapter(off);
  TaskAdapter rest(description.adapter, workspace_.backbone());
  load_parameters(rest, parameters_of(rest), task_.name);
  description.scores.clear();
  return write_task_directory(folder, description, rest, *loaded_->head);
}

int64_t DropSubject::write_fusion(const fs::path& folder, const Removal& removal) const {
  auto description = fused_->description;
  description.options = rest_of_fusion(removal.layers_off);
  const fs::path target = fs::absolute(folder).lexically_normal();
  for (auto& member : description.members) {
    const auto path =
        (fs::absolute(run_.fusion_folder(task_.name)) / "fusion" / member.path).lexically_normal();
    member.path = path.lexically_relative(target).string();
  }
  std::vector<std::shared_ptr<TaskAdapter>> members;
  for (const auto& member : fused_->members) members.push_back(member.adapter);
  TaskFusion rest(description.options, members, workspace_.backbone());
  description.kept = kept_names(*fused_->fusion, rest, description.members);
  load_parameters(rest, parameters_of(rest), task_.name);
  description.target.scores.clear();
  return write_fusion_directory(folder, description, rest, *fused_->head);
}

}  // namespace adaptune
