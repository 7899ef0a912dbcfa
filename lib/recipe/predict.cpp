#include "recipe/predict.h"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/joined.h"
#include "data/image_set.h"
#include "head/answer.h"
#include "model/shared_pass.h"
#include "recipe/run_config.h"
#include "recipe/start_up.h"
#include "recipe/trained_task.h"
#include "train/evaluation.h"

namespace adaptune {
namespace {

using nlohmann::ordered_json;

bool reads_words(LabelKind kind) { return kind == LabelKind::kTags || kind == LabelKind::kHeads; }

// Plain text of `source`, a row a line; the halves of a pair are separated by a tab, words of a tagging row
// by blanks.
Dataset dataset_from_lines(std::istream& lines, const std::string& source, const TaskDescription& task) {
  const LabelKind kind = label_kind(task.head);
  const bool words_alone = reads_words(kind);
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
    if (!words_alone && dataset.columns.text.empty()) {
      // A task of another library: its first line says whether it reads pairs.
      dataset.columns.text = {"text"};
      if (line.find('\t') != std::string::npos) dataset.columns.text.emplace_back("text_pair");
    }
    Example example;
    example.number = number;
    check_utf8(line, dataset.where(example));
    if (words_alone) {
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

// A single image, a folder of them, or whatever holds images of classes.
Dataset image_input(const PredictFlags& flags, const TaskDescription& task) {
  namespace fs = std::filesystem;
  DatasetOptions options;
  options.labelled = false;
  options.images = true;
  options.image = task.input.image;
  std::vector<std::string> files;
  if (is_image_file(flags.input)) files.push_back(flags.input);
  if (fs::is_directory(flags.input)) {
    for (const auto& entry : fs::directory_iterator(flags.input)) {
      if (is_image_file(entry.path())) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
  }
  if (files.empty()) return read_dataset({flags.input}, options);
  Dataset dataset;
  dataset.labelled = false;
  dataset.files = {{flags.input, true}};
  for (const auto& file : files) {
    Example example;
    example.image = file;
    example.number = dataset.size() + 1;
    dataset.examples.push_back(std::move(example));
  }
  dataset.examples_in_files = dataset.size();
  return dataset;
}

Dataset read_input(const PredictFlags& flags, const TaskDescription& task) {
  if (task.input.transform) return image_input(flags, task);

  const bool lines = flags.input == "-" || flags.input.ends_with(".txt");
  if (lines && entity_count(task.head.type) > 0) {
    throw InputError(flags.input +
                     ": lines of text do not say where the entities of this task are; give a .jsonl file "
                     "with their spans in " +
                     joined(task.input.entity));
  }
  if (flags.input == "-") return dataset_from_lines(std::cin, "standard input", task);
  if (flags.input.ends_with(".txt")) {
    std::ifstream file(flags.input);
    if (!file) throw InputError(flags.input + ": no such file");
    return dataset_from_lines(file, flags.input, task);
  }
  DatasetOptions options;
  options.kind = label_kind(task.head);
  options.entities = entity_count(task.head.type);
  options.entity = task.input.entity;
  options.labelled = false;
  options.text = task.input.text;
  options.tokens = task.input.tokens;
  options.quoted_tsv = task.input.quoted;
  return read_dataset({flags.input}, options);
}

EncodedSplit encoded(Dataset& dataset, const TrainedTasks& opened, const TaskDescription& task) {
  const LabelMap labels(task.head.labels);
  if (const auto& transform = task.input.transform)
    return encode_images(dataset, labels,
                         std::make_shared<ImageSet>(dataset, *transform, ImageSet::OnError::kFail));
  DataConfig data;
  data.max_seq_length = task.input.max_seq_length;
  data.truncation = task.input.truncation;
  return encode_split(dataset, labels, *opened.tokenizer, encoding_options(data));
}

std::vector<int64_t> word_starts(const EncodedSplit& rows, int64_t row, size_t words) {
  std::vector<int64_t> starts(words, -1);
  for (int64_t token = rows.row_starts[row]; token < rows.row_starts[row + 1]; ++token) {
    const int32_t word = rows.word_ids[token];
    if (word >= 0) starts[word] = token - rows.row_starts[row];
  }
  return starts;
}

ordered_json named_weights(const FusedTask& fused, const std::vector<int64_t>& members,
                           const torch::Tensor& mean) {
  ordered_json weights = ordered_json::object();
  for (int64_t n = 0; n < mean.size(0); ++n)
    weights[fused.description.members[members[n]].name] = mean[n].item<double>();
  return weights;
}

// The attention over a row's own tokens, by fused site: {"5": {"mnli": 0.4, "rte": 0.6}}; of knowledge
// adapters that over what the head reads of the row: {"features": ...}.
ordered_json row_attention(const FusedTask& fused, const Tokens& tokens, int64_t index) {
  ordered_json layers = ordered_json::object();
  const auto* combination = fused.fusion->combination();
  if (combination && combination->last_attention().defined()) {
    const auto& all = combination->last_attention();  // of all tokens, or of as many in each row
    const bool every_token = all.size(0) == tokens.size();
    const auto own = every_token ? tokens.of(all, index) : all.view({tokens.rows(), -1, all.size(1)})[index];
    std::vector<int64_t> members(fused.description.members.size());
    std::iota(members.begin(), members.end(), 0);
    layers["features"] = named_weights(fused, members, own.to(torch::kFloat64).mean(0));
  }
  for (const auto& [site, fusion, members] : fused.fusion->fusions()) {
    const auto& all = fusion->last_attention();
    if (!all.defined()) continue;
    layers[site_name(site->info())] =
        named_weights(fused, members, tokens.of(all, index).to(torch::kFloat64).mean(0));
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

// What the tasks share besides the backbone.
struct Input {
  const Dataset& dataset;
  const EncodedSplit& rows;
  TokenName token_name;
};

// The answers of one task, by row.
class Answers {
 public:
  Answers(const TrainedTask& task, const Input& input, const PredictFlags& flags)
      : task_(task), input_(input), flags_(flags), objects_(input.rows.size()) {}

  void take(const std::vector<int64_t>& numbers, const Tokens& tokens, const torch::Tensor& all_logits) {
    const bool tags = reads_words(input_.rows.kind);
    for (size_t i = 0; i < numbers.size(); ++i) {
      const int64_t row = numbers[i], index = static_cast<int64_t>(i);
      const auto& words = input_.dataset.examples[row].words;
      std::vector<int64_t> starts;
      if (tags) starts = word_starts(input_.rows, row, words.size());
      const auto logits = tags ? tokens.of(all_logits, index) : all_logits[index];
      auto& object = objects_[row] = ordered_json::object();
      if (tags) object["tokens"] = words;
      object.update(answer(task_.description.head, logits, starts, input_.token_name));
      if (input_.rows.is_cut(row)) {
        for (auto& entry : object.items()) entry.value() = nullptr;
      }
      if (flags_.logits) object["logits"] = logits_json(logits, starts);
      if (flags_.fusion_attention && task_.fused)
        object["attention"] = row_attention(*task_.fused, tokens, index);
    }
  }

  const std::string& name() const { return task_.description.name; }
  const ordered_json& of(int64_t row) const { return objects_[row]; }

 private:
  const TrainedTask& task_;
  const Input& input_;
  const PredictFlags& flags_;
  std::vector<ordered_json> objects_;
};

bool seeks_mask(const TaskDescription& task) { return label_kind(task.head) == LabelKind::kAnswers; }

// Tasks of one pass read the same texts in the same way.
void check_common_input(const std::vector<TrainedTask>& tasks) {
  const auto& first = tasks.front().description;
  for (const auto& task : tasks) {
    const auto& a = first.input;
    const auto& b = task.description.input;
    const char* differs = a.text != b.text || a.tokens != b.tokens ? "text columns"
                          : a.entity != b.entity                   ? "entity columns"
                          : seeks_mask(first) != seeks_mask(task.description)
                              ? "types: one of them reads texts with a mask"
                          : a.image != b.image                   ? "image columns"
                          : a.transform != b.transform           ? "sizes or normalisation of images"
                          : a.max_seq_length != b.max_seq_length ? "max_seq_length"
                          : a.truncation != b.truncation         ? "truncation"
                          : a.quoted != b.quoted                 ? "quoted"
                                                                 : nullptr;
    if (!differs) continue;
    throw UsageError("tasks '" + first.name + "' and '" + task.description.name + "' differ in their " +
                     differs + ", so they have no common input; predict them one by one with --task");
  }
}

// Those that can in one pass, the others one by one.
void predict_all(TrainedTasks& opened, const EncodedSplit& rows, const EvaluationSettings& settings,
                 std::vector<Answers>& answers) {
  std::vector<SharedPass::Task> together;
  std::vector<size_t> sharing;
  for (size_t i = 0; i < opened.tasks.size(); ++i) {
    if (SharedPass::can_share(*opened.tasks[i].attachment())) sharing.push_back(i);
  }
  if (sharing.size() == 1) sharing.clear();
  for (const size_t i : sharing) together.push_back({opened.tasks[i].attachment(), opened.tasks[i].head});
  for (size_t i = 0; i < opened.tasks.size(); ++i) {
    if (std::find(sharing.begin(), sharing.end(), i) != sharing.end()) continue;
    const auto& task = opened.tasks[i];
    TaskModel model(*opened.backbone, task.attachment(), task.head);
    for_each_logits(model, rows, settings, [&](const auto& numbers, const Batch& batch, const auto& logits) {
      answers[i].take(numbers, batch.tokens, logits);
    });
  }
  if (together.empty()) return;
  SharedPass pass(*opened.backbone, std::move(together));
  pass.eval();
  auto shared = settings;
  shared.batch_size = SharedPass::rows_at_once(settings.batch_size, sharing.size());
  for_each_batch(rows, shared, pass.needs_padding(), [&](const auto& numbers, const Batch& batch) {
    const auto logits = pass.logits(batch);
    for (size_t i = 0; i < sharing.size(); ++i) answers[sharing[i]].take(numbers, batch.tokens, logits[i]);
  });
}

// A line a row: the answer, or by task where several were asked for.
std::string lines(const std::vector<Answers>& answers, int64_t rows, bool by_task) {
  std::string text;
  for (int64_t row = 0; row < rows; ++row) {
    ordered_json object = ordered_json::object();
    for (const auto& task : answers) object[task.name()] = task.of(row);
    text += (by_task ? object : answers.front().of(row)).dump() + "\n";
  }
  return text;
}

}  // namespace

int predict(const PredictFlags& flags, Console& console) {
  const auto device = open_device(flags.device);
  auto opened =
      open_trained_tasks({flags.run, flags.tasks, flags.model, device, flags.allow_backbone_mismatch});
  check_common_input(opened.tasks);
  const bool fused =
      std::any_of(opened.tasks.begin(), opened.tasks.end(), [](const auto& t) { return t.fused; });
  if (flags.fusion_attention && !fused)
    throw UsageError("--fusion-attention: " + flags.run + " is a single adapter, not a fusion");
  for (const auto& own : opened.tasks) {
    const auto& way = own.fused ? own.fused->description.options.combination : "";
    if (flags.fusion_attention && !way.empty() && way != "attention")
      throw UsageError("--fusion-attention: " + own.folder.string() + " combines by '" + way +
                       "', which has none");
  }
  const auto& task = opened.tasks.front().description;
  auto dataset = read_input(flags, task);
  const auto rows = encoded(dataset, opened, task);
  console.say(program_text(device));
  for (const auto& own : opened.tasks) console.detail("trained task: " + own.folder.string());
  console.detail("backbone: " + opened.model + "\n" + std::to_string(rows.size()) + " inputs, " +
                 std::to_string(rows.ids.size()) + " tokens");
  if (rows.cut_rows > 0) {
    console.warn(std::to_string(rows.cut_rows) + " of " + std::to_string(rows.size()) +
                 " inputs are longer than " + std::to_string(task.input.max_seq_length) +
                 " tokens and were cut");
  }
  if (rows.cut_entities > 0) {
    console.warn(std::to_string(rows.cut_entities) + " of " + std::to_string(rows.size()) +
                 " inputs have an entity or mask behind the cut; their answers are null");
  }
  opened.backbone->set_bfloat16(flags.bf16);
  // As it stands in a text, without what a vocabulary writes for blanks.
  const auto token_name = [&](int64_t id) {
    if (id >= opened.tokenizer->vocabulary_size()) return "token " + std::to_string(id);
    const auto text = opened.tokenizer->decode({static_cast<int32_t>(id)}, false);
    return text.substr(std::min(text.find_first_not_of(' '), text.size()));
  };
  const Input input{dataset, rows, token_name};
  std::vector<Answers> answers;
  for (const auto& own : opened.tasks) {
    if (flags.fusion_attention && own.fused) record_attention(*own.fused, true);
    answers.emplace_back(own, input, flags);
  }
  predict_all(opened, rows, {flags.batch_size, opened.tokenizer ? opened.tokenizer->pad_id() : 0, device},
              answers);
  const bool by_task = flags.tasks.size() > 1 || flags.tasks == std::vector<std::string>{"all"};
  const auto text = lines(answers, rows.size(), by_task);
  if (flags.output == "-") {
    console.result(text);
    return 0;
  }
  write_file_atomically(flags.output, text);
  ordered_json tasks = ordered_json::array();
  for (const auto& own : answers) tasks.push_back(own.name());
  console.done("wrote " + std::to_string(rows.size()) + " answers to " + flags.output,
               {{"tasks", tasks}, {"answers", rows.size()}, {"file", flags.output}});
  return 0;
}

}  // namespace adaptune
