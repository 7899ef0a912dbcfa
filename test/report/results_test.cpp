#include "report/results.h"

#include <nlohmann/json.hpp>

#include "core/atomic_file.h"
#include "report/scratch_folder.h"

#include "catch.h"

namespace adaptune {
namespace {

std::vector<SuiteResult> two_tasks() {
  SuiteResult rte{
      "rte", "accuracy", 277, 0.5271, 0.6643, 0.7184, 12345, {{0.02, 0.09}}, {}, {{"accuracy", 0.6643}}, {}};
  rte.attention = FusionAttention{{"qqp", "mnli"}, {"0", "1"}, {{0.25, 0.75}, {0.5, 0.5}}};
  SuiteResult stsb{"stsb", "spearmanr", 1500, {}, 0.8802, 0.8831, {}, {}, {}, {}, {}};
  stsb.attention = FusionAttention{{"stsb"}, {"0"}, {{1}}};
  return {rte, stsb};
}

}  // namespace

TEST_CASE("the suite table shows points, a missing majority and what fusion used") {
  CHECK(
      suite_table(two_tasks()).text() ==
      "  task   metric         n   majority   adapter   parameters   fusion       Δ   95 % of Δ        "
      "adapters "
      "used most (mean attention)\n"
      "  rte    accuracy     277      52.71     66.43       12 345    71.84   +5.41   +2.00 to +9.00   mnli "
      "0.62 "
      "· qqp 0.38\n"
      "  stsb   spearmanr   1500          –     88.02            –    88.31   +0.29                    stsb "
      "1.00\n");
}

TEST_CASE("a task without fusion has no difference") {
  SuiteResult only{"rte", "accuracy", 277, 0.5, 0.6, {}, {}, {}, {}, {}, {}};
  CHECK_FALSE(only.difference().has_value());
  CHECK_THAT(suite_table({only}).text(), Catch::EndsWith("60.00            –        –   –\n"));
}

TEST_CASE("scores outside [0, 1] are shown as they are") {
  const TrainResult by_loss{"rte", "loss", 1.25, false, 100, 1, "runs/rte/rte/adapter", 1 << 20, 9};
  CHECK_THAT(train_table({by_loss}).text(), Catch::Contains("loss     1.25    100"));
}

TEST_CASE("results are written for people and for programs") {
  const ScratchFolder folder("results");
  write_suite_results(folder.path / "run", {"test", two_tasks(), DecathlonResult{512.5, 500, "runs/full"}});
  const auto json = nlohmann::json::parse(read_file(folder.path / "run" / "results.json"));
  REQUIRE(json["results"].size() == 2);
  CHECK(json["split"] == "test");
  CHECK(json["results"][0]["fusion"] == 0.7184);
  CHECK(json["results"][0]["parameters"] == 12345);
  CHECK(json["decathlon"]["score"] == 512.5);
  CHECK(json["results"][0]["attention"]["mean"]["mnli"] == 0.625);
  CHECK(json["results"][0]["attention"]["layers"]["1"]["qqp"] == 0.5);
  CHECK(json["results"][0]["adapter_scores"]["accuracy"] == 0.6643);
  CHECK(json["results"][1]["majority"].is_null());
  CHECK_THAT(read_file(folder.path / "run" / "results.md"),
             Catch::Contains("| rte | accuracy | 277 | 52.71 |"));
  CHECK_THAT(read_file(folder.path / "run" / "results.csv"),
             Catch::Contains("\nstsb,spearmanr,1500,,0.8802,,0.8831,"));
}

TEST_CASE("the table at the end of training") {
  const TrainResult sst2{"sst2", "accuracy", 0.92431, true, 8420, 4, "runs/sst2/sst2/adapter", 3565158, 771};
  CHECK(train_table({sst2}).text() ==
        "  task   metric      best   step   epoch   adapter                               time\n"
        "  sst2   accuracy   92.43   8420     4.0   runs/sst2/sst2/adapter (3.4 MiB)   0:12:51\n");
  CHECK(nlohmann::json::parse(train_json({sst2}))["results"][0]["adapter_bytes"] == 3565158);
}

}  // namespace adaptune
