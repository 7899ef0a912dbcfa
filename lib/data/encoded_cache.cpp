#include "data/encoded_cache.h"

#include "core/sha256.h"
#include "data/file_identity.h"

namespace adaptune {
namespace {

// A digest of fields that cannot run into each other.
class KeyDigest {
 public:
  KeyDigest& add(const std::string& text) {
    sha256_.update(std::to_string(text.size()) + ":");
    sha256_.update(text);
    return *this;
  }
  KeyDigest& add(int64_t number) { return add(std::to_string(number)); }
  KeyDigest& add(const std::vector<std::string>& texts) {
    add(static_cast<int64_t>(texts.size()));
    for (const std::string& text : texts) add(text);
    return *this;
  }
  std::string hex() { return sha256_.hex(); }

 private:
  Sha256 sha256_;
};

}  // namespace

std::shared_ptr<const EncodedSplit> EncodedCache::get(const std::string& key, const Make& make) {
  const auto found = splits_.find(key);
  if (found != splits_.end()) return found->second;
  auto split = std::make_shared<const EncodedSplit>(make());  // before an entry exists: it may throw
  return splits_.emplace(key, std::move(split)).first->second;
}

std::string encoded_key(const EncodedSource& source) {
  KeyDigest digest;
  for (const std::filesystem::path& file : source.files) {
    const FileIdentity identity = identify(file);
    digest.add(identity.path).add(identity.size).add(identity.modified_ns);
  }
  const DatasetOptions& dataset = source.dataset;
  digest.add(static_cast<int64_t>(source.files.size())).add(static_cast<int64_t>(dataset.kind));
  digest.add(dataset.labelled).add(dataset.text).add(dataset.label).add(dataset.tokens);
  digest.add(dataset.entities)
      .add(dataset.entity)
      .add(dataset.quoted_tsv)
      .add(dataset.max_samples)
      .add(static_cast<int64_t>(dataset.sample_seed));
  digest.add(source.labels).add(source.encoding.max_length);
  digest.add(static_cast<int64_t>(source.encoding.truncation)).add(source.tokenizer);
  return digest.hex();
}

}  // namespace adaptune
