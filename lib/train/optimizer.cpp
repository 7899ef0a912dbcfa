#include "train/optimizer.h"

#include <torch/torch.h>

#include "core/error.h"
#include "io/tensor_copy.h"

namespace adaptune {

using torch::Tensor;

std::vector<ParameterGroup> parameter_groups(const TaskModel& model, const TrainOptions& options) {
  ParameterGroup adapters, head, undecayed;
  adapters.weight_decay = options.adapter_weight_decay.value_or(options.weight_decay);
  head.weight_decay = options.head_weight_decay.value_or(options.weight_decay);
  for (const auto& item : model.trainable()) {
    const bool of_head = item.first.starts_with(kHeadPrefix);
    const bool decays = item.second.dim() > 1 && (of_head || model.attachment().decays(item.second));
    if (options.wd_parity) {
      adapters.parameters.push_back(item);
    } else {
      (!decays ? undecayed : of_head ? head : adapters).parameters.push_back(item);
    }
  }
  std::vector<ParameterGroup> groups;
  for (auto* group : {&adapters, &head, &undecayed}) {
    if (!group->parameters.empty()) groups.push_back(std::move(*group));
  }
  return groups;
}

Optimizer::Optimizer(std::unique_ptr<UpdateRule> rule, const std::vector<ParameterGroup>& groups)
    : rule_(std::move(rule)), moment_names_(rule_->moments()) {
  const torch::NoGradGuard no_grad;
  for (const auto& group : groups) {
    auto& own = groups_.emplace_back(Group{{}, group.weight_decay});
    for (const auto& [name, parameter] : group.parameters) {
      Slot slot{name, parameter, at::zeros({}, parameter.options().dtype(torch::kFloat32)), {}};
      for (size_t i = 0; i < moment_names_.size(); ++i) slot.moments.push_back(at::zeros_like(parameter));
      own.slots.push_back(std::move(slot));
      parameters_.push_back(parameter);
    }
  }
}

UpdateTensors Optimizer::with_gradients(const Group& group, size_t moment_count) {
  UpdateTensors tensors;
  tensors.moments.resize(moment_count);
  for (const auto& slot : group.slots) {
    if (!slot.parameter.grad().defined()) continue;
    tensors.parameters.push_back(slot.parameter);
    tensors.gradients.push_back(slot.parameter.grad());
    tensors.steps.push_back(slot.step);
    for (size_t i = 0; i < moment_count; ++i) tensors.moments[i].push_back(slot.moments[i]);
  }
  return tensors;
}

void Optimizer::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  for (const auto& group : groups_) {
    auto tensors = with_gradients(group, moment_names_.size());
    if (tensors.parameters.empty()) continue;
    at::_foreach_add_(tensors.steps, 1);
    rule_->apply(tensors, learning_rate, group.weight_decay);
    // Fused kernels write past the version counters, by which others see that a weight has changed.
    for (const auto& parameter : tensors.parameters) parameter.unsafeGetTensorImpl()->bump_version();
  }
}

void Optimizer::clear_gradients() {
  for (auto& parameter : parameters_) parameter.mutable_grad() = Tensor();
}

std::vector<std::string> Optimizer::without_gradient() const {
  std::vector<std::string> names;
  for (const auto& group : groups_) {
    for (const auto& slot : group.slots) {
      if (!slot.parameter.grad().defined()) names.push_back(slot.name);
    }
  }
  return names;
}

TensorMap Optimizer::state() const {
  TensorMap state;
  for (const auto& group : groups_) {
    for (const auto& slot : group.slots) {
      state.emplace("step." + slot.name, slot.step);
      for (size_t i = 0; i < moment_names_.size(); ++i) {
        state.emplace(moment_names_[i] + "." + slot.name, slot.moments[i]);
      }
    }
  }
  return state;
}

void Optimizer::load_state(const TensorMap& tensors, const std::string& where) {
  const torch::NoGradGuard no_grad;
  copy_tensors(tensors, state(), where);
}

}  // namespace adaptune
