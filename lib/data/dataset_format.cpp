#include "data/dataset_format.h"

#include <algorithm>

#include "core/error.h"
#include "data/conll_format.h"
#include "data/delimited_format.h"
#include "data/image_formats.h"
#include "data/json_format.h"
#include "data/json_lines_format.h"

namespace adaptune {
namespace {

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

std::string known_endings() {
  std::string known;
  for (const DatasetFormat& format : dataset_formats()) {
    if (format.ending != "/") known += format.ending + " ";
  }
  return known;
}

}  // namespace

const std::vector<DatasetFormat>& dataset_formats() {
  static const std::vector<DatasetFormat> formats = {
      {".jsonl", /*counts_rows=*/false, /*names_columns=*/true, read_json_lines},
      {".json", /*counts_rows=*/true, /*names_columns=*/true, read_json},
      {".csv", /*counts_rows=*/false, /*names_columns=*/true, read_csv},
      {".tsv", /*counts_rows=*/false, /*names_columns=*/true, read_tsv},
      {".conll", /*counts_rows=*/false, /*names_columns=*/false, read_conll},
      {"/", /*counts_rows=*/true, /*names_columns=*/true, read_image_folder},
      {".tar", /*counts_rows=*/true, /*names_columns=*/true, read_image_tar},
      {".tgz", /*counts_rows=*/true, /*names_columns=*/true, read_image_tar},
      {".bin", /*counts_rows=*/true, /*names_columns=*/true, read_cifar},
      {"-idx3-ubyte", /*counts_rows=*/true, /*names_columns=*/true, read_idx},
  };
  return formats;
}

const DatasetFormat& format_of(const std::filesystem::path& file) {
  std::error_code ignored;
  std::filesystem::path path = file;
  if (lower_case(path.extension().string()) == ".gz") path = path.stem();
  const std::string name =
      std::filesystem::is_directory(file, ignored) ? "/" : lower_case(path.filename().string());
  for (const DatasetFormat& format : dataset_formats())
    if (name.ends_with(format.ending)) return format;
  const std::string ending = lower_case(path.extension().string());
  const std::string found = ending.empty() ? "has no ending" : "unknown ending '" + ending + "'";
  throw InputError(file.string() + ": " + found + "; known: " + known_endings() + "(each also .gz)");
}

}  // namespace adaptune
