#pragma once

#include <map>
#include <string>
#include <vector>

#include "io/stored_tensor.h"

namespace adaptune {

// The bytes of a safetensors file, the same as the format's own library writes for this content: wider
// element types first (so that all are aligned), then by name; metadata, if any, in key order. Tensors
// must be contiguous, storage holding exactly their elements. Throws InputError for a name that is
// empty of meaning to a reader: `__metadata__`, not UTF-8, or given twice.
std::string safetensors_file_bytes(std::vector<StoredTensor> tensors,
                                   const std::map<std::string, std::string>& metadata);

// What comes before the tensors' bytes, which then follow in this order without gaps. Storages are not looked
// at. Throws as above, and for a tensor whose size does not fit 63 bits.
std::string safetensors_header(const std::vector<StoredTensor>& tensors,
                               const std::map<std::string, std::string>& metadata);

}  // namespace adaptune
