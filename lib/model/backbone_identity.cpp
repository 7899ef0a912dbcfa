#include "model/backbone_identity.h"

#include <nlohmann/json.hpp>

#include "backbone/backbone.h"
#include "core/atomic_file.h"
#include "core/error.h"
#include "io/fingerprint.h"

namespace adaptune {
namespace {

using nlohmann::json;

json file_times(const WeightFiles& weights) {
  json files = json::array();
  for (const auto& file : weights.files) {
    files.push_back({std::filesystem::absolute(file).string(), std::filesystem::file_size(file),
                     std::filesystem::last_write_time(file).time_since_epoch().count()});
  }
  return files;
}

// Empty: none is kept, or for other files.
std::string kept_fingerprint(const WeightFiles& weights, const std::filesystem::path& cache) {
  if (cache.empty() || !std::filesystem::exists(cache)) return "";
  const json known = json::parse(read_file(cache), nullptr, /*allow_exceptions=*/false);
  const bool fits = known.is_object() && known.value("files", json()) == file_times(weights);
  return fits ? known.value("fingerprint", "") : "";
}

}  // namespace

void read_backbone_identity(ConfigNode node, BackboneIdentity& identity) {
  node.read("family", identity.family);
  node.read("layers", identity.layers);
  node.read("hidden_size", identity.hidden_size);
  node.read("name", identity.name);
  node.read("fingerprint", identity.fingerprint);
}

std::string describe(const BackboneIdentity& identity) {
  return "fingerprint " + identity.fingerprint.substr(0, 8) + "… (" + identity.family + ", " +
         std::to_string(identity.layers) + " layers, hidden " + std::to_string(identity.hidden_size) + ", '" +
         identity.name + "')";
}

BackboneIdentity identify_backbone(const std::filesystem::path& folder, const std::filesystem::path& cache) {
  const auto described = describe_backbone(folder);
  const auto& info = described->info();
  BackboneIdentity identity{info.family, info.layers, info.hidden_size, "", ""};
  const auto canonical = std::filesystem::weakly_canonical(folder);
  identity.name = canonical.filename().string();
  const auto weights = find_weight_files(folder);
  identity.fingerprint = kept_fingerprint(weights, cache);
  if (identity.fingerprint.empty()) identity.fingerprint = fingerprint_weights(weights);
  return identity;
}

void keep_identity(const BackboneIdentity& identity, const std::filesystem::path& folder,
                   const std::filesystem::path& cache) {
  const auto weights = find_weight_files(folder);
  if (!kept_fingerprint(weights, cache).empty()) return;
  const json known = {{"files", file_times(weights)}, {"fingerprint", identity.fingerprint}};
  try {
    write_file_atomically(cache, known.dump(2) + "\n");
  } catch (const IoError&) {
    return;
  }
}

void check_same_backbone(const std::string& what, const BackboneIdentity& adapter,
                         const BackboneIdentity& backbone) {
  if (adapter.fingerprint == backbone.fingerprint) return;
  const bool same_shape = adapter.family == backbone.family && adapter.layers == backbone.layers &&
                          adapter.hidden_size == backbone.hidden_size;
  throw InputError(what + " was trained on another backbone" + "\n     adapter expects  " +
                   describe(adapter) + "\n     this config has  " + describe(backbone) +
                   (same_shape ? "\n     same shapes, different weights: results would be meaningless. "
                                 "--allow-backbone-mismatch to continue."
                               : "\n     the shapes differ: this adapter cannot run here."));
}

}  // namespace adaptune
