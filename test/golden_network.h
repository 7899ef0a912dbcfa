#pragma once
// A backbone with the adapters, fusion and head of one golden setting attached to it.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backbone/backbone.h"
#include "golden_case.h"
#include "interop/imported.h"
#include "model/shared_pass.h"

namespace adaptune {

class GoldenNetwork {
 public:
  // Reads everything and attaches what is active. InputError for what is not supported.
  explicit GoldenNetwork(const GoldenSetting& setting);
  ~GoldenNetwork();
  GoldenNetwork(const GoldenNetwork&) = delete;
  GoldenNetwork& operator=(const GoldenNetwork&) = delete;

  // Takes everything off the backbone, and puts it on again.
  void detach();
  void attach();

  // In evaluation mode. `pooled`: the pooled output is wanted although no head reads it.
  Features forward(const Batch& batch, bool pooled);
  // By head.
  std::vector<torch::Tensor> logits(const Features& features, const Batch& batch);
  // The heads' own losses; Hugging Face's static classes do not leave padded positions out of it.
  std::vector<torch::Tensor> head_losses(const std::vector<torch::Tensor>& logits, const Batch& batch) const;

  // The trained parameters by golden names without "base_model.model." and the model's prefix.
  const std::map<std::string, NamedParameter>& trained() const { return trained_; }
  // Takes those prefixes off a name.
  std::string plain_name(const std::string& name) const;

  bool has_head() const { return !used_heads_.empty(); }
  bool on_every_token() const { return has_head() && used_heads_[0].head->wanted().every_token; }
  const ImportedFusion* fusion() const { return fusion_ ? &*fusion_ : nullptr; }

 private:
  void read_parts(const GoldenSetting& setting);
  void choose_heads(const GoldenSetting& setting);
  ImportedHead named_head(const std::string& name, const GoldenSetting& setting) const;
  void choose_trained(const std::string& train);
  void train_all();
  void train(const std::vector<NamedParameter>& parameters);
  void choose_attached(const GoldenSetting& setting);
  const ImportedAdapter& member(const std::string& name) const;

  std::unique_ptr<Backbone> backbone_;  // outlives what is attached to it
  std::vector<ImportedAdapter> adapters_;
  std::vector<ImportedHead> heads_;
  std::optional<ImportedFusion> fusion_;
  std::vector<ImportedHead> used_heads_;
  std::shared_ptr<TaskAdapter> whole_;  // full fine-tuning
  std::vector<std::shared_ptr<Attachment>> attached_;
  std::vector<int64_t> skip_layers_;
  std::unique_ptr<SharedPass> shared_;  // several members in parallel
  std::map<std::string, NamedParameter> trained_;
};

}  // namespace adaptune
