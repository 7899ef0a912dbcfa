#pragma once
// Trained tasks in folders of AdapterHub and PEFT. Those say neither where their backbone is nor how their
// texts were read: `text` and `text_pair` where the input has both, else `text`, 128 tokens.

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "recipe/trained_task.h"

namespace adaptune {

// The folders of one.
struct ImportedFolders {
  std::filesystem::path folder;  // of the adapter or of the fusion, whose adapters lie beside it
  bool is_fusion = false;
  std::filesystem::path head;            // empty: none was found; PEFT's are in the adapter's file
  std::vector<std::string> other_heads;  // that are there too, and may be asked for by name
};

// What `path` leads to: an adapter, a fusion, or a folder that holds one fusion with its adapters, as
// AdapterHub's save_adapter_setup and our export write it. Empty: none of these.
// The head is the one called `head`; with an empty name the one in the same folder, else beside an adapter
// its namesake, and in a fusion's folder the one that adapter_setup.json names or the only one that stands
// alone. UsageError where that leaves open which, naming the choices; InputError for files that cannot be
// read.
std::optional<ImportedFolders> find_imported_task(const std::filesystem::path& path, const std::string& head);

// InputError where the parts do not fit the backbone, an adapter of the fusion is missing, or the head is,
// and the query needs one.
TrainedTask load_imported_task(const ImportedFolders& found, const TrainedTaskQuery& query,
                               Backbone& backbone, const BackboneIdentity& identity);

}  // namespace adaptune
