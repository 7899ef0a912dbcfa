#pragma once

#include <torch/types.h>

#include <functional>
#include <nlohmann/json_fwd.hpp>

#include "head/head.h"

namespace adaptune {

// What a head says of one row, for people and programs. `logits` [C], or [T, C] for a head on every token,
// where `word_starts` [W] are the first tokens of the words (-1: cut off, answered null).
//   classification  {"label": "positive", "score": 0.98, "scores": {"negative": 0.02, "positive": 0.98}}
//   multi-label     {"labels": ["a", "c"], "scores": {...}}   probabilities of each label alone
//   regression      {"score": 3.7}
//   cloze           {"token": "paris", "score": 0.4, "tokens": ["paris", ...], "scores": [0.4, ...]}  the
//   five likeliest heads           {"heads": [2, 0], "scores": [0.9, 0.8]}   of each word the number of its
//   head, 0 for the root tagging         {"tags": ["O", "B-LOC"], "scores": [0.99, 0.87]}   of each word the
//   tag and its probability
// `token_name` writes a token of the vocabulary.
using TokenName = std::function<std::string(int64_t)>;
nlohmann::ordered_json answer(const HeadSpec& head, const torch::Tensor& logits,
                              const std::vector<int64_t>& word_starts, const TokenName& token_name);

}  // namespace adaptune
