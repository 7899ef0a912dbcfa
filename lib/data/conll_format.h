#pragma once

#include <filesystem>

#include "data/dataset_format.h"

namespace adaptune {

// CoNLL-2003's layout: one word a line, columns separated by tabs (if the line has one) or blanks, the same
// number in the whole file; an empty line ends a sentence; lines of -DOCSTART- are skipped. A sentence is a
// row of the list columns "1", "2", ..., and `tokens` (the first column) and `tags` (the last). Its number
// is the line of its first word.
void read_conll(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
