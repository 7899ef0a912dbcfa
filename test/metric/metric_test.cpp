#include "metric/metric.h"

#include <cmath>

#include "core/error.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("every metric scores perfect predictions with 1") {
  Predictions classes;
  classes.classes = classes.gold_classes = {0, 1, 1, 0};
  classes.class_count = 2;
  for (const std::string name : {"accuracy", "f1", "f1_macro", "f1_micro", "matthews_correlation"}) {
    CHECK(metric_by_name(name).score(classes) == Approx(1).margin(1e-12));
  }
  Predictions values;
  values.values = values.gold_values = {0.5, 2, 1};
  CHECK(metric_by_name("pearsonr").score(values).value() == Approx(1));
  CHECK(metric_by_name("spearmanr").score(values).value() == Approx(1));
  Predictions tags;
  tags.tags = tags.gold_tags = {{"B-PER", "I-PER", "O"}};
  CHECK(metric_by_name("seqeval_f1").score(tags) == 1.0);
  CHECK(metric_by_name("accuracy").score(tags) == 1.0);
}

TEST_CASE("accuracy of label sets counts whole sets, of tags single words") {
  Predictions sets;
  sets.gold_label_sets = {{1, 0}, {1, 1}};
  sets.label_sets = {{1, 0}, {1, 0}};
  CHECK(metric_by_name("accuracy").score(sets) == 0.5);
  CHECK(metric_by_name("f1_micro").score(sets).value() == Approx(0.8));
  CHECK(metric_by_name("f1_macro").score(sets) == 0.5);
  Predictions tags;
  tags.gold_tags = {{"A", "B"}, {"A", "A"}};
  tags.tags = {{"A", "A"}, {"A", "A"}};
  CHECK(metric_by_name("accuracy").score(tags) == 0.75);
}

TEST_CASE("top5 counts where the right class is among the first five") {
  Predictions classes;
  classes.class_count = 7;
  classes.gold_ranks = {0, 4, 5, 6};
  CHECK(metric_by_name("top5").score(classes) == 0.5);
}

TEST_CASE("a metric without a value is empty, not a number") {
  Predictions values;
  values.values = {1, 1, 1};
  values.gold_values = {1, 2, 3};
  CHECK_FALSE(metric_by_name("pearsonr").score(values).has_value());
  values.values = {1, 2, NAN};
  CHECK_FALSE(metric_by_name("spearmanr").score(values).has_value());
  Predictions tags;
  tags.tags = tags.gold_tags = {{"O", "O"}};
  CHECK_FALSE(metric_by_name("seqeval_f1").score(tags).has_value());
  CHECK_FALSE(metric_by_name("accuracy").score({}).has_value());
}

TEST_CASE("a wrong metric is refused with what would be right") {
  CHECK_THROWS_WITH(metric_by_name("accurracy"), Catch::Contains("did you mean 'accuracy'"));
  CHECK_THROWS_WITH(metric_for_head("pearsonr", "tagging", 5),
                    Catch::Contains("metrics of that type: accuracy, seqeval_f1"));
  CHECK_THROWS_WITH(metric_for_head("f1", "classification", 3), Catch::Contains("use f1_macro or f1_micro"));
  CHECK(metric_for_head("f1", "classification", 2).name == "f1");
  Predictions three;
  three.classes = three.gold_classes = {0, 1, 2};
  three.class_count = 3;
  CHECK_THROWS_AS(metric_by_name("f1").score(three), UsageError);
  Predictions tags;
  tags.tags = tags.gold_tags = {{"O", "NN"}};
  CHECK_THROWS_WITH(metric_by_name("seqeval_f1").score(tags),
                    Catch::Contains("sentence 1, word 2: tag 'NN'"));
}

TEST_CASE("the usual metric of a head type can score it") {
  for (const std::string type : {"classification", "multilabel_classification", "regression", "tagging"}) {
    CHECK_NOTHROW(metric_for_head(default_metric(type), type, 2));
  }
  CHECK_THROWS_AS(default_metric("juggling"), UsageError);
}

TEST_CASE("several scores come in the order asked for") {
  Predictions classes;
  classes.gold_classes = {0, 1, 1, 1};
  classes.classes = {0, 1, 1, 0};
  const auto scores = score_all({"f1", "accuracy"}, classes);
  REQUIRE(scores.size() == 2);
  CHECK(scores[0].first == "f1");
  CHECK(scores[0].second.value() == Approx(0.8));
  CHECK(scores[1].second == 0.75);
}

}  // namespace adaptune
