#include "golden_network.h"

#include <torch/torch.h>

#include <algorithm>
#include <sstream>

#include "core/error.h"
#include "interop/adapterhub_reader.h"
#include "interop/peft_reader.h"
#include "interop/static_head.h"

namespace adaptune {
namespace {

using torch::Tensor;

constexpr const char* kOwnHead = "the model's own";

std::string without_start(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0 ? text.substr(start.size()) : text;
}

// "adapters a,b and head" -> "adapters a,b", "head"
std::vector<std::string> parts_of(std::string text) {
  std::vector<std::string> parts;
  for (size_t at = text.find(" and "); at != std::string::npos; at = text.find(" and ")) {
    parts.push_back(text.substr(0, at));
    text = text.substr(at + 5);
  }
  parts.push_back(text);
  return parts;
}

void freeze(torch::nn::Module& module) {
  for (auto& parameter : module.parameters()) parameter.set_requires_grad(false);
  module.eval();
}

}  // namespace

GoldenNetwork::GoldenNetwork(const GoldenSetting& setting)
    : backbone_(load_backbone(setting.model, torch::kCPU)) {
  read_parts(setting);
  choose_heads(setting);
  for (const auto& adapter : adapters_) freeze(*adapter.adapter);
  if (fusion_) freeze(*fusion_->fusion);
  for (const auto& head : used_heads_) freeze(*head.head);
  choose_trained(setting.train);
  choose_attached(setting);
  attach();
}

GoldenNetwork::~GoldenNetwork() { detach(); }

void GoldenNetwork::detach() {
  for (const auto& attachment : attached_) attachment->detach();
}

void GoldenNetwork::attach() {
  for (const auto& attachment : attached_) attachment->attach(skip_layers_);
}

void GoldenNetwork::read_parts(const GoldenSetting& setting) {
  for (const auto& part : setting.adapters) {
    adapters_.push_back(setting.kind == "peft" ? read_peft_adapter(part.path, *backbone_)
                                               : read_adapterhub_adapter(part.path, *backbone_));
    adapters_.back().name = part.name;
  }
  for (const auto& part : setting.heads) {
    heads_.push_back(read_adapterhub_head(part.path, backbone_->info()));
    if (!heads_.back().name.empty()) heads_.back().name = part.name;
  }
  if (!setting.fuses) return;
  for (const auto& part : setting.fusions) {
    auto fusion = read_adapterhub_fusion(part.path, adapters_, *backbone_);
    if (fusion.adapter_names == setting.members) fusion_ = std::move(fusion);
  }
  if (!fusion_) throw InputError("no fusion of the active adapters is given");
}

ImportedHead GoldenNetwork::named_head(const std::string& name, const GoldenSetting& setting) const {
  const std::string wanted = name == kOwnHead || name == "static" ? "" : name;
  for (const auto& head : heads_) {
    if (head.name == wanted) return head;
  }
  for (const auto& adapter : adapters_) {
    if (adapter.head && adapter.head->name == wanted) return *adapter.head;
  }
  if (name == kOwnHead) {
    const auto own = read_checkpoint_head(setting.model, backbone_->info());
    if (!own) throw InputError("the checkpoint has no head");
    return {"", own->head, static_head_parameters(own->description, *own->head)};
  }
  throw InputError("no head '" + name + "' is given");
}

void GoldenNetwork::choose_heads(const GoldenSetting& setting) {
  for (const auto& name : setting.head) used_heads_.push_back(named_head(name, setting));
}

std::string GoldenNetwork::plain_name(const std::string& name) const {
  return without_start(without_start(name, "base_model.model."), backbone_->info().prefix + ".");
}

void GoldenNetwork::train(const std::vector<NamedParameter>& parameters) {
  for (NamedParameter own : parameters) {
    own.parameter.set_requires_grad(true);
    trained_.emplace(plain_name(own.key), own);
  }
}

void GoldenNetwork::train_all() {
  whole_ = std::make_shared<TaskAdapter>(adapter_spec("full"), *backbone_);
  std::vector<NamedParameter> parameters;
  for (const auto& item : whole_->named_parameters()) {
    std::string name = item.key();
    std::replace(name.begin(), name.end(), '/', '.');
    parameters.push_back({name, item.value(), item.value().sizes().vec(), ""});
  }
  train(parameters);
  for (const auto& head : used_heads_) train(head.parameters);
}

void GoldenNetwork::choose_trained(const std::string& text) {
  if (text == "none" || text == "none (forward only)") return;
  if (text == "all parameters" || text == "the listed backbone tensors") return train_all();
  if (text == "what PEFT trains (all tensors in the file)") {
    for (const auto& adapter : adapters_) {
      train(adapter.parameters);
      if (adapter.head) train(adapter.head->parameters);
    }
    return;
  }
  for (const auto& part : parts_of(text)) {
    if (part == "head" && has_head()) {
      for (const auto& head : used_heads_) train(head.parameters);
    } else if (part == "fusion layer" && fusion_) {
      train(fusion_->parameters);
    } else if (part == "adapters") {
      for (const auto& adapter : adapters_) train(adapter.parameters);
    } else if (part.rfind("adapters ", 0) == 0) {
      std::istringstream names(part.substr(9));
      for (std::string name; std::getline(names, name, ',');) {
        if (!adapters_.empty()) train(member(name).parameters);  // a head alone has a name, and no adapter
      }
    } else {
      throw InputError("training of '" + part + "' is not known");
    }
  }
}

const ImportedAdapter& GoldenNetwork::member(const std::string& name) const {
  for (const auto& adapter : adapters_) {
    if (adapter.name == name) return adapter;
  }
  throw InputError("no adapter '" + name + "' is given");
}

void GoldenNetwork::choose_attached(const GoldenSetting& setting) {
  if (setting.parallel) {
    if (!setting.skip_layers.empty()) throw InputError("skipped layers under Parallel are not supported");
    std::vector<SharedPass::Task> tasks;
    for (size_t i = 0; i < setting.members.size(); ++i)
      tasks.push_back({member(setting.members[i]).adapter, used_heads_.at(i).head});
    shared_ = std::make_unique<SharedPass>(*backbone_, std::move(tasks));
    return;
  }
  if (whole_) attached_.push_back(whole_);
  if (fusion_) {
    attached_.push_back(fusion_->fusion);
    for (const auto& own : fusion_->fusion->fusions()) own.fusion->record_attention(true);
  } else if (!setting.members.empty()) {
    attached_.push_back(member(setting.members[0]).adapter);
  }
  skip_layers_ = setting.skip_layers;
}

Features GoldenNetwork::forward(const Batch& batch, bool pooled) {
  Wanted wanted{.states = all_states(backbone_->info().layers), .pooled = pooled};
  for (const auto& head : used_heads_) wanted.pooled = wanted.pooled || head.head->wanted().pooled;
  return backbone_->forward(batch, wanted);
}

std::vector<Tensor> GoldenNetwork::logits(const Features& features, const Batch& batch) {
  std::vector<Tensor> logits;
  for (size_t i = 0; i < used_heads_.size(); ++i) {
    logits.push_back(
        used_heads_[i].head->forward(shared_ ? shared_->features_of(features, i) : features, batch));
  }
  return logits;
}

std::vector<Tensor> GoldenNetwork::head_losses(const std::vector<Tensor>& logits, const Batch& batch) const {
  std::vector<Tensor> losses;
  for (size_t i = 0; i < used_heads_.size(); ++i) {
    Batch counted = batch;
    if (used_heads_[i].name.empty()) counted.tokens.mask = Tensor();
    const auto loss = used_heads_[i].head->loss(logits[i], counted);
    losses.push_back(loss.sum / loss.count);
  }
  return losses;
}

}  // namespace adaptune
