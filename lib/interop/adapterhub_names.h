#pragma once
// Names of AdapterHub's `adapters` library: classes, files, and the tensors of our objects in its files.
// A model family is one row of the table in adapterhub_names.cpp.

#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"
#include "interop/named_parameter.h"
#include "model/task_fusion.h"

namespace adaptune {

// How the library names one family of models.
struct AdapterHubFamily {
  std::string model_type;                // Hugging Face's
  std::string classes;                   // start of the class names: "Bert" in BertAdapterModel
  std::string attention_slot, ffn_slot;  // module within a layer that holds mh_adapter, output_adapter
};

// InputError when the library's names of this family are not known here.
const AdapterHubFamily& adapterhub_family(const BackboneInfo& info);

// The three kinds of objects and their files, section 1 of the format.
struct AdapterHubFiles {
  std::string config, pickle, safetensors;
};
extern const AdapterHubFiles kAdapterFiles, kHeadFiles, kFusionFiles;

// Keys have no prefix of the model ("bert."): files have it or not, see load_named_parameters.
std::vector<NamedParameter> adapterhub_parameters(const TaskAdapter& adapter, const std::string& name,
                                                  Backbone& backbone);
std::vector<NamedParameter> adapterhub_parameters(const TaskFusion& fusion, const std::string& name,
                                                  Backbone& backbone);
std::vector<NamedParameter> adapterhub_parameters(const Head& head, const std::string& name);

// What a fusion's file holds beside the fusion's parameters although nothing reads it, with fresh values: a
// fusion in each layer without adapters, and in every layer of a fusion without projections the linear layer
// that the library makes and never applies.
TensorMap adapterhub_unused_tensors(const FusionOptions& options, const TaskFusion& fusion,
                                    const std::string& name, Backbone& backbone);

// The module of a residual site's slot, or of a linear site: "encoder.layer.3.output".
std::string adapterhub_module(const SiteInfo& site, Backbone& backbone);

}  // namespace adaptune
