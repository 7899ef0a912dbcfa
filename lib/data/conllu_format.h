#pragma once

#include <filesystem>

#include "data/dataset_format.h"
#include "data/record.h"

namespace adaptune {

// CoNLL-U of Universal Dependencies: a row a sentence, with the lists `tokens` (FORM), `lemmas`, `tags`
// (UPOS), `heads` (numbers, 0 for the root) and `deprels`. Comments, ranges of words ("1-2") and empty nodes
// ("1.1") are left out. InputError with file and line.
void read_conllu(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
