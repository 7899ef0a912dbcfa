#include "metric/span_f1.h"

#include "core/error.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("lenient spans know single-word and end tags") {
  const TagLists tags{{"S-PER", "B-LOC", "I-LOC", "E-LOC", "I-LOC", "O"}};
  const std::vector<Span> spans{{"PER", 0, 0}, {"LOC", 1, 3}, {"LOC", 4, 4}};
  CHECK(read_spans(tags) == spans);
}

TEST_CASE("tags without a type are of one type, types may hold hyphens") {
  CHECK(read_spans({{"B", "I", "O", "B-a-b", "I-a-b"}}) == std::vector<Span>{{"_", 0, 1}, {"a-b", 3, 4}});
}

TEST_CASE("strict spans start with B only and break at another type") {
  const TagLists tags{{"B-PER", "I-LOC", "I-PER", "B-LOC", "I-LOC"}};
  CHECK(read_spans(tags, SpanMode::kStrict) == std::vector<Span>{{"PER", 0, 0}, {"LOC", 3, 4}});
  CHECK_THROWS_AS(read_spans({{"E-PER"}}, SpanMode::kStrict), InputError);
}

TEST_CASE("strict and lenient F1 differ on an I without a B") {
  const TagLists gold{{"B-PER", "I-PER"}, {"B-LOC"}}, predicted{{"I-PER", "I-PER"}, {"B-LOC"}};
  CHECK(seqeval_f1(gold, predicted) == 1.0);
  CHECK(span_scores(gold, predicted, SpanMode::kStrict).all.f1() == Approx(2.0 / 3));
}

TEST_CASE("sentences of different lengths are refused by number") {
  CHECK_THROWS_WITH(span_scores({{"O"}, {"O", "O"}}, {{"O"}, {"O"}}),
                    Catch::Contains("sentence 2 has 1 predicted tags for 2 words"));
}

}  // namespace adaptune
