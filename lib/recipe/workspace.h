#pragma once
// What the tasks of a run share: backbone, tokenizer, and data read and tokenized once.

#include <future>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/encoded_cache.h"
#include "data/label_map.h"
#include "model/backbone_identity.h"
#include "model/task_description.h"
#include "recipe/run.h"
#include "tokenizer/tokenizer.h"

namespace adaptune {

// A split of a task, ready for batches.
struct TaskSplit {
  std::shared_ptr<const EncodedSplit> rows;
  int64_t in_files = 0;               // examples before max_*_samples
  std::vector<int64_t> label_counts;  // by label; regression: empty
  std::string content;                // size and digest of its files, for identities
};

// A task's data and what follows from it.
struct TaskData {
  HeadSpec head;    // the labels filled in from the training files
  TaskInput input;  // the columns that were read
  TaskSplit train;
  std::optional<TaskSplit> validation;
};

// What a TaskConfig and a TaskInput both say, the image transform left out, is carried from one to the other
// by these alone.
// `input` with the columns and `quoted` that the configuration says; what it leaves open stays.
TaskInput with_configured_reading(TaskInput input, const TaskConfig& task);
// `input` with the length and the truncation of the configuration.
TaskInput with_configured_cut(TaskInput input, const TaskConfig& task);
// `task` with all of that from `input`.
TaskConfig with_input(TaskConfig task, const TaskInput& input);

class Workspace {
 public:
  // Reads config.json and the tokenizer; weights only when backbone() is called.
  explicit Workspace(const Run& run);

  bool reads_images() const { return described_->info().input == InputKind::kImage; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }  // of a network that reads texts
  const BackboneInfo& info() const { return described_->info(); }
  Backbone& described() { return *described_; }  // sites and shapes, no weights
  Backbone& backbone();                          // on the run's device
  const BackboneIdentity& identity();
  int32_t pad_id() const { return tokenizer_ ? tokenizer_->pad_id() : 0; }

  // InputError and UsageError for what is wrong with files, labels, metrics or lengths.
  const TaskData& data(const TaskConfig& task);
  // What describes the task without having trained it.
  TaskDescription describe(const TaskConfig& task);
  // Files of a task that has been trained, read with its labels and image transform; text settings are those
  // of `task`. Throws as data().
  TaskSplit read_split(const TaskConfig& task, const std::vector<std::string>& files,
                       std::optional<int64_t> max_samples, const TaskDescription& trained);
  // How `task` says that images are prepared; the statistics are those of `trained` where the model's folder
  // gives none.
  ImageTransform configured_transform(const TaskConfig& task, const ImageTransform& trained) const;
  // What a checkpoint must have been made with: settings, backbone and data.
  std::string job_identity(const std::string& settings, const TaskData& data);

 private:
  TaskData read_task(const TaskConfig& task);
  void check_input(const TaskConfig& task) const;
  TaskSplit read_split(const TaskConfig& task, const std::vector<std::string>& files,
                       std::optional<int64_t> max_samples, const std::vector<std::string>& labels,
                       std::optional<ImageTransform>& transform);
  TaskSplit encode(const TaskConfig& task, Dataset dataset, const std::vector<std::string>& files,
                   const LabelMap& labels, std::optional<ImageTransform>& transform);
  std::shared_ptr<const EncodedSplit> encoded_images(const TaskConfig& task, Dataset& dataset,
                                                     const LabelMap& labels,
                                                     std::optional<ImageTransform>& transform);
  // The same images of another task, where there are such, so that both share memory and a pass.
  std::shared_ptr<const ImageSet> kept_once(std::shared_ptr<const ImageSet> images);

  const Run& run_;
  std::unique_ptr<Backbone> described_, backbone_;
  std::future<BackboneIdentity> identifying_;  // reads all weights, beside reading the data
  std::optional<BackboneIdentity> identity_;
  std::unique_ptr<Tokenizer> tokenizer_;
  EncodedCache cache_;
  std::vector<std::weak_ptr<const ImageSet>> images_;
  std::map<std::string, TaskData> data_;
};

}  // namespace adaptune
