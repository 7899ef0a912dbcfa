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

// Of a model folder. The digest of the weights is kept in `cache` (a file; empty: none), with the files'
// sizes and times, and taken from there while they have not changed. A cache that cannot be written, as
// where its folder is missing, is no error.
BackboneIdentity identify_backbone(const std::filesystem::path& folder,
                                   const std::filesystem::path& cache = {});

// InputError when `adapter` was trained on other weights than `backbone`'s. `what` starts the message:
// "adapter runs/a/adapter".
void check_same_backbone(const std::string& what, const BackboneIdentity& adapter,
                         const BackboneIdentity& backbone);

}  // namespace adaptune
