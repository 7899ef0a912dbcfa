#include "report/attention_table.h"

#include <stdexcept>

#include "catch.h"

namespace adaptune {
namespace {

const FusionAttention kAttention{
    {"rte", "mnli", "qqp", "sst2"}, {"0", "11"}, {{0.2, 0.5, 0.2, 0.1}, {0.18, 0.32, 0.24, 0.26}}};

}  // namespace

TEST_CASE("attention by layer and adapter") {
  CHECK(attention_table(kAttention).text() ==
        "  layer    rte   mnli    qqp   sst2\n"
        "      0   0.20   0.50   0.20   0.10\n"
        "     11   0.18   0.32   0.24   0.26\n");
}

TEST_CASE("the three most used adapters by their mean over the layers") {
  CHECK(attention_summary(kAttention) == "mnli 0.41 · qqp 0.22 · rte 0.19");
  CHECK(most_used_adapters(kAttention, 1).size() == 1);
  CHECK(most_used_adapters(kAttention, 9).back().first == "sst2");
}

TEST_CASE("a matrix of another shape is refused") {
  CHECK_THROWS_AS(attention_table({{"a", "b"}, {"0"}, {{1.0}}}), std::logic_error);
}

}  // namespace adaptune
