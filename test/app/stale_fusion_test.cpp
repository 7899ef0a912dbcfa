#include <nlohmann/json.hpp>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

json mood_of(const Finished& evaluated) { return json::parse(evaluated.out)["results"][0]; }

}  // namespace

TEST_CASE("a fusion whose adapter is trained on is told, left out, and trained again as told") {
  const CommandFolder folder;
  fuse_suite(folder);
  const std::string longer = "train suite.yaml tasks.tone.train.num_train_epochs=2 --task tone";
  const std::string warning = "warning: the adapter of 'tone' is part of the fusion for mood";
  CHECK_THAT(folder.run(longer).err, Contains(warning));
  CHECK_THAT(folder.run(longer).err, !Contains(warning));  // finished: nothing changes
  const auto trained = folder.run("train suite.yaml tasks.tone.train.seed=6 --task tone --overwrite");
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err,
             Contains(warning) &&
                 Contains("adaptune fuse suite.yaml tasks.tone.train.seed=6 --target mood --overwrite"));

  const std::string remedy = "fuse suite --target mood --overwrite";
  const std::string stale =
      "fusion suite/fusion/mood/fusion: its adapter 'tone' in suite/tone/adapter has changed since the "
      "fusion "
      "was trained; train the fusion again: adaptune " +
      remedy;
  const auto without = folder.run("--json eval suite");
  CHECK(without.status == 0);
  CHECK_THAT(without.err, Contains("warning: " + stale));
  CHECK(mood_of(without)["adapter"].is_number());
  CHECK(mood_of(without)["fusion"].is_null());
  CHECK_THAT(folder.refusal("predict suite dev.jsonl --task mood", 3), Contains("error: " + stale));
  CHECK_THAT(folder.refusal("predict suite dev.jsonl --task mood --allow-backbone-mismatch", 3),
             Contains("adaptune fuse suite --target mood --allow-backbone-mismatch --overwrite"));

  CHECK(folder.run(remedy).status == 0);
  const auto with = folder.run("--json eval suite");
  CHECK(mood_of(with)["fusion"].is_number());
  CHECK_THAT(with.err, !Contains("warning:"));
  CHECK(folder.run("predict suite dev.jsonl --task mood").status == 0);
}

TEST_CASE("a preset with one of its keys changed stays so") {
  const CommandFolder folder;
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml 'fusion={config: static, value: true}'").status == 0);
  CHECK_THAT(folder.read("suite/fusion/mood/fusion/fusion.yaml"),
             Contains("  value: true\n") && Contains("  regularization: false\n"));
  CHECK(folder.run("predict suite dev.jsonl --task mood").status == 0);
  CHECK_THAT(folder.refusal("fuse suite.yaml fusion.config=static"), Contains("value"));
}

TEST_CASE("training anew names the settings that were others") {
  const CommandFolder folder;
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml fusion.config=static").status == 0);
  REQUIRE(folder.run("train suite.yaml tasks.tone.train.num_train_epochs=2 --task tone").status == 0);
  const auto replaced = folder.run("fuse suite --target mood --overwrite");
  CHECK(replaced.status == 0);
  CHECK_THAT(replaced.err, Contains("warning: " + folder.path("suite/fusion/mood").string() +
                                    ": replacing results of other settings:") &&
                               Contains("- fusion.value: false") && Contains("+ fusion.value: true"));
  CHECK_THAT(folder.run("fuse suite --target mood --overwrite").err, !Contains("other settings"));
  CHECK_THAT(folder.run("train suite.yaml tasks.tone.train.seed=6 --task tone --overwrite").err,
             Contains("- task.train.seed: 5") && Contains("+ task.train.seed: 6"));
}

TEST_CASE("a fusion that cannot be read keeps no adapter from being trained") {
  const CommandFolder folder;
  fuse_suite(folder);
  for (const std::string damaged : {"fusion: [", "fusion: 7\n"}) {
    folder.write("suite/fusion/mood/fusion/fusion.yaml", damaged);
    const auto trained = folder.run("train suite.yaml --task tone --overwrite");
    INFO(trained.err);
    CHECK(trained.status == 0);
  }
}

TEST_CASE("drop leaves out the fusions that do not fit their adapters any more") {
  const CommandFolder folder;
  fuse_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml --target tone 'fusion.adapters=[mood]'").status == 0);
  REQUIRE(folder.run("train suite.yaml tasks.tone.train.seed=6 --task tone --overwrite").status == 0);
  const std::string stale = "its adapter 'tone' in suite/tone/adapter has changed since";
  const auto dropped = folder.run("--json drop suite.yaml --fusion");
  INFO(dropped.err);
  REQUIRE(dropped.status == 0);
  CHECK_THAT(dropped.err, Contains("warning: fusion suite/fusion/mood/fusion: " + stale) &&
                              Contains("it is left out here"));
  for (const auto& result : json::parse(dropped.out)["results"]) CHECK(result["task"] == "tone");
  CHECK_THAT(folder.refusal("drop suite.yaml --fusion --task mood", 3),
             Contains("error: fusion suite/fusion/mood/fusion: " + stale) && !Contains("warning"));
}

TEST_CASE("a fusion whose adapter is gone says what to train") {
  const CommandFolder folder;
  fuse_suite(folder);
  fs::remove_all(folder.path("suite/tone/adapter"));
  CHECK_THAT(
      folder.refusal("predict suite dev.jsonl --task mood", 3),
      Contains("its adapter 'tone' in suite/tone/adapter is gone; train that, and then the fusion again: "
               "adaptune fuse suite --target mood --overwrite"));
  fs::remove_all(folder.path("suite/mood/adapter"));
  CHECK_THAT(folder.refusal("eval suite", 3), Contains("is gone; train that"));
}

TEST_CASE("fuse names all adapters that are missing, and the command that trains them") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  const auto refused = folder.refusal("fuse suite.yaml train.seed=7 --output-dir other", 3);
  CHECK_THAT(
      refused,
      Contains("the fusion needs adapters that are not trained yet: mood, tone; train them first: adaptune "
               "train suite.yaml train.seed=7 --output-dir other --task mood --task tone"));
  CHECK_THAT(folder.refusal("fuse suite.yaml --allow-backbone-mismatch", 3),
             Contains("adaptune train suite.yaml --allow-backbone-mismatch --task mood"));
  REQUIRE(folder.run("train suite.yaml --task tone").status == 0);
  CHECK_THAT(folder.refusal("fuse suite.yaml fusion.include_target=false fusion.head=warm", 3),
             Contains("not trained yet: mood; train them first") && Contains(" --task mood\n"));
}

}  // namespace adaptune
