#include "recipe/init.h"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/atomic_file.h"
#include "core/config_node.h"
#include "core/error.h"
#include "recipe/init_network.h"

namespace adaptune {
namespace {

constexpr const char* kBert = R"(# One task adapter on a BERT-type backbone:   adaptune train FILE
model: models/bert-base-uncased     # Hugging Face folder: config.json, weights, vocab.txt or tokenizer.json
adapter: pfeiffer                   # houlsby | pfeiffer | parallel | lora | ia3 | head_only | full | ...

task:
  name: sst2                        # name of the adapter and its folder
  type: classification              # classification | multilabel_classification | regression | tagging
  text: sentence                    # a column, or [premise, hypothesis] for pairs
  label: label
  # labels: [negative, positive]    # fixes their order; otherwise sorted, from the training files
  metric: accuracy                  # the first metric chooses the best checkpoint

data:
  train: data/sst2/train.tsv        # .tsv .csv .jsonl .json .conll, each also .gz; a list concatenates
  validation: data/sst2/dev.tsv
  # test: data/sst2/test.tsv        # for eval --split test
  max_seq_length: 128

train:
  learning_rate: 1e-4
  num_train_epochs: 10
  per_device_train_batch_size: 32
  early_stopping_patience: 3
  seed: 42

output_dir: runs/sst2
)";

constexpr const char* kSuite = R"(# Several tasks, then AdapterFusion:
#   adaptune train FILE     knowledge extraction: an adapter for each task; finished ones are skipped
#   adaptune fuse  FILE     knowledge composition: a fusion over the frozen adapters for each target
#   adaptune eval  FILE     the table: majority, single adapter, fusion
model: models/bert-base-uncased
adapter: {config: pfeiffer, reduction_factor: 16}

data: {max_seq_length: 128}         # defaults for every task
train: {learning_rate: 1e-4, num_train_epochs: 10, per_device_train_batch_size: 32}

tasks:
  mnli:
    type: classification
    text: [premise, hypothesis]
    label: gold_label
    labels: [entailment, neutral, contradiction]
    metric: accuracy
    data: {train: data/mnli/train.jsonl, validation: data/mnli/dev_matched.jsonl}
    train: {num_train_epochs: 3}    # for this task only
  stsb:
    type: regression
    text: [sentence1, sentence2]
    label: score
    metric: [spearmanr, pearsonr]
    data: {train: data/stsb/train.tsv, validation: data/stsb/dev.tsv}
  conll03:
    type: tagging
    tokens: tokens                  # a list column, or a .conll file
    label: ner_tags
    metric: seqeval_f1
    data: {train: data/conll03/train.conll, validation: data/conll03/dev.conll}
  rte:
    type: classification
    text: [sentence1, sentence2]
    label: label
    metric: accuracy
    data: {train: data/rte/train.tsv, validation: data/rte/dev.tsv, max_seq_length: 256}

fusion:
  config: dynamic                   # dynamic | static
  adapters: all                     # or [mnli, stsb]; adapters elsewhere: {squad: hub/squad-adapter}
  targets: [rte, stsb]              # one fusion for each
  head: new                         # new | warm: start from the target's own head
  train: {learning_rate: 5e-5, num_train_epochs: 10}

output_dir: runs/glue
)";

constexpr const char* kKnowledge =
    R"(# Knowledge adapters beside a frozen encoder (K-Adapter, Wang et al. 2021):
#   adaptune train FILE     an adapter for each kind of knowledge, on its own data
#   adaptune fuse  FILE     a head for each target over the backbone and all of them
model: models/roberta-large
adapter:
  config: k_adapter
  layers: [0, 11, 22]               # hidden states that it reads: 0 the embeddings, i behind layer i
  adapter_size: 768                 # its width; left out: 0.75 of the backbone's
  adapter_transformer_layers: 2     # of its own, at each of them

cache: {enabled: true}              # the backbone's states are computed once

tasks:
  fac:                              # facts: the relation of two marked entities
    type: entity_pair_classification
    text: text                      # or tokens: tokens, with spans that count words
    entities: [subj, obj]           # columns of [begin, end), characters of the text
    label: relation
    metric: f1_micro
    data: {train: data/trex/train.jsonl, validation: data/trex/dev.jsonl, max_seq_length: 64}
  lin:                              # language: the head of each word
    type: dependency_head
    tokens: tokens
    label: heads
    metric: uas
    data: {train: data/dep/train.conllu, validation: data/dep/dev.conllu}

train: {learning_rate: 1e-4, num_train_epochs: 5, per_device_train_batch_size: 32}

fusion:
  config: concat                    # concat | add | attention
  adapters: [fac, lin]              # any of them, also adapters elsewhere: {fac: hub/fac}
  train_backbone: false             # true: as the published system, through the frozen adapters
  targets:
    openentity:
      type: entity_classification
      text: text
      entities: mention
      label: types
      multi_label: true
      metric: f1_micro
      data: {train: data/openentity/train.jsonl, validation: data/openentity/dev.jsonl}
  train: {learning_rate: 1e-4, num_train_epochs: 10, per_device_train_batch_size: 16}

output_dir: runs/knowledge
)";

const std::vector<std::pair<std::string, const char*>>& templates() {
  static const std::vector<std::pair<std::string, const char*>> table = {
      {"bert", kBert}, {"suite", kSuite}, {"k-adapter", kKnowledge}};
  return table;
}

}  // namespace

std::vector<std::string> template_names() {
  std::vector<std::string> names;
  for (const auto& [name, text] : templates()) names.push_back(name);
  for (const auto& name : network_names()) names.push_back(name);
  return names;
}

int init(const std::string& name, const std::string& output, Console& console) {
  for (const auto& [known, text] : templates()) {
    if (known != name) continue;
    if (output == "-") {
      const nlohmann::ordered_json facts = {{"template", name}, {"text", text}};
      console.result(console.json() ? facts.dump(2) + "\n" : text);
      return 0;
    }
    if (std::filesystem::exists(output)) throw UsageError(output + " exists; choose another file with -o");
    write_file_atomically(output, text);
    console.done("wrote " + output + "; edit it, then: adaptune check " + output,
                 {{"template", name}, {"file", output}});
    return 0;
  }
  throw UsageError("template '" + name + "' is not known\n     " + *one_of(template_names())(name));
}

}  // namespace adaptune
