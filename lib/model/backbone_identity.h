#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "core/config_node.h"

namespace adaptune {

// What an adapter remembers of the backbone it was trained on. Adapters fit one set of weights only: the
// fingerprint decides, the rest is for people.
struct BackboneIdentity {
  std::string family;  // "bert"
  int64_t layers = 0, hidden_size = 0;
  std::string name;         // of the model's folder
  std::string fingerprint;  // SHA-256 over the weight files
};

void read_backbone_identity(ConfigNode node, BackboneIdentity& identity);
// "fingerprint 8c1e… (bert, 12 layers, hidden 768, 'bert-base-uncased')"
std::string describe(const BackboneIdentity& identity);

// Of a model folder. The digest of the weights is taken from `cache` (a file; empty: none) as long as it was
// kept there for files of these sizes and times.
BackboneIdentity identify_backbone(const std::filesystem::path& folder,
                                   const std::filesystem::path& cache = {});
// Keeps the digest there. A file that cannot be written is no error: it only costs the next start a moment.
void keep_identity(const BackboneIdentity& identity, const std::filesystem::path& folder,
                   const std::filesystem::path& cache);

// InputError when `adapter` was trained on other weights than `backbone`'s. `what` starts the message:
// "adapter runs/a/adapter".
void check_same_backbone(const std::string& what, const BackboneIdentity& adapter,
                         const BackboneIdentity& backbone);

}  // namespace adaptune
