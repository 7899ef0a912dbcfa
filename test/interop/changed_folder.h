#pragma once
// A copy of a golden folder, in which one thing is then changed.

#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

#include "interop/golden_folders.h"
#include "io/temporary_folder.h"
#include "io/tensor_file.h"

namespace adaptune {

class ChangedFolder {
 public:
  explicit ChangedFolder(const std::filesystem::path& original) {
    std::filesystem::copy(original, folder_.path(), std::filesystem::copy_options::recursive);
  }

  const std::filesystem::path& path() const { return folder_.path(); }

  void change_json(const std::string& name, const std::function<void(nlohmann::json&)>& change) const {
    auto file = json_of(path() / name);
    change(file);
    std::ofstream(path() / name) << file.dump(2);
  }
  // One key of the `config` object.
  void set_config(const std::string& name, const std::string& key, const nlohmann::json& value) const {
    change_json(name, [&](nlohmann::json& file) { file["config"][key] = value; });
  }
  void change_tensors(const std::string& name, const std::function<void(TensorMap&)>& change) const {
    TensorMap tensors;
    for (const auto& [key, tensor] : read_tensor_file(path() / name)) tensors.emplace(key, tensor.clone());
    change(tensors);
    const bool pickle = (path() / name).extension() == ".bin";
    pickle ? write_pickle(path() / name, tensors) : write_safetensors(path() / name, tensors);
  }

 private:
  TemporaryFolder folder_;
};

}  // namespace adaptune
