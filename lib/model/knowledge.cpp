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

std::vector<Tensor> Knowledge::outputs(const Features& features, const Tokens& tokens) const {
  std::vector<Tensor> outputs;
  for (const auto& adapter : adapters_) {
    std::vector<Tensor> states;
    for (const int64_t position : adapter->positions()) states.push_back(features.states.at(position));
    outputs.push_back(adapter->forward(states, tokens).back());
  }
  return outputs;
}

Features Knowledge::combined(const Features& features, const Batch& batch, const Wanted& wanted) const {
  const auto& known = batch.trunk.outputs;
  const auto outputs = known.empty() ? this->outputs(features, batch.tokens) : known;
  const auto of = [&](const Tensor& own, const Tensor& rows) {
    std::vector<Tensor> chosen;
    for (const auto& output : outputs) chosen.push_back(output.index_select(0, rows));
    return combination_->forward(own, chosen);
  };
  Features result = features;
  if (wanted.every_token) {
    result.last = combination_->forward(features.last, outputs, batch.tokens.mask);
    result.first = result.last.index_select(0, batch.tokens.starts);
    if (wanted.marked) result.marked = result.last.index_select(0, batch.marks.flatten());
  } else {
    result.first = wanted.marked ? Tensor() : of(features.first, batch.tokens.starts);
    if (wanted.marked) result.marked = of(features.marked, batch.marks.flatten());
  }
  return result;
}

bool Knowledge::needs_padding() const {
  return std::any_of(adapters_.begin(), adapters_.end(),
                     [](const auto& adapter) { return adapter->needs_padding(); });
}

}  // namespace adaptune
