#include "head/answer.h"

#include <torch/torch.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace adaptune {
namespace {

constexpr int64_t kLikeliest = 5;

using nlohmann::ordered_json;
using torch::Tensor;

ordered_json named(const std::vector<std::string>& labels, const Tensor& values) {
  ordered_json object = ordered_json::object();
  for (size_t i = 0; i < labels.size(); ++i)
    object[labels[i]] = values[static_cast<int64_t>(i)].item<double>();
  return object;
}

ordered_json class_answer(const HeadSpec& head, const Tensor& logits) {
  const Tensor shares = at::softmax(logits, -1);
  const int64_t best = shares.argmax().item<int64_t>();
  return {{"label", head.labels[best]},
          {"score", shares[best].item<double>()},
          {"scores", named(head.labels, shares)}};
}

ordered_json set_answer(const HeadSpec& head, const Tensor& logits) {
  ordered_json chosen = ordered_json::array();
  for (size_t i = 0; i < head.labels.size(); ++i) {
    if (logits[static_cast<int64_t>(i)].item<double>() > 0) chosen.push_back(head.labels[i]);
  }
  return {{"labels", chosen}, {"scores", named(head.labels, at::sigmoid(logits))}};
}

ordered_json tag_answer(const HeadSpec& head, const Tensor& logits, const std::vector<int64_t>& word_starts) {
  const auto [shares, best] = at::softmax(logits, -1).max(-1);  // [T]
  ordered_json tags = ordered_json::array(), scores = ordered_json::array();
  for (const int64_t start : word_starts) {
    tags.push_back(start < 0 ? ordered_json() : ordered_json(head.labels[best[start].item<int64_t>()]));
    scores.push_back(start < 0 ? ordered_json() : ordered_json(shares[start].item<double>()));
  }
  return {{"tags", tags}, {"scores", scores}};
}

// Among the root, at place 0, and the first tokens of the words.
ordered_json head_answer(const Tensor& logits, const std::vector<int64_t>& word_starts) {
  std::vector<int64_t> places = {0}, numbers = {0};
  for (size_t word = 0; word < word_starts.size(); ++word) {
    if (word_starts[word] < 0 || word_starts[word] >= logits.size(-1)) continue;
    places.push_back(word_starts[word]);
    numbers.push_back(static_cast<int64_t>(word) + 1);
  }
  const Tensor candidates = torch::tensor(places, torch::kInt64);
  ordered_json heads = ordered_json::array(), scores = ordered_json::array();
  for (const int64_t start : word_starts) {
    if (start < 0) {
      heads.push_back(nullptr);
      scores.push_back(nullptr);
      continue;
    }
    const auto [share, best] = at::softmax(logits[start].index_select(0, candidates), -1).max(-1);
    heads.push_back(numbers[best.item<int64_t>()]);
    scores.push_back(share.item<double>());
  }
  return {{"heads", heads}, {"scores", scores}};
}

ordered_json cloze_answer(const Tensor& logits, const TokenName& token_name) {
  const auto [shares, tokens] = at::softmax(logits, -1).topk(std::min(kLikeliest, logits.size(-1)));
  ordered_json names = ordered_json::array(), scores = ordered_json::array();
  for (int64_t i = 0; i < shares.size(0); ++i) {
    names.push_back(token_name(tokens[i].item<int64_t>()));
    scores.push_back(shares[i].item<double>());
  }
  return {{"token", names[0]}, {"score", scores[0]}, {"tokens", names}, {"scores", scores}};
}

}  // namespace

ordered_json answer(const HeadSpec& head, const Tensor& logits, const std::vector<int64_t>& word_starts,
                    const TokenName& token_name) {
  const Tensor values = logits.detach().to(torch::kCPU, torch::kFloat64);
  if (head.type == "regression") return {{"score", values.flatten()[0].item<double>()}};
  if (head.type == "tagging") return tag_answer(head, values, word_starts);
  if (head.type == "fact_cloze") return cloze_answer(values, token_name);
  if (head.type == "dependency_head") return head_answer(values, word_starts);
  const bool several = head.type == "multilabel_classification" || head.multi_label;
  return several ? set_answer(head, values) : class_answer(head, values);
}

}  // namespace adaptune
