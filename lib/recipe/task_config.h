#pragma once
// One task of a run: its sections, each read over what the run says for every task.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "adapter/method.h"
#include "core/config_node.h"
#include "core/error.h"
#include "data/dataset.h"
#include "data/encoded.h"
#include "head/head.h"
#include "train/train_options.h"

namespace adaptune {

// The `data:` section; a task's own is read over the run's.
struct DataConfig {
  std::vector<std::string> train, validation, test;
  int64_t max_seq_length = 128;              // tokens, special ones included
  std::string truncation = "longest_first";  // longest_first | only_first | only_second
  std::optional<int64_t> max_train_samples;  // the first of a seeded shuffle
  std::optional<int64_t> max_eval_samples;
  bool quoted = false;  // .tsv: double quotes enclose fields as in .csv
  // Images: height and width that the network reads; empty: as the model's preprocessor_config.json says.
  std::optional<int64_t> image_size;
  bool random_crop = false, horizontal_flip = false;  // of training images
  std::string on_error = "fail";                      // fail | skip: with images that cannot be read
  const std::vector<std::string>& files(const std::string& split) const;
};

// Those of a configuration.
inline const std::vector<std::string> kSplits = {"train", "validation", "test"};

struct TaskConfig {
  std::string name;
  bool only_target = false;  // of a fusion: it has no adapter of its own
  WrittenPlace place;        // in the configuration
  // Where its values are written, or those of the run that hold for it, by path: "adapter.layers".
  std::map<std::string, WrittenPlace> places;
  HeadSpec head;
  std::vector<std::string> text;  // columns; empty: the usual ones
  std::string label, tokens, image;
  std::vector<std::string> entity;  // columns of spans; empty: the usual ones
  std::vector<std::string> metrics;
  AdapterSpec adapter;
  DataConfig data;
  TrainOptions train;
  // Of the value at `key`, else of its section, else of the task.
  const WrittenPlace& place_of(std::string key) const;
};
// An error at a place, with the line there.
UsageError placed(const WrittenPlace& place, const std::string& message);
// The same at the place of the value.
UsageError placed(const TaskConfig& task, const ValueError& error);

// Reads the task that `node` holds over `defaults`, which the sections `adapter`, `data` and `train` of `run`
// filled.
TaskConfig read_task(ConfigNode node, const std::string& name, const TaskConfig& defaults, ConfigNode run);
// The section `adapter` of `parent`: the folder that it loads must be there.
void read_adapter(ConfigNode parent, AdapterSpec& spec);
void read_data(ConfigNode node, DataConfig& data);
// Missing files of these splits are errors of the configuration: they are known before anything runs.
void check_files(ConfigNode node, const DataConfig& data, const std::vector<std::string>& splits);
// Reports a metric_for_best_model of `options` that the task does not compute, at the section `own` of the
// task, or at that of the run, `common`.
void check_best_metric(const ConfigNode& own, const ConfigNode& common, const TrainOptions& options,
                       const TaskConfig& task);
// Turns `quoted` off where it does nothing: an error where the section itself turns it on, else it is the
// run's, for other tasks.
void turn_off_idle_quotes(ConfigNode section, DataConfig& data);
// What is wrong with the path of a folder that must be there: "'/x' does not exist"; empty: nothing.
std::optional<std::string> folder_problem(const std::string& folder);

// Dropout of the frozen backbone in training: the user's word, or the method's default.
bool backbone_dropout(const TrainOptions& options, const AdapterSpec& adapter);

LabelKind label_kind(const HeadSpec& head);
// How many entities rows of such a task mark.
int64_t entity_count(const std::string& head_type);
bool reads_images(const std::string& head_type);
// How the task's files are read, tokenized and sampled.
DatasetOptions dataset_options(const TaskConfig& task, std::optional<int64_t> max_samples);
EncodingOptions encoding_options(const DataConfig& data);

}  // namespace adaptune
