#include "data/dataset_format.h"

#include <algorithm>

#include "core/error.h"
#include "data/conll_format.h"
#include "data/conllu_format.h"
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

bool fits(const DatasetFormat& format, bool images) { return images ? format.images : format.texts; }

std::string known_endings(bool images) {
  std::string known = images ? "a folder with one for each class, " : "";
  for (const DatasetFormat& format : dataset_formats()) {
    if (format.ending != "/" && fits(format, images)) known += format.ending + " ";
  }
  return known + "(each also .gz)";
}

std::filesystem::path without_gz(const std::filesystem::path& file) {
  return lower_case(file.extension().string()) == ".gz" ? file.stem() : file;
}

// Those whose ending the name has.
std::vector<const DatasetFormat*> named_formats(const std::filesystem::path& file) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(file, ignored);
  const std::string name = folder ? "/" : lower_case(without_gz(file).filename().string());
  std::vector<const DatasetFormat*> named;
  for (const DatasetFormat& format : dataset_formats()) {
    if (name.ends_with(format.ending)) named.push_back(&format);
  }
  return named;
}

// What a name that is no format of the task is, though it has the ending of `named`.
std::string misfit(const std::filesystem::path& file, const std::vector<const DatasetFormat*>& named) {
  if (!named.empty()) {
    const DatasetFormat& found = *named.back();
    return found.ending == "/"
               ? "is a folder, and the task reads files of texts"
               : "'" + found.ending + "' is not for a task that reads " + (found.texts ? "images" : "texts");
  }
  const std::string ending = lower_case(without_gz(file).extension().string());
  return ending.empty() ? "has no ending" : "unknown ending '" + ending + "'";
}

}  // namespace

const std::vector<DatasetFormat>& dataset_formats() {
  static const std::vector<DatasetFormat> formats = {
      {.ending = ".jsonl", .counts_rows = false, .read = read_json_lines},
      {.ending = ".json", .counts_rows = true, .read = read_json},
      {.ending = ".csv", .counts_rows = false, .read = read_csv},
      {.ending = ".tsv", .counts_rows = false, .quotes_by_choice = true, .read = read_tsv},
      {.ending = ".conll", .counts_rows = false, .names_columns = false, .images = false, .read = read_conll},
      {.ending = ".conllu", .images = false, .read = read_conllu},
      {.ending = "/", .counts_rows = true, .texts = false, .read = read_image_folder},
      {.ending = ".tar", .counts_rows = true, .texts = false, .read = read_image_tar},
      {.ending = ".tgz", .counts_rows = true, .texts = false, .read = read_image_tar},
      {.ending = ".bin", .counts_rows = true, .texts = false, .read = read_cifar},
      {.ending = "-idx3-ubyte", .counts_rows = true, .texts = false, .read = read_idx},
  };
  return formats;
}

const DatasetFormat* find_format(const std::filesystem::path& file, bool images) {
  for (const DatasetFormat* format : named_formats(file)) {
    if (fits(*format, images)) return format;
  }
  return nullptr;
}

const DatasetFormat& format_of(const std::filesystem::path& file, bool images) {
  if (const DatasetFormat* format = find_format(file, images)) return *format;
  throw InputError(file.string() + ": " + misfit(file, named_formats(file)) +
                   "; known: " + known_endings(images));
}

}  // namespace adaptune
