#pragma once
// The safetensors container: 8 bytes of header length, a JSON header, then the tensors without gaps.

#include <map>
#include <string>
#include <vector>

#include "io/mapped_file.h"
#include "io/stored_tensor.h"

namespace adaptune {

struct SafetensorsContent {
  std::vector<StoredTensor> tensors;            // in file order; contiguous views of the mapping
  std::map<std::string, std::string> metadata;  // `__metadata__`
};

// Throws InputError naming the file, and the tensor where one is at fault, for: a header longer than
// the file or 100 MB, bad JSON, names given twice, unknown dtypes, shapes that are negative or too
// large, sizes that do not match the shape, offsets that overlap, leave a gap or pass the file's end.
SafetensorsContent read_safetensors_content(const MappedFile& file);

}  // namespace adaptune
