#pragma once

#include <filesystem>
#include <string>

#include "io/weight_files.h"

namespace adaptune {

// SHA-256 of a file's bytes: 64 lower-case hexadecimal digits. Throws as MappedFile does.
std::string fingerprint_file(const std::filesystem::path& file);

// What tells one backbone from another: SHA-256 of the files' own digests (as hexadecimal text), in the
// order of the file names; the folder's name and the order of `files` do not matter.
std::string fingerprint_weights(const WeightFiles& weights);

}  // namespace adaptune
