#include "train/evaluation.h"

#include <torch/torch.h>

#include <stdexcept>

#include "data/collate.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("an evaluation gives predictions in the order of the split, and the mean loss") {
  SmallModel small;
  const auto split = made_up_split(23, 7);
  const auto evaluation = evaluate(*small.model, split, {"accuracy", "f1"}, {.batch_size = 4});
  CHECK(evaluation.predictions.gold_classes == split.classes);
  REQUIRE(evaluation.predictions.classes.size() == 23);
  double sum = 0;
  const torch::NoGradGuard no_grad;
  for (int64_t row = 0; row < split.size(); ++row) {
    const Batch batch = collate(split, {row}, {});
    const auto logits = small.model->logits(batch);
    CHECK(logits.argmax(-1).item<int64_t>() == evaluation.predictions.classes[row]);
    sum += at::cross_entropy_loss(logits, batch.labels).item<double>();
  }
  CHECK(evaluation.loss == Approx(sum / 23).epsilon(1e-5));
  REQUIRE(evaluation.scores.size() == 2);
  CHECK(evaluation.scores[0].first == "accuracy");
  CHECK(evaluation.scores[1].first == "f1");
}

TEST_CASE("an evaluation draws nothing from the generator and records no gradients") {
  SmallModel small;
  small.model->train(true, true);
  const auto before = at::detail::getDefaultCPUGenerator().get_state();
  bool recorded = false;
  for_each_logits(*small.model, made_up_split(9, 7), {.batch_size = 4},
                  [&](const std::vector<int64_t>&, const Batch&, const torch::Tensor& logits) {
                    recorded = recorded || logits.requires_grad();
                  });
  CHECK_FALSE(recorded);
  CHECK(at::equal(before, at::detail::getDefaultCPUGenerator().get_state()));
}

TEST_CASE("an evaluation leaves a fusion's temperature as it is") {
  FusionOptions options;
  options.temperature = true;
  SmallModel small([&](Backbone& backbone) { return small_fusion(backbone, options); },
                   SmallModel::two_classes());
  const auto before = small.tensors();
  const auto split = made_up_split(9, 7);
  const auto first = evaluate(*small.model, split, {"accuracy"}, {.batch_size = 2});
  CHECK(evaluate(*small.model, split, {"accuracy"}, {.batch_size = 2}).loss == first.loss);
  CHECK(equal_bits(small.tensors(), before));
  small.model->logits(collate(split, {0}, {}));
  CHECK_FALSE(equal_bits(small.tensors(), before));
}

TEST_CASE("a split without labels cannot be evaluated") {
  SmallModel small;
  auto split = made_up_split(3, 7);
  split.labelled = false;
  CHECK_THROWS_AS(evaluate(*small.model, split, {"accuracy"}, {}), std::logic_error);
}

}  // namespace adaptune
