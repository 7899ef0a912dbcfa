#pragma once
// One row a published method: its name, where it comes from, and the options it starts from. A new
// bottleneck variant is one line of the table in method.cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "adapter/bottleneck.h"
#include "adapter/drop.h"
#include "adapter/ia3.h"
#include "adapter/knowledge_adapter.h"
#include "adapter/lora.h"
#include "adapter/residual_convolution.h"
#include "core/config_node.h"
#include "core/error.h"

namespace adaptune {

// Which tensors of the backbone a task owns trained copies of.
enum class Override { kNone, kLayerNorm, kBatchNorm, kBias, kTopLayers, kFull, kFullRandom };

// What is added to the network, at its sites or beside it; monostate: nothing.
using SiteOptions = std::variant<std::monostate, BottleneckOptions, LoraOptions, Ia3Options,
                                 ResidualConvolutionOptions, KnowledgeOptions>;

struct AdapterMethod {
  std::string name;
  std::string source;  // paper, or the library whose defaults it carries
  SiteOptions site;
  Override override = Override::kNone;
  bool backbone_dropout = true;  // the method's default
};
const std::vector<AdapterMethod>& adapter_methods();
const AdapterMethod& adapter_method(const std::string& name);  // UsageError listing the known ones

// The `adapter:` section of a configuration, complete.
struct AdapterSpec {
  std::string method = "pfeiffer";
  SiteOptions site = BottleneckOptions{};
  Override override = Override::kNone;
  // Every LayerNorm of an adapted layer; with the lowest one, the embeddings' too.
  bool train_layernorm = false;
  bool train_batch_norm = false;               // every batch norm of the network, its running statistics too
  std::optional<std::vector<int64_t>> layers;  // empty: all
  std::vector<int64_t> leave_out;
  DropOptions drop;
  bool share_across_layers = false;    // one adapter a place serves all of its layers (Rücklé et al. 2021)
  int64_t init_weights_seed = 0;       // 0: none; else every site starts from this seed
  std::optional<double> weight_decay;  // of what is added; empty: as the training's options say
  std::string load;  // the folder of an adapter to start from, or of a run with one for the task
};

// Reads the section, a method's name or a mapping with `config`; also the writer, by
// ConfigDocument::resolved().
void read_adapter_spec(ConfigNode parent, const std::string& key, AdapterSpec& spec);
// The defaults of a method.
AdapterSpec adapter_spec(const std::string& name);
// "pfeiffer r=16, layers 0-11": for tables.
std::string describe(const AdapterSpec& spec, int64_t layer_count);
// Everything that is wrong with the layers a spec names: those that do not exist, or that none is left.
std::vector<ValueError> layer_problems(const AdapterSpec& spec, int64_t layer_count);
// Indices in [0, layer_count) that carry the adapter; the first of layer_problems() where there are any.
// Those of a fixed drop are not among them.
std::vector<int64_t> adapted_layers(const AdapterSpec& spec, int64_t layer_count);

}  // namespace adaptune
