#pragma once
// Comparison of a tokenizer with the values Hugging Face's fast tokenizers gave.

#include <cstdint>
#include <filesystem>
#include <string>

namespace adaptune {

struct GoldenResult {
  int64_t checked = 0;
  int64_t failed = 0;
  std::string first_difference;  // group, entry, field, both values; empty if none
};

// Compares every entry of the case's golden file, exactly: with the folder's own tokenizer, and where it
// holds a vocab.txt also with that file and the `settings` of the golden file alone. Driven by case.json
// and the golden file; a group that is not known counts as a failure. Throws InputError as load_tokenizer.
GoldenResult compare_tokenizer(const std::filesystem::path& case_folder);

}  // namespace adaptune
