#pragma once

#include <filesystem>

#include "data/dataset_format.h"

namespace adaptune {

// JSON Lines: one object a line; empty lines are skipped.
void read_json_lines(const std::filesystem::path& file, const FormatOptions& options, const RecordSink& sink);

}  // namespace adaptune
