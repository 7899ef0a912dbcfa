#include "recipe/workspace.h"

#include <algorithm>
#include <tuple>

#include "core/error.h"
#include "core/sha256.h"
#include "core/version.h"
#include "data/file_identity.h"
#include "data/image_set.h"
#include "metric/metric.h"
#include "recipe/majority.h"

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

// `image_size` wins over what the model's folder says; random crops are taken from images an eighth larger
// (Rebuffi et al. 2017: 64 of 72 pixels).
ImageTransform image_transform(const DataConfig& data, const std::optional<ImageTransform>& given) {
  ImageTransform transform = given.value_or(ImageTransform());
  if (!data.image_size && data.random_crop && !transform.crop)
    throw ValueError("data.augment", "random_crop needs a size to crop to; write data.image_size");
  if (!data.image_size) return transform;
  const int64_t size = *data.image_size;
  transform.resize.reset();
  transform.shortest_edge = data.random_crop ? size * 9 / 8 : size;
  transform.crop = ImageSize{size, size};
  return transform;
}

std::string size_text(const ImageSize& size) {
  return std::to_string(size.width) + " x " + std::to_string(size.height);
}

// What the network can read of images.
void check_geometry(const BackboneInfo& info, const ImageSet& images) {
  const ImageSize size = images.pixel_size();
  const auto refuse = [&](const std::string& reads, int64_t wanted) {
    throw ValueError("data.image_size", "the backbone '" + info.family + "' reads images of " + reads +
                                            " pixels, not of " + size_text(size) +
                                            "; data.image_size: " + std::to_string(wanted));
  };
  const int64_t exact = info.image_size, multiple = info.image_multiple;
  if (exact > 0 && size != ImageSize{exact, exact}) refuse(size_text({exact, exact}), exact);
  if (size.height % multiple == 0 && size.width % multiple == 0) return;
  const int64_t longest = std::max(size.height, size.width);
  refuse("multiples of " + std::to_string(multiple), (longest + multiple - 1) / multiple * multiple);
}

void check_metrics(const TaskConfig& task, const std::vector<std::string>& labels) {
  for (const auto& metric : task.metrics)
    metric_for_head(metric, task.head.type, static_cast<int64_t>(labels.size()));
}

void check_truncation(const TaskConfig& task, const Columns& found) {
  if (task.data.truncation != "only_second" || found.text.size() == 2) return;
  throw ValueError("data.truncation", "'only_second' cuts the second text of a pair, and the task '" +
                                          task.name + "' reads one text; longest_first cuts that");
}

// The columns of a TaskConfig, TaskInput or Columns.
template <typename T>
auto columns_of(T& all) {
  return std::tie(all.text, all.label, all.tokens, all.entity, all.image);
}

// How a DataConfig or TaskInput cuts texts.
template <typename T>
auto cut_of(T& all) {
  return std::tie(all.max_seq_length, all.truncation);
}

// Empty values say nothing.
template <typename... T>
void keep_said(std::tuple<T&...> values, const std::tuple<const T&...>& said) {
  const auto keep = [](auto& value, const auto& own) {
    if (!own.empty()) value = own;
  };
  std::apply([&](auto&... value) { std::apply([&](const auto&... own) { (keep(value, own), ...); }, said); },
             values);
}

// Columns by the names asked for, else by those that were found: a format without names leaves the former
// unused, and the next file may have another one.
TaskInput input_of(const TaskConfig& task, const Columns& found) {
  TaskInput input;
  columns_of(input) = columns_of(found);
  return with_configured_cut(with_configured_reading(input, task), task);
}

std::filesystem::path kept_identity(const Run& run) { return run.folder / "backbone.json"; }

}  // namespace

TaskInput with_configured_reading(TaskInput input, const TaskConfig& task) {
  keep_said(columns_of(input), columns_of(task));
  if (task.places.contains("data.quoted")) input.quoted = task.data.quoted;
  return input;
}

TaskInput with_configured_cut(TaskInput input, const TaskConfig& task) {
  cut_of(input) = cut_of(task.data);
  return input;
}

TaskConfig with_input(TaskConfig task, const TaskInput& input) {
  columns_of(task) = columns_of(input);
  cut_of(task.data) = cut_of(input);
  task.data.quoted = input.quoted;
  return task;
}

Workspace::Workspace(const Run& run)
    : run_(run),
      described_(describe_backbone(run.config.model)),
      identifying_(std::async(std::launch::async, identify_backbone, run.config.model, kept_identity(run))),
      tokenizer_(reads_images() ? nullptr : load_tokenizer(run.config.model)) {
  if (!tokenizer_) return;
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

std::shared_ptr<const EncodedSplit> Workspace::encoded_images(const TaskConfig& task, Dataset& dataset,
                                                              const LabelMap& labels,
                                                              std::optional<ImageTransform>& transform) {
  const bool fresh = !transform;
  const auto on_error = task.data.on_error == "skip" ? ImageSet::OnError::kSkip : ImageSet::OnError::kFail;
  const auto given = read_preprocessor_config(run_.config.model);
  const auto images =
      std::make_shared<ImageSet>(dataset, fresh ? image_transform(task.data, given) : *transform, on_error);
  check_geometry(info(), *images);
  if (fresh && !given) images->normalise(images->statistics());
  transform = images->transform();
  return std::make_shared<const EncodedSplit>(encode_images(dataset, labels, kept_once(images)));
}

std::shared_ptr<const ImageSet> Workspace::kept_once(std::shared_ptr<const ImageSet> images) {
  for (const auto& known : images_) {
    const auto other = known.lock();
    if (other && other->same_images(*images)) return other;
  }
  images_.push_back(images);
  return images;
}

TaskSplit Workspace::encode(const TaskConfig& task, Dataset dataset, const std::vector<std::string>& files,
                            const LabelMap& labels, std::optional<ImageTransform>& transform) {
  TaskSplit split;
  split.in_files = dataset.examples_in_files;
  split.content = content_of(files);
  if (dataset_options(task, {}).images) {
    split.rows = encoded_images(task, dataset, labels, transform);
    const auto& classes = split.rows->classes;
    split.content +=
        "images " + split.rows->images->digest() + "\nlabels " +
        sha256_hex({reinterpret_cast<const char*>(classes.data()), classes.size() * sizeof(classes[0])}) +
        "\n";
  }
  if (labels.size() > 0) split.label_counts = label_counts(dataset, labels);
  if (split.rows) return split;
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
                                std::optional<int64_t> max_samples, const TaskDescription& trained) try {
  check_input(task);
  check_metrics(task, trained.head.labels);
  auto transform = trained.input.transform;
  return read_split(task, files, max_samples, trained.head.labels, transform);
} catch (const ValueError& error) {
  throw placed(task, error);
}

ImageTransform Workspace::configured_transform(const TaskConfig& task, const ImageTransform& trained) const {
  const auto given = read_preprocessor_config(run_.config.model);
  auto transform = image_transform(task.data, given);
  if (given) return transform;
  transform.mean = trained.mean;
  transform.deviation = trained.deviation;
  return transform;
}

TaskSplit Workspace::read_split(const TaskConfig& task, const std::vector<std::string>& files,
                                std::optional<int64_t> max_samples, const std::vector<std::string>& labels,
                                std::optional<ImageTransform>& transform) {
  auto dataset = read_dataset(paths(files), dataset_options(task, max_samples));
  return encode(task, std::move(dataset), files, labels.empty() ? LabelMap() : LabelMap(labels), transform);
}

// The network reads what the task's examples are.
void Workspace::check_input(const TaskConfig& task) const {
  const bool images = dataset_options(task, {}).images;
  if (images != reads_images()) {
    throw ValueError("type", "the backbone '" + info().family + "' reads " + (images ? "texts" : "images") +
                                 ", not what tasks of type '" + task.head.type + "' do");
  }
  if (task.head.type == "fact_cloze" && !tokenizer_->mask_id())
    throw ValueError("type", "this model's tokenizer has no mask, which tasks of type 'fact_cloze' need");
  if (images || task.data.max_seq_length <= info().max_positions) return;
  throw ValueError("data.max_seq_length", std::to_string(task.data.max_seq_length) + " is more than the " +
                                              std::to_string(info().max_positions) +
                                              " positions of this backbone");
}

TaskData Workspace::read_task(const TaskConfig& task) {
  check_input(task);
  auto train = read_dataset(paths(task.data.train), dataset_options(task, task.data.max_train_samples));
  check_truncation(task, train.columns);
  TaskData data;
  data.head = task.head;
  const LabelMap labels = task.head.labels.empty() ? labels_of(train) : LabelMap(task.head.labels);
  data.head.labels = labels.names();
  if (data.head.type == "dependency_head") data.head.places = task.data.max_seq_length;
  check_metrics(task, data.head.labels);
  data.input = input_of(task, train.columns);
  auto& transform = data.input.transform;
  data.train = encode(task, std::move(train), task.data.train, labels, transform);
  if (!task.data.validation.empty()) {
    data.validation =
        read_split(task, task.data.validation, task.data.max_eval_samples, data.head.labels, transform);
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
  d.majority = majority_labels(data.head, data.train);
  d.written_by = std::string("adaptune ") + kVersion;
  return d;
}

std::string Workspace::job_identity(const std::string& settings, const TaskData& data) {
  const auto& transform = data.input.transform;
  return settings + "backbone: " + identity().fingerprint + "\n" +
         (transform ? "images: " + preprocessor_config(*transform) : "") + "train: " + data.train.content +
         (data.validation ? "validation: " + data.validation->content : "");
}

}  // namespace adaptune
