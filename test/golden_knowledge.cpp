#include "golden_knowledge.h"

#include <torch/torch.h>

#include <algorithm>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "golden_case.h"
#include "golden_training.h"
#include "head/head.h"
#include "interop/json_fields.h"
#include "model/task_adapter.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using torch::Tensor;

KnowledgeOptions options_of(const json& adapter) {
  KnowledgeOptions options;
  options.positions = adapter.at("positions").get<std::vector<int64_t>>();
  options.inner_width = adapter.at("inner_width");
  options.inner_heads = adapter.at("inner_heads");
  options.inner_intermediate = adapter.at("inner_intermediate");
  options.inner_layers = adapter.at("inner_layers");
  options.layer_norm_eps = adapter.at("layer_norm_eps");
  options.mask_padding = adapter.at("mask_padding");
  options.chaining = adapter.at("chaining");
  return options;
}

HeadSpec head_of(const json& description) {
  const std::string task = description.at("task");
  const int64_t outputs = description.at("outputs");
  HeadSpec spec;
  spec.dropout_prob = 0;
  spec.type = task == "relation"     ? "entity_pair_classification"
              : task == "typing"     ? "entity_classification"
              : task == "dependency" ? "dependency_head"
                                     : throw InputError("head task '" + task + "' is not known");
  spec.multi_label = task == "typing";
  spec.places = outputs;
  if (task != "dependency") {
    for (int64_t i = 0; i < outputs; ++i) spec.labels.push_back(std::to_string(i));
  }
  return spec;
}

// What the reference calls a tensor of the head, as the combination's or the head's own.
struct HeadName {
  bool of_combination;
  std::string name;
};

HeadName our_name(const std::string& name, const std::vector<std::string>& adapters) {
  const auto dot = name.rfind('.');
  const std::string module = name.substr(0, dot), rest = name.substr(dot);
  if (module == "com_dense") return {true, "dense_0" + rest};
  if (module == "task_dense") return {true, "joint" + rest};
  for (size_t n = 0; n < adapters.size(); ++n)
    if (module == adapters[n] + "_dense") return {true, "dense_" + std::to_string(n) + rest};
  const std::string attention = "attention.";
  if (!module.starts_with(attention)) return {false, name};
  const std::string part = module.substr(attention.size());
  return {false, (part == "attention_output" ? part : "attention_" + part) + rest};
}

class KnowledgeRun {
 public:
  KnowledgeRun(const fs::path& folder, const json& description, GoldenTensors& golden)
      : description_(description),
        golden_(golden),
        backbone_(load_backbone(folder / description.at("model").get<std::string>(), torch::kCPU)) {
    const auto& info = backbone_->info();
    for (const auto& entry : description.at("adapters")) {
      const auto options = options_of(entry);
      adapters_.push_back(std::make_shared<KnowledgeAdapter>(
          options, knowledge_shape(options, info.layers, info.hidden_size)));
      names_.push_back(entry.at("name"));
      const fs::path file = folder / entry.at("path").get<std::string>() / "adapter.safetensors";
      load_parameters(*adapters_.back(), read_safetensors(file), file.string());
      adapters_.back()->eval();
      for (const auto& item : adapters_.back()->named_parameters())
        named_.emplace("adapters." + names_.back() + "." + item.key(), item.value());
    }
    const json& head = description.at("head");
    const std::string mode =
        head.at("fusion_mode").is_null() ? "concat" : head.at("fusion_mode").get<std::string>();
    combination_ =
        std::make_shared<Combination>(mode, static_cast<int64_t>(adapters_.size()), info.hidden_size, 0.02);
    head_ = make_head(head_of(head), info);
    head_->eval();
    load_head(folder / head.at("path").get<std::string>());
    knowledge_.emplace(adapters_, combination_);
    if (description.at("train") == "the listed backbone tensors") train_backbone();
    read_batch();
  }
  ~KnowledgeRun() {
    if (whole_) whole_->detach();
  }
  KnowledgeRun(const KnowledgeRun&) = delete;
  KnowledgeRun& operator=(const KnowledgeRun&) = delete;

  void all() {
    const Tensor loss = compare_outputs();
    loss.backward();
    for (const auto& rest : golden_.names_after("grad.")) {
      const auto found = named_.find(rest);
      if (found != named_.end()) golden_.compare_gradient("grad." + rest, found->second.grad());
    }
    if (description_.contains("trajectory")) train(read_trajectory(description_.at("trajectory")));
  }

 private:
  void load_head(const fs::path& file) {
    TensorMap of_combination, of_head;
    for (const auto& [name, tensor] : read_safetensors(file)) {
      const auto ours = our_name(name, names_);
      (ours.of_combination ? of_combination : of_head).emplace(ours.name, tensor);
      original_[(ours.of_combination ? "combination." : "head.") + ours.name] = "head." + name;
    }
    load_parameters(*combination_, of_combination, file.string());
    load_parameters(*head_, of_head, file.string());
    for (const auto& item : combination_->named_parameters())
      named_.emplace(original_.at("combination." + item.key()), item.value());
    for (const auto& item : head_->named_parameters())
      named_.emplace(original_.at("head." + item.key()), item.value());
  }

  void train_backbone() {
    whole_ = std::make_shared<TaskAdapter>(adapter_spec("full"), *backbone_);
    whole_->attach();
    for (const auto& item : whole_->named_parameters()) {
      std::string name = item.key();
      std::replace(name.begin(), name.end(), '/', '.');
      named_.emplace(backbone_->info().prefix + "." + name, item.value());
    }
  }

  void read_batch() {
    const Tensor ids = golden_.input("input_ids");
    batch_.tokens = masked_tokens(golden_.input("attention_mask"), ids.size(0), ids.size(1));
    batch_.input_ids = ids.flatten();
    batch_.labels = golden_.input("labels");
    if (head_->spec().type == "dependency_head") batch_.labels = batch_.labels.flatten();
    const Tensor subject = golden_.input("subject_marker"), object = golden_.input("object_marker");
    if (!subject.defined()) return;
    const bool pair = head_->spec().type == "entity_pair_classification";
    const Tensor places = pair ? at::stack({subject, object}, 1) : subject.unsqueeze(1);  // [B, M]
    batch_.marks = places + batch_.tokens.starts.unsqueeze(1);
  }

  Tensor stored(const Tensor& value) const {
    return value.reshape({batch_.size(), value.size(0) / batch_.size(), value.size(1)});
  }

  Tensor logits() {
    Wanted wanted = knowledge_->wanted(head_->wanted(), {});
    wanted.states = all_states(backbone_->info().layers);
    features_ = backbone_->forward(batch_, wanted);
    return head_->forward(knowledge_->combined(features_, batch_, head_->wanted()), batch_);
  }

  Tensor current_loss() {
    const auto loss = head_->loss(logits(), batch_);
    return loss.sum / loss.count;
  }

  Tensor compare_outputs() {
    const Tensor scores = logits();
    for (const auto& [i, state] : features_.states)
      golden_.compare_forward("hidden_states." + std::to_string(i), stored(state));
    for (size_t n = 0; n < adapters_.size(); ++n) {
      std::vector<Tensor> states;
      for (const int64_t position : adapters_[n]->positions())
        states.push_back(features_.states.at(position));
      const auto outputs = adapters_[n]->forward(states, batch_.tokens);
      for (size_t i = 0; i < outputs.size(); ++i)
        golden_.compare_forward("adapter_output." + names_[n] + "." + std::to_string(i), stored(outputs[i]));
    }
    golden_.compare_forward("logits", head_->spec().type == "dependency_head" ? stored(scores) : scores);
    const auto loss = head_->loss(scores, batch_);
    golden_.compare_forward("loss", loss.sum / loss.count);
    return loss.sum / loss.count;
  }

  void train(const GoldenTrajectory& settings) {
    std::vector<Tensor> parameters;
    for (const auto& [name, parameter] : named_) parameters.push_back(parameter);
    train_and_compare(
        settings, parameters, [&] { return current_loss(); }, "", golden_);
    for (const auto& left_out : settings.not_to_compare) golden_.leave_out(left_out);
    for (const auto& rest : golden_.names_after("after.")) {
      const auto found = named_.find(rest);
      const auto& noise = settings.not_to_compare;
      if (found == named_.end() || std::find(noise.begin(), noise.end(), "after." + rest) != noise.end())
        continue;
      golden_.compare_within("after." + rest, found->second, settings.after_tolerance);
    }
  }

  const json& description_;
  GoldenTensors& golden_;
  std::unique_ptr<Backbone> backbone_;
  std::vector<std::shared_ptr<KnowledgeAdapter>> adapters_;
  std::vector<std::string> names_;
  std::shared_ptr<Combination> combination_;
  std::shared_ptr<Head> head_;
  std::optional<Knowledge> knowledge_;
  std::shared_ptr<TaskAdapter> whole_;
  std::map<std::string, std::string> original_;
  std::map<std::string, Tensor> named_;  // trained, by the reference's names
  Batch batch_;
  Features features_;
};

}  // namespace

GoldenReport run_golden_knowledge(const fs::path& folder) {
  const json description = read_json_file((folder / "case.json").string());
  const json& tolerance = description.at("tolerance");
  GoldenTensors golden(read_safetensors(folder / description.at("golden").get<std::string>()),
                       tolerance.at("forward"), tolerance.at("grad"));
  KnowledgeRun(folder, description, golden).all();
  return golden.report();
}

}  // namespace adaptune
