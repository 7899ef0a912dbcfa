#include "head/answer.h"

#include <torch/torch.h>

#include <nlohmann/json.hpp>

namespace adaptune {
namespace {

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

}  // namespace

ordered_json answer(const HeadSpec& head, const Tensor& logits, const std::vector<int64_t>& word_starts) {
  const Tensor values = logits.detach().to(torch::kCPU, torch::kFloat64);
  if (head.type == "regression") return {{"score", values.flatten()[0].item<double>()}};
  if (head.type == "tagging") return tag_answer(head, values, word_starts);
  return head.type == "multilabel_classification" ? set_answer(head, values) : class_answer(head, values);
}

}  // namespace adaptune
