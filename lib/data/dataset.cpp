#include "data/dataset.h"

#include <algorithm>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/joined.h"
#include "data/dataset_format.h"
#include "data/example_reader.h"
#include "data/random_sequence.h"

namespace adaptune {
namespace {

std::string read_columns(const Columns& columns) {
  if (!columns.tokens.empty()) return "words in the column " + columns.tokens;
  return (columns.text.size() == 1 ? "the text column " : "the text columns ") + joined(columns.text);
}

// A file whose defaults differ from the first file's would silently be read as something else.
void check_same_columns(const Dataset& dataset, const Columns& columns) {
  if (columns.text == dataset.columns.text && columns.tokens == dataset.columns.tokens) return;
  throw InputError(dataset.files.back().path.string() + ": has " + read_columns(columns) + ", " +
                   dataset.files.front().path.string() + " has " + read_columns(dataset.columns) +
                   "; choose what is read with 'text'" +
                   (columns.tokens == dataset.columns.tokens ? "" : " or 'tokens'"));
}

void append_file(const std::filesystem::path& path, const DatasetOptions& options, Dataset& dataset) {
  const DatasetFormat& format = format_of(path, options.images);
  const auto file = static_cast<int32_t>(dataset.files.size());
  dataset.files.push_back({path, format.counts_rows});
  std::optional<Columns> columns;
  format.read(path, {options.quoted_tsv}, [&](const Record& record) {
    if (!columns) {
      columns = choose_columns(record, options, format);
      if (dataset.examples.empty()) dataset.columns = *columns;
      if (format.names_columns) check_same_columns(dataset, *columns);
    }
    dataset.examples.push_back(ExampleReader(options, *columns, dataset.files.back()).read(record));
    dataset.examples.back().file = file;
  });
}

std::vector<std::string> distinct_labels(const Dataset& dataset) {
  std::set<std::string> names;
  for (const Example& example : dataset.examples) names.insert(example.labels.begin(), example.labels.end());
  return {names.begin(), names.end()};
}

void keep_sample(Dataset& dataset, const DatasetOptions& options) {
  if (options.max_samples <= 0 || options.max_samples >= dataset.size()) return;
  std::vector<int64_t> kept =
      random_permutation(dataset.size(), RandomSequence(options.sample_seed, kSampleStream, 0));
  kept.resize(static_cast<std::size_t>(options.max_samples));
  std::sort(kept.begin(), kept.end());
  std::vector<Example> sample;
  sample.reserve(kept.size());
  for (const int64_t index : kept) sample.push_back(std::move(dataset.examples[index]));
  dataset.examples = std::move(sample);
}

[[noreturn]] void throw_empty(const Dataset& dataset) {
  std::vector<std::string> names;
  for (const SourceFile& file : dataset.files) names.push_back(file.path.string());
  throw InputError(joined(names) + ": no examples; at least one is needed");
}

}  // namespace

Dataset read_dataset(const std::vector<std::filesystem::path>& files, const DatasetOptions& options) {
  Dataset dataset;
  dataset.kind = options.kind;
  dataset.labelled = options.labelled;
  for (const std::filesystem::path& file : files)
    format_of(file, options.images);  // before minutes are spent on the first
  for (const std::filesystem::path& file : files) append_file(file, options, dataset);
  if (dataset.examples.empty()) throw_empty(dataset);
  dataset.examples_in_files = dataset.size();
  dataset.label_names = distinct_labels(dataset);
  keep_sample(dataset, options);
  return dataset;
}

}  // namespace adaptune
