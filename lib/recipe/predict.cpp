#include "recipe/predict.h"

#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "head/answer.h"
#include "recipe/run_config.h"
#include "recipe/trained_task.h"
#include "train/evaluation.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

// Plain text of `source`, a row a line; the halves of a pair are separated by a tab, words of a tagging row
// by blanks.
Dataset dataset_from_lines(std::istream& lines, const std::string& source, const TaskDescription& task) {
  const LabelKind kind = label_kind(task.head.type);
  Dataset dataset;
  dataset.kind = kind;
  dataset.labelled = false;
  dataset.files = {{source}};
  dataset.columns.text = task.input.text;
  dataset.columns.tokens = task.input.tokens;
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    Example example;
    example.number = number;
    if (kind == LabelKind::kTags) {
      std::istringstream words(line);
      example.words.assign(std::istream_iterator<std::string>(words), {});
    } else if (dataset.has_pairs()) {
      const auto tab = line.find('\t');
      if (tab == std::string::npos) {
        throw InputError(dataset.where(example) + ": this task reads two texts; separate them by a tab");
      }
      example.text = line.substr(0, tab);
      example.text_pair = line.substr(tab + 1);
    } else {
      example.text = line;
    }
    dataset.examples.push_back(std::move(example));
  }
  if (dataset.examples.empty()) throw InputError(source + ": no line to predict");
  dataset.examples_in_files = dataset.size();
  return dataset;
}

Dataset read_input(const PredictFlags& flags, const TaskDescription& task) {
  if (flags.input == "-") return dataset_from_lines(std::cin, "standard input", task);
  if (flags.input.ends_with(".txt")) {
    std::ifstream file(flags.input);
    if (!file) throw InputError(flags.input + ": no such file");
    return dataset_from_lines(file, flags.input, task);
  }
  DatasetOptions options;
  options.kind = label_kind(task.head.type);
  options.labelled = false;
  options.text = task.input.text;
  options.tokens = task.input.tokens;
  options.quoted_tsv = task.input.quoted;
  return read_dataset({flags.input}, options);
}

std::vector<int64_t> word_starts(const EncodedSplit& rows, int64_t row, size_t words) {
  std::vector<int64_t> starts(words, -1);
  for (int64_t token = rows.row_starts[row]; token < rows.row_starts[row + 1]; ++token) {
    const int32_t word = rows.word_ids[token];
    if (word >= 0) starts[word] = token - rows.row_starts[row];
  }
  return starts;
}

// The attention over a row's own tokens, by fused site: {"5": {"mnli": 0.4, "rte": 0.6}}
ordered_json row_attention(const FusedTask& fused, const Tokens& tokens, int64_t index) {
  ordered_json layers = ordered_json::object();
  for (const auto& [site, fusion] : fused.fusion->fusions()) {
    const auto& all = fusion->last_attention();
    if (!all.defined()) continue;
    const auto mean = tokens.of(all, index).to(torch::kFloat64).mean(0);  // [N]
    ordered_json weights = ordered_json::object();
    for (int64_t n = 0; n < mean.size(0); ++n)
      weights[fused.description.members[n].name] = mean[n].item<double>();
    layers[site_name(site->info())] = weights;
  }
  return layers;
}

// The head's outputs [C]; of tagging [W, C], a row for each word that was not cut off.
ordered_json logits_json(const torch::Tensor& logits, const std::vector<int64_t>& starts) {
  const auto values = logits.to(torch::kCPU, torch::kFloat64);
  const auto list = [](const torch::Tensor& row) {
    ordered_json numbers = ordered_json::array();
    for (int64_t i = 0; i < row.size(0); ++i) numbers.push_back(row[i].item<double>());
    return numbers;
  };
  if (values.dim() == 1) return list(values);
  ordered_json rows = ordered_json::array();
  for (const int64_t start : starts) {
    if (start >= 0) rows.push_back(list(values[start]));
  }
  return rows;
}

// Predictions of one job: what a line of the output needs.
struct Answers {
  TrainedTask& task;
  const Dataset& dataset;
  const EncodedSplit& rows;
  const PredictFlags& flags;
  std::vector<std::string> lines;  // by row

  void take(const std::vector<int64_t>& numbers, const Tokens& tokens, const torch::Tensor& all_logits) {
    for (size_t i = 0; i < numbers.size(); ++i) {
      const int64_t row = numbers[i], index = static_cast<int64_t>(i);
      const bool tags = rows.kind == LabelKind::kTags;
      std::vector<int64_t> starts;
      if (tags) starts = word_starts(rows, row, dataset.examples[row].words.size());
      const auto logits = tags ? tokens.of(all_logits, index) : all_logits[index];
      auto object = answer(task.description.head, logits, starts);
      if (flags.logits) object["logits"] = logits_json(logits, starts);
      if (flags.fusion_attention) object["attention"] = row_attention(*task.fused, tokens, index);
      lines[row] = object.dump();
    }
  }
};

}  // namespace

int predict(const PredictFlags& flags, Console& console) {
  const auto device = device_by_name(flags.device);
  auto task = open_trained_task({flags.run, flags.task, flags.model, device, flags.allow_backbone_mismatch});
  if (flags.fusion_attention && !task.fused)
    throw UsageError("--fusion-attention: " + flags.run + " is a single adapter, not a fusion");
  const auto dataset = read_input(flags, task.description);
  DataConfig data;
  data.max_seq_length = task.description.input.max_seq_length;
  data.truncation = task.description.input.truncation;
  const auto rows =
      encode_split(dataset, LabelMap(task.description.head.labels), *task.tokenizer, encoding_options(data));
  console.detail("trained task: " + task.folder.string() +
                 "\nbackbone: " + (flags.model.empty() ? task.description.model : flags.model) + "\n" +
                 std::to_string(rows.size()) + " inputs, " + std::to_string(rows.ids.size()) + " tokens");
  if (rows.cut_rows > 0) {
    console.warn(std::to_string(rows.cut_rows) + " of " + std::to_string(rows.size()) +
                 " inputs are longer than " + std::to_string(data.max_seq_length) + " tokens and were cut");
  }
  Answers answers{task, dataset, rows, flags, std::vector<std::string>(rows.size())};
  if (flags.fusion_attention) record_attention(*task.fused, true);
  for_each_logits(*task.model, rows, {flags.batch_size, task.tokenizer->pad_id(), device},
                  [&](const auto& numbers, const Batch& batch, const torch::Tensor& logits) {
                    answers.take(numbers, batch.tokens, logits);
                  });
  std::string text;
  for (const auto& line : answers.lines) text += line + "\n";
  if (flags.output == "-") {
    console.result(text);
  } else {
    write_file_atomically(flags.output, text);
  }
  return 0;
}

}  // namespace adaptune
