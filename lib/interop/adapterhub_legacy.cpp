#include "interop/adapterhub_legacy.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace adaptune {
namespace {

using nlohmann::json;

constexpr std::array<std::pair<const char*, const char*>, 5> kOldModules = {{
    {"attention_text_task_adapters", "adapters"},
    {"attention_text_lang_adapters", "adapters"},
    {"layer_text_task_adapters", "adapters"},
    {"layer_text_lang_adapters", "adapters"},
    {"invertible_lang_adapters", "invertible_adapters"},
}};

std::string replaced(std::string text, const std::string& old_part, const std::string& new_part) {
  for (size_t at = text.find(old_part); at != std::string::npos;
       at = text.find(old_part, at + new_part.size())) {
    text.replace(at, old_part.size(), new_part);
  }
  return text;
}

bool ignored_alpha(const json& version) {
  int major = 0, minor = 0;
  return version.is_string() &&
         std::sscanf(version.get_ref<const std::string&>().c_str(), "adapters.%d.%d", &major, &minor) == 2 &&
         std::pair{major, minor} < std::pair{1, 1};
}

void mend_activation(json& config) {
  const json name = config.value("non_linearity", json());
  if (name == "gelu") config["non_linearity"] = "gelu_new";
  if (name == "gelu_orig") config["non_linearity"] = "gelu";
}

void mend_invertible(json& config) {
  const auto old = config.find("invertible_adapter");
  if (old == config.end()) return;
  if (old->is_object()) {
    config["inv_adapter"] = old->value("block_type", json());
    config["inv_adapter_reduction_factor"] = old->value("reduction_factor", json());
  }
  config.erase("invertible_adapter");
}

}  // namespace

void mend_legacy_config(json& file, const TensorMap& tensors) {
  if (!file.is_object() || !file.contains("config") || !file["config"].is_object()) return;
  json& config = file["config"];
  if (!file.contains("version")) mend_activation(config);
  if (ignored_alpha(file.value("version", json())) && config.value("architecture", json()) == "lora" &&
      config.contains("r")) {
    config["alpha"] = config["r"];
  }
  mend_invertible(config);
  const bool saved = std::any_of(tensors.begin(), tensors.end(), [](const auto& entry) {
    return entry.first.find("invertible_adapters") != std::string::npos;
  });
  if (file.value("type", json()) == "text_task" && !saved) config["inv_adapter"] = nullptr;
}

TensorMap mend_legacy_names(const TensorMap& tensors) {
  TensorMap mended;
  for (const auto& [name, tensor] : tensors) {
    std::string modern = name;
    for (const auto& [old_part, new_part] : kOldModules) modern = replaced(modern, old_part, new_part);
    mended.emplace(modern, tensor);
  }
  return mended;
}

}  // namespace adaptune
