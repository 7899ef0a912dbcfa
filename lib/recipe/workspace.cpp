#include "recipe/workspace.h"

#include <algorithm>

#include "core/error.h"
#include "core/version.h"
#include "data/file_identity.h"
#include "metric/metric.h"

namespace adaptune {
namespace {

std::vector<std::filesystem::path> paths(const std::vector<std::string>& files) {
  return {files.begin(), files.end()};
}

std::string content_of(const std::vector<std::string>& files) {
  std::string text;
  for (const auto& file : files) {
    const auto fingerprint = fingerprint_data(file);
    text += std::to_string(fingerprint.identity.size) + " bytes sha256 " + fingerprint.sha256 + "\n";
  }
  return text;
}

std::filesystem::path kept_identity(const Run& run) { return run.folder / "backbone.json"; }

}  // namespace

Workspace::Workspace(const Run& run)
    : run_(run),
      described_(describe_backbone(run.config.model)),
      identifying_(std::async(std::launch::async, identify_backbone, run.config.model, kept_identity(run))),
      tokenizer_(load_tokenizer(run.config.model)) {
  const auto& info = described_->info();
  if (tokenizer_->vocabulary_size() > info.vocabulary) {
    throw InputError(run.config.model + ": the tokenizer has " +
                     std::to_string(tokenizer_->vocabulary_size()) +
                     " entries, but the backbone embeds only " + std::to_string(info.vocabulary) +
                     "; tokenizer and weights belong to different models");
  }
}

Backbone& Workspace::backbone() {
  if (!backbone_) backbone_ = load_backbone(run_.config.model, run_.device);
  return *backbone_;
}

const BackboneIdentity& Workspace::identity() {
  if (!identity_) {
    identity_ = identifying_.get();
    keep_identity(*identity_, run_.config.model, kept_identity(run_));
  }
  return *identity_;
}

const TaskData& Workspace::data(const TaskConfig& task) {
  const auto found = data_.find(task.name);
  if (found != data_.end()) return found->second;
  try {
    return data_.emplace(task.name, read_task(task)).first->second;
  } catch (const ValueError& error) {
    throw placed(task, error);
  }
}

TaskSplit Workspace::encode(const TaskConfig& task, const Dataset& dataset,
                            const std::vector<std::string>& files, const LabelMap& labels) {
  TaskSplit split;
  split.in_files = dataset.examples_in_files;
  if (labels.size() > 0) split.label_counts = label_counts(dataset, labels);
  split.content = content_of(files);
  EncodedSource source;
  source.files = paths(files);
  source.dataset = dataset_options(task, std::nullopt);
  source.dataset.max_samples = dataset.size() < dataset.examples_in_files ? dataset.size() : 0;
  source.labels = labels.names();
  source.encoding = encoding_options(task.data);
  source.tokenizer = tokenizer_->fingerprint();
  split.rows = cache_.get(encoded_key(source),
                          [&] { return encode_split(dataset, labels, *tokenizer_, source.encoding); });
  return split;
}

TaskSplit Workspace::read_split(const TaskConfig& task, const std::vector<std::string>& files,
                                std::optional<int64_t> max_samples, const std::vector<std::string>& labels) {
  const auto dataset = read_dataset(paths(files), dataset_options(task, max_samples));
  return encode(task, dataset, files, labels.empty() ? LabelMap() : LabelMap(labels));
}

TaskData Workspace::read_task(const TaskConfig& task) {
  if (task.data.max_seq_length > info().max_positions) {
    throw ValueError("data.max_seq_length", std::to_string(task.data.max_seq_length) + " is more than the " +
                                                std::to_string(info().max_positions) +
                                                " positions of this backbone");
  }
  const auto train = read_dataset(paths(task.data.train), dataset_options(task, task.data.max_train_samples));
  TaskData data;
  data.head = task.head;
  const LabelMap labels = task.head.labels.empty() ? labels_of(train) : LabelMap(task.head.labels);
  data.head.labels = labels.names();
  for (const auto& metric : task.metrics) metric_for_head(metric, data.head.type, labels.size());
  data.input = {train.columns.text,       train.columns.label,  train.columns.tokens,
                task.data.max_seq_length, task.data.truncation, task.data.quoted};
  data.train = encode(task, train, task.data.train, labels);
  if (!task.data.validation.empty()) {
    data.validation = read_split(task, task.data.validation, task.data.max_eval_samples, data.head.labels);
  }
  return data;
}

TaskDescription Workspace::describe(const TaskConfig& task) {
  const auto& data = this->data(task);
  TaskDescription d;
  d.name = task.name;
  d.model = run_.config.model;
  d.backbone = identity();
  d.adapter = task.adapter;
  d.adapter.load.clear();
  d.head = data.head;
  d.input = data.input;
  d.metrics = task.metrics;
  d.written_by = std::string("adaptune ") + kVersion;
  return d;
}

std::string Workspace::job_identity(const std::string& settings, const TaskData& data) {
  return settings + "backbone: " + identity().fingerprint + "\ntrain: " + data.train.content +
         (data.validation ? "validation: " + data.validation->content : "");
}

}  // namespace adaptune
