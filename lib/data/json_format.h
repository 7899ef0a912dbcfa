#pragma once

#include <filesystem>

#include "data/dataset_format.h"

namespace adaptune {

// One JSON value: an array of objects, or an object of columns, each an array of the same length. Rows are
// counted, as the whole file is often one line.
void read_json(const std::filesystem::path& path, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
