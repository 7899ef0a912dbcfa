#pragma once
// Folders of adapters among the golden cases, with the model each belongs to.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace adaptune {

struct GoldenFolder {
  std::filesystem::path path, model;
};

inline nlohmann::json json_of(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

// Folders below the cases that hold a file of this name, sorted.
inline std::vector<GoldenFolder> golden_folders(const std::string& file) {
  namespace fs = std::filesystem;
  std::vector<GoldenFolder> folders;
  for (const auto& entry : fs::directory_iterator(FIXTURES "/cases")) {
    const auto description = json_of(entry.path() / "case.json");
    if (description.value("kind", "") != "adapterhub") continue;
    const auto model = entry.path() / description.at("model").get<std::string>();
    for (const auto& found : fs::recursive_directory_iterator(entry.path())) {
      if (found.path().filename() == file) folders.push_back({found.path().parent_path(), model});
    }
  }
  std::sort(folders.begin(), folders.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
  return folders;
}

}  // namespace adaptune
