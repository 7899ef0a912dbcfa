#pragma once
// What a task owns beside its head: adapters at sites, and trained copies of backbone tensors.

#include <torch/torch.h>

#include <memory>
#include <string>
#include <vector>

#include "adapter/method.h"
#include "backbone/backbone.h"
#include "core/error.h"
#include "io/tensor_file.h"
#include "model/attachment.h"

namespace adaptune {

// Everything in a spec that this backbone cannot do: layers and places that it does not have, or a method
// that finds nothing to adapt.
std::vector<ValueError> adapter_problems(const AdapterSpec& spec, Backbone& backbone);

// Adapters and overrides of one AdapterSpec, fresh. The first of adapter_problems() where there are any.
class TaskAdapter final : public Attachment {
 public:
  TaskAdapter(const AdapterSpec& spec, Backbone& backbone);
  SiteAdapters site_adapters() const override { return adapters_; }
  // Null but for the method k_adapter.
  const std::shared_ptr<KnowledgeAdapter>& knowledge_adapter() const { return knowledge_adapter_; }

 private:
  // A fresh one, or the one that another layer has already where they share.
  std::shared_ptr<Adapter> adapter_for(const AdapterSpec& spec, const SiteInfo& site);
  void add_overrides(const AdapterSpec& spec, Backbone& backbone);
  void add_knowledge(const KnowledgeOptions& options, const BackboneInfo& info);

  SiteAdapters adapters_;
  std::shared_ptr<KnowledgeAdapter> knowledge_adapter_;  // alone in knowledge_
};

// Copies `tensors` into the parameters and buffers of `module`; InputError naming every missing, unexpected
// and misshaped tensor. `where` starts the message. A missing buffer keeps its value: files of other programs
// do not hold it.
void load_parameters(torch::nn::Module& module, const TensorMap& tensors, const std::string& where);
TensorMap parameter_map(const torch::nn::Module& module);
int64_t parameter_count(const torch::nn::Module& module);
// Parameters of a backbone, and those a spec overrides, by their shapes alone; running statistics are none.
int64_t shape_count(Backbone& backbone);
int64_t overridden_count(const AdapterSpec& spec, Backbone& backbone);

}  // namespace adaptune
