#pragma once

#include <string>
#include <vector>

#include "io/stored_tensor.h"

namespace adaptune {

// The bytes of a file that torch.load(weights_only=True) reads as a plain dict from names to tensors, in
// the given order. Tensors must be contiguous, storage holding exactly their elements; each is written
// with a storage of its own. The same content gives the same bytes. Throws InputError for a name given
// twice and beyond 4 GiB.
std::string torch_archive_bytes(const std::vector<StoredTensor>& tensors);

}  // namespace adaptune
