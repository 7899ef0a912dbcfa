#include "data/encoded_cache.h"

#include <chrono>
#include <stdexcept>

#include "io/temporary_folder.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("a split is made once for a key") {
  EncodedCache cache;
  int made = 0;
  const auto make = [&] {
    ++made;
    return EncodedSplit{};
  };
  const auto first = cache.get("a", make);
  CHECK(cache.get("a", make) == first);
  CHECK(cache.get("b", make) != first);
  CHECK(made == 2);
  CHECK_THROWS_AS(cache.get("c", []() -> EncodedSplit { throw std::runtime_error("no"); }),
                  std::runtime_error);
  CHECK(cache.size() == 2);
}

TEST_CASE("the key changes with all that a tokenized split depends on") {
  const TemporaryFolder folder;
  EncodedSource source;
  source.files = {folder.write("a.jsonl", "{}")};
  source.tokenizer = "t";
  const std::string key = encoded_key(source);
  CHECK(encoded_key(source) == key);
  EncodedSource threads = source, limit = source, labels = source, columns = source;
  threads.encoding.threads = 3;
  CHECK(encoded_key(threads) == key);
  limit.encoding.max_length = 64;
  labels.labels = {"a"};
  columns.dataset.text = {"sentence"};
  for (const EncodedSource& other : {limit, labels, columns}) CHECK(encoded_key(other) != key);
  std::filesystem::last_write_time(
      source.files[0], std::filesystem::last_write_time(source.files[0]) + std::chrono::seconds(1));
  CHECK(encoded_key(source) != key);
}

}  // namespace adaptune
