#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/encoded.h"

namespace adaptune {

// Tokenized splits of one process, so that a suite tokenizes nothing twice. Splits are never dropped before
// clear(). Not for several threads at once.
class EncodedCache {
 public:
  using Make = std::function<EncodedSplit()>;
  // The split of a key, made by `make` the first time. What `make` throws passes through, nothing is kept.
  std::shared_ptr<const EncodedSplit> get(const std::string& key, const Make& make);
  std::size_t size() const { return splits_.size(); }
  void clear() { splits_.clear(); }

 private:
  std::unordered_map<std::string, std::shared_ptr<const EncodedSplit>> splits_;
};

// What a tokenized split depends on.
struct EncodedSource {
  std::vector<std::filesystem::path> files;
  DatasetOptions dataset;
  std::vector<std::string> labels;  // LabelMap::names()
  EncodingOptions encoding;
  std::string tokenizer;  // Tokenizer::fingerprint()
};

// Equal exactly when encode_split would give the same: files by absolute path, size and time of change,
// columns, labels, limit and tokenizer. `threads` does not count. InputError for a missing file.
std::string encoded_key(const EncodedSource& source);

}  // namespace adaptune
