#pragma once
// AdapterHub folders -> our objects. Sections 1 to 10 of the format. Strict: every function throws InputError
// naming what is missing, unexpected, misshaped or not supported. Excepted are the cases the format itself
// documents: the model's prefix may be there or not; `.bin` is read where a folder holds both containers;
// other heads and fusions whose names start with the wanted one are left aside; the second copy that
// ln_before writes may be absent; a fusion's tensors in layers without adapters are not used.

#include <filesystem>
#include <vector>

#include "backbone/backbone.h"
#include "interop/imported.h"

namespace adaptune {

bool is_adapterhub_adapter(const std::filesystem::path& folder);

// An adapter and, where the folder holds one, its head.
ImportedAdapter read_adapterhub_adapter(const std::filesystem::path& folder, Backbone& backbone);

// A head saved alone, or beside an adapter.
ImportedHead read_adapterhub_head(const std::filesystem::path& folder, const BackboneInfo& info);

// `members` must hold the fusion's adapters, in any order; InputError naming those that are not there.
ImportedFusion read_adapterhub_fusion(const std::filesystem::path& folder,
                                      const std::vector<ImportedAdapter>& members, Backbone& backbone);

}  // namespace adaptune
