#pragma once

#include <filesystem>

#include "data/dataset_format.h"

namespace adaptune {

// RFC 4180: the first row names the columns; fields in double quotes may hold commas, doubled quotes and
// line ends (a Windows line end inside a field becomes "\n"). A quote inside an unquoted field is a plain
// character. Empty lines are skipped.
void read_csv(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

// "; the fields seem to be separated by ';', ..." where a file's only column is named like several.
std::string separator_hint(const std::vector<std::string>& columns);

// Fields separated by tabs, quotes being plain characters unless `quoted_tsv` asks for the rules of .csv.
void read_tsv(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
