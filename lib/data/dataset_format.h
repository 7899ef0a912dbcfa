#pragma once
// The table of data file formats.

#include <filesystem>
#include <string>
#include <vector>

#include "data/record.h"

namespace adaptune {

// What a format lets the user choose.
struct FormatOptions {
  bool quoted_tsv = false;  // .tsv: double quotes enclose fields as in .csv; else they are plain characters
};

struct DatasetFormat {
  std::string ending;                // ".jsonl"; "/": a folder
  bool counts_rows = false;          // rows are told apart by their number, not by their line
  bool names_columns = true;         // else only "1", "2", ... and `tokens` (first) and `tags` (last)
  bool texts = true, images = true;  // what a task can read from it
  bool quotes_by_choice = false;     // FormatOptions::quoted_tsv is for it
  // Throws InputError with file and line, IoError.
  void (*read)(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);
};

const std::vector<DatasetFormat>& dataset_formats();

// The format by a file's name, a final ".gz" left out, upper and lower case alike; null for a name that is
// none of those of tasks that read images, or texts.
const DatasetFormat* find_format(const std::filesystem::path& file, bool images);
// The same; InputError with those there are instead of null.
const DatasetFormat& format_of(const std::filesystem::path& file, bool images);

}  // namespace adaptune
