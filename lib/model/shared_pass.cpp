#include "model/shared_pass.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "adapter/adapter_stack.h"
#include "nn/copies.h"

namespace adaptune {

using torch::Tensor;

SharedPass::SharedPass(Backbone& backbone, std::vector<Task> tasks)
    : backbone_(backbone), tasks_(std::move(tasks)), sites_(backbone.sites()) {
  for (const auto& task : tasks_) {
    TORCH_CHECK(can_share(*task.attachment), "a task with matrices of its own needs a pass of its own");
    task.attachment->keep_state(true);
  }
  find_order();
  stack_adapters();
  stack_tensors();
}

SharedPass::~SharedPass() {
  for (const auto& task : tasks_) task.attachment->keep_state(false);
  for (Site* site : attached_) site->detach();
  for (auto& [slot, original] : originals_) *slot = original;
}

int64_t SharedPass::rows_at_once(int64_t rows, size_t tasks) {
  return std::max<int64_t>(1, rows / static_cast<int64_t>(tasks));
}

bool SharedPass::can_share(const Attachment& attachment) {
  const auto& own = attachment.overridden();
  const auto sites = attachment.site_adapters();
  // Biases outside the layers are those of convolutions, which take one alone.
  return std::all_of(own.begin(), own.end(),
                     [](const auto& tensor) {
                       return tensor.trained.dim() == 1 && tensor.slot.role != TensorRole::kBatchNormWeight &&
                              !(tensor.slot.role == TensorRole::kBias && tensor.slot.layer < 0);
                     }) &&
         std::none_of(sites.begin(), sites.end(),
                      [](const auto& own) { return own.first->info().kind == SiteKind::kConv; });
}

// A tensor of a layer counts from that layer's first site on.
void SharedPass::find_order() {
  std::map<const Site*, int64_t> index;
  std::map<int64_t, int64_t> layer_begin;
  for (size_t i = 0; i < sites_.size(); ++i) {
    index.emplace(sites_[i], static_cast<int64_t>(i));
    layer_begin.emplace(sites_[i]->info().layer, static_cast<int64_t>(i));
  }
  const auto last = static_cast<int64_t>(sites_.size());
  for (const auto& task : tasks_) {
    int64_t first = last;
    for (const auto& [site, adapter] : task.attachment->site_adapters())
      first = std::min(first, index.at(site));
    for (const auto& tensor : task.attachment->overridden()) {
      const auto begin = layer_begin.find(tensor.slot.layer);
      first = std::min(first, begin == layer_begin.end() ? last - 1 : begin->second);
    }
    first_.push_back(first);
  }
  order_.resize(tasks_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](size_t a, size_t b) { return first_[a] < first_[b]; });
}

// Copies behind a place: those tasks that differ by then, and one for the others.
int64_t SharedPass::count_at(int64_t place) const {
  const int64_t differ =
      std::count_if(first_.begin(), first_.end(), [&](int64_t first) { return first <= place; });
  return std::min<int64_t>(differ + 1, static_cast<int64_t>(tasks_.size()));
}

void SharedPass::stack_adapters() {
  std::map<const Site*, std::map<size_t, std::shared_ptr<Adapter>>> by_site;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    for (const auto& [site, adapter] : tasks_[task].attachment->site_adapters())
      by_site[site][task] = adapter;
  }
  for (size_t i = 0; i < sites_.size(); ++i) {
    const auto found = by_site.find(sites_[i]);
    if (found == by_site.end()) continue;
    std::vector<std::shared_ptr<Adapter>> members(count_at(static_cast<int64_t>(i)));
    for (size_t c = 0; c < members.size(); ++c) {
      const auto own = found->second.find(order_[c]);
      if (own != found->second.end()) members[c] = own->second;
    }
    sites_[i]->attach(std::make_shared<AdapterStack>(std::move(members)));
    attached_.push_back(sites_[i]);
  }
}

void SharedPass::stack_tensors() {
  std::map<Tensor*, std::map<size_t, const OverriddenTensor*>> by_slot;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    for (const auto& own : tasks_[task].attachment->overridden()) by_slot[own.slot.tensor][task] = &own;
  }
  for (const auto& [slot, owners] : by_slot) {
    size_t count = 0;  // up to the last owner's copy, and one for the others
    for (size_t c = 0; c < order_.size(); ++c) {
      if (owners.contains(order_[c])) count = std::min(c + 2, order_.size());
    }
    std::vector<Tensor> values;
    for (size_t c = 0; c < count; ++c) {
      const auto own = owners.find(order_[c]);
      values.push_back(own == owners.end() ? *slot : own->second->trained);
    }
    originals_.emplace_back(slot, *slot);
    *slot = at::stack(values).unsqueeze(1);  // [C, 1, D]
  }
}

Features SharedPass::features(const Batch& batch) {
  Wanted wanted{.every_token = false};
  for (const auto& task : tasks_) {
    const Wanted own = task.attachment->wanted(task.head->wanted());
    wanted.pooled = wanted.pooled || own.pooled;
    wanted.every_token = wanted.every_token || own.every_token;
    wanted.marked = wanted.marked || own.marked;
    wanted.words = wanted.words || own.words;
    wanted.states.insert(wanted.states.end(), own.states.begin(), own.states.end());
  }
  return backbone_.forward(batch, wanted);
}

Features SharedPass::features_of(const Features& features, size_t task) const {
  const auto c = std::find(order_.begin(), order_.end(), task) - order_.begin();
  const auto own = [&](const Tensor& value) { return value.defined() ? copy_of(value, c) : value; };
  Features result{own(features.first),  own(features.last), own(features.pooled),
                  own(features.marked), features.words,     {}};
  for (const auto& [index, state] : features.states) result.states.emplace(index, own(state));
  return result;
}

std::vector<Tensor> SharedPass::logits(const Batch& batch) {
  const Features all = features(batch);
  std::vector<Tensor> logits;
  for (size_t task = 0; task < tasks_.size(); ++task) {
    const auto& [attachment, head] = tasks_[task];
    logits.push_back(head->forward(attachment->read(features_of(all, task), batch, head->wanted()), batch));
  }
  return logits;
}

bool SharedPass::needs_padding() const {
  return std::any_of(tasks_.begin(), tasks_.end(),
                     [](const Task& task) { return task.attachment->needs_padding(); });
}

void SharedPass::eval() {
  for (const auto& task : tasks_) {
    task.attachment->eval();
    task.head->eval();
  }
  backbone_.set_dropout(false);
}

}  // namespace adaptune
