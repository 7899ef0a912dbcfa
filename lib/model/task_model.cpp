#include "model/task_model.h"

namespace adaptune {

TaskModel::TaskModel(Backbone& backbone, std::shared_ptr<Attachment> attachment, std::shared_ptr<Head> head)
    : backbone_(backbone), attachment_(std::move(attachment)), head_(std::move(head)) {
  attachment_->attach();
}

TaskModel::~TaskModel() { attachment_->detach(); }

void TaskModel::leave_out(const std::vector<int64_t>& left_out) {
  attachment_->detach();
  attachment_->attach(left_out);
}

Features TaskModel::features(const Batch& batch) {
  return backbone_.forward(batch, attachment_->wanted(head_->wanted(), batch.trunk));
}

torch::Tensor TaskModel::logits(const Features& features, const Batch& batch) {
  return head_->forward(attachment_->read(features, batch, head_->wanted()), batch);
}

void TaskModel::train(bool on, bool backbone_dropout) {
  attachment_->train(on);
  head_->train(on);
  backbone_.set_dropout(on && backbone_dropout);
  backbone_.set_training(on);
}

std::vector<std::pair<std::string, torch::Tensor>> TaskModel::trainable() const {
  std::vector<std::pair<std::string, torch::Tensor>> parameters;
  for (const auto& item : attachment_->named_parameters()) {
    const auto& parameter = item.value();
    if (!parameter.requires_grad() || !attachment_->used(parameter, head_->wanted())) continue;
    parameters.emplace_back(item.key(), parameter);
  }
  for (const auto& item : head_->named_parameters()) {
    if (item.value().requires_grad())
      parameters.emplace_back(std::string(kHeadPrefix) + item.key(), item.value());
  }
  return parameters;
}

}  // namespace adaptune
