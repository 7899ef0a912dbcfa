#include "train/score_tracker.h"

#include <cmath>

#include "core/error.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("the task's first metric chooses, else the one asked for") {
  TrainOptions options;
  CHECK(score_rule(options, {"f1", "accuracy"}).metric == "f1");
  CHECK(score_rule(options, {"f1"}).greater_is_better);
  CHECK(score_rule(options, {}).metric == "loss");
  options.metric_for_best_model = "loss";
  CHECK_FALSE(score_rule(options, {"f1"}).greater_is_better);
  options.greater_is_better = true;
  CHECK(score_rule(options, {"f1"}).greater_is_better);
  options.metric_for_best_model = "acuracy";
  CHECK_THROWS_AS(score_rule(options, {"f1"}), UsageError);
}

TEST_CASE("patience counts evaluations without a better score") {
  const ScoreRule rule{"accuracy", true, 2, 0};
  BestScore best;
  CHECK(track_score(best, rule, 0.5, 10));
  CHECK_FALSE(track_score(best, rule, 0.5, 20));
  CHECK_FALSE(out_of_patience(best, rule));
  CHECK(track_score(best, rule, 0.6, 30));
  CHECK(best.stalled == 0);
  CHECK_FALSE(track_score(best, rule, std::nullopt, 40));
  CHECK_FALSE(track_score(best, rule, NAN, 50));
  CHECK(out_of_patience(best, rule));
  CHECK(best.step == 30);
  CHECK(best.score == 0.6);
}

TEST_CASE("a gain up to the threshold is the best but does not renew the patience") {
  const ScoreRule rule{"loss", false, 1, 0.1};
  BestScore best;
  track_score(best, rule, 1.0, 1);
  CHECK(track_score(best, rule, 0.95, 2));
  CHECK(best.step == 2);
  CHECK(out_of_patience(best, rule));
}

TEST_CASE("without patience nothing stops") {
  const ScoreRule rule{"accuracy", true, std::nullopt, 0};
  BestScore best;
  for (int i = 0; i < 100; ++i) track_score(best, rule, std::nullopt, i);
  CHECK_FALSE(out_of_patience(best, rule));
}

}  // namespace adaptune
