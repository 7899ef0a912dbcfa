#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"
#include "interop/named_parameter.h"

namespace adaptune {

// The head of a Hugging Face class such as BertForSequenceClassification, as a head of ours: section 10.5
// of AdapterHub's format.
struct StaticHead {
  std::string model_class;
  HeadSpec spec;
  std::vector<std::string> modules;  // Hugging Face's names of the linear layers, in order
};

// The head of a class. `labels` are the names in the order of the logits; one label makes a classification a
// regression. InputError for a class whose head is not known here.
StaticHead static_head(const std::string& model_class, const std::vector<std::string>& labels,
                       const BackboneInfo& info);

// Our head's parameters under Hugging Face's names: "classifier.weight".
std::vector<NamedParameter> static_head_parameters(const StaticHead& description, const Head& head);

// The head that a model folder's checkpoint holds, with its weights: by config.json's `architectures`, or the
// classifier that networks of the family have on top. Empty for a base model. InputError for an unknown kind,
// and for tensors that do not fit.
struct CheckpointHead {
  StaticHead description;
  std::shared_ptr<Head> head;
};
std::optional<CheckpointHead> read_checkpoint_head(const std::filesystem::path& folder,
                                                   const BackboneInfo& info);

}  // namespace adaptune
