#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backbone/backbone.h"
#include "head/head.h"
#include "model/task_adapter.h"

namespace adaptune {

inline constexpr std::string_view kHeadPrefix = "head.";

// A backbone with what one task owns attached to it: adapters (or a fusion, or overrides) and a head.
// Attached from construction to destruction, but between detach() and attach(); the backbone must outlive it
// and carry nothing else while it is attached.
class TaskModel {
 public:
  TaskModel(Backbone& backbone, std::shared_ptr<Attachment> attachment, std::shared_ptr<Head> head);
  ~TaskModel();
  TaskModel(const TaskModel&) = delete;
  TaskModel& operator=(const TaskModel&) = delete;

  void attach() { attachment_->attach(); }
  void detach() { attachment_->detach(); }
  // [B, C], or [N, C] for a head on every token; float32.
  torch::Tensor logits(const Batch& batch) { return logits(features(batch), batch); }
  // In two steps: what the backbone gives with the adapters in it, and what is read from that.
  Features features(const Batch& batch);
  torch::Tensor logits(const Features& features, const Batch& batch);
  bool needs_padding() const { return attachment_->needs_padding(); }
  // From here on the layers in `left_out` run as the backbone's own; {}: none.
  void leave_out(const std::vector<int64_t>& left_out);
  // Training or evaluation mode of everything; the frozen backbone's own dropout is on in training where
  // `backbone_dropout` says so.
  void train(bool on, bool backbone_dropout);

  Backbone& backbone() { return backbone_; }
  Attachment& attachment() { return *attachment_; }
  const Attachment& attachment() const { return *attachment_; }
  Head& head() { return *head_; }
  // Everything the task owns and trains, in a fixed order: names of the attachment, then "head.<name>".
  // What the attachment owns but this head never reads is left out.
  std::vector<std::pair<std::string, torch::Tensor>> trainable() const;

 private:
  Backbone& backbone_;
  std::shared_ptr<Attachment> attachment_;
  std::shared_ptr<Head> head_;
};

}  // namespace adaptune
