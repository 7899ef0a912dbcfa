#include "model/knowledge.h"

#include <algorithm>
#include <set>
#include <utility>

namespace adaptune {

using torch::Tensor;

Knowledge::Knowledge(std::vector<std::shared_ptr<KnowledgeAdapter>> adapters,
                     std::shared_ptr<Combination> combination)
    : adapters_(std::move(adapters)), combination_(std::move(combination)) {}

Wanted Knowledge::wanted(const Wanted& wanted, const Trunk& trunk) const {
  Wanted all = wanted;
  if (!trunk.outputs.empty()) return all;
  std::set<int64_t> states(wanted.states.begin(), wanted.states.end());
  for (const auto& adapter : adapters_)
    states.insert(adapter->positions().begin(), adapter->positions().end());
  all.states.assign(states.begin(), states.end());
  return all;
}

std::vector<int64_t> Knowledge::states(int64_t layers, bool known_outputs) const {
  if (known_outputs) return {layers};
  std::vector<int64_t> states = wanted({}, {}).states;
  if (states.back() != layers) states.push_back(layers);
  return states;
}

std::vector<std::string> Knowledge::constant_adapters() const {
  std::vector<std::string> digests;
  for (const auto& adapter : adapters_) {
    for (const auto& parameter : adapter->parameters()) {
      if (parameter.requires_grad()) return {};
    }
    digests.push_back(adapter->digest());
  }
  return digests;
}

std::vector<Tensor> Knowledge::outputs(const Features& features, const Tokens& tokens,
                                       const Tensor& chosen) const {
  std::vector<Tensor> outputs;
  for (const auto& adapter : adapters_) {
    std::vector<Tensor> states;
    for (const int64_t position : adapter->positions()) states.push_back(features.states.at(position));
    outputs.push_back(adapter->forward(states, tokens, chosen).back());
  }
  return outputs;
}

Features Knowledge::combined(const Features& features, const Batch& batch, const Wanted& wanted) const {
  Tensor chosen;  // [B, M]: rows of the stream that are read; undefined: all
  if (!wanted.every_token) chosen = wanted.marked ? batch.marks : batch.tokens.starts.unsqueeze(1);
  auto outputs = batch.trunk.outputs;
  if (outputs.empty()) {
    outputs = this->outputs(features, batch.tokens, chosen);
  } else if (chosen.defined()) {
    for (auto& output : outputs) output = output.index_select(0, chosen.flatten());
  }
  Features result = features;
  if (wanted.every_token) {
    result.last = combination_->forward(features.last, outputs, batch.tokens.mask);
    result.first = result.last.index_select(0, batch.tokens.starts);
    if (wanted.marked) result.marked = result.last.index_select(0, batch.marks.flatten());
  } else if (wanted.marked) {
    result.first = Tensor();
    result.marked = combination_->forward(features.marked, outputs);
  } else {
    result.first = combination_->forward(features.first, outputs);
  }
  return result;
}

bool Knowledge::needs_padding() const {
  return std::any_of(adapters_.begin(), adapters_.end(),
                     [](const auto& adapter) { return adapter->needs_padding(); });
}

}  // namespace adaptune
