#pragma once
// The container of torch.save since PyTorch 1.6: a zip archive with a pickle program and raw storages.

#include <vector>

#include "io/mapped_file.h"
#include "io/stored_tensor.h"

namespace adaptune {

// The tensors of a state dict, in its order. The saved object must be a dict (or OrderedDict). If it has
// an entry 'state_dict' that is a dict, as training checkpoints do, that one is read and its neighbours
// are not. Entries that are not tensors are left out if no tensor lies inside them. Aliases share their
// `storage`. Throws InputError naming the file, and the tensor where one is at fault; old formats, other
// files and programs that ask for functions are refused with a remedy.
std::vector<StoredTensor> read_torch_archive(const MappedFile& file);

}  // namespace adaptune
