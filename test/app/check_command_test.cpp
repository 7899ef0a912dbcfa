// What `check` finds before hours of training do.

#include <filesystem>
#include <string>

#include "app/command.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;

namespace {

// kSuite with a part replaced, in c.yaml.
void write_suite(const CommandFolder& folder, const std::string& part, const std::string& by) {
  std::string suite = kSuite;
  const auto start = suite.find(part);
  REQUIRE(start != std::string::npos);
  folder.write("c.yaml", suite.replace(start, part.size(), by));
}

std::string refusal(const CommandFolder& folder, int status, const std::string& arguments) {
  const auto run = folder.run(arguments);
  CHECK(run.status == status);
  CHECK_THAT(run.err, Contains("error: "));
  CHECK(run.err.find("error: ") == run.err.rfind("error: "));
  CHECK_FALSE(std::filesystem::exists(folder.path("suite")));
  return run.err;
}

}  // namespace

TEST_CASE("check reads the test split") {
  const CommandFolder folder;
  const std::string row = "{\"text\": \"good\", \"label\": \"happy\"}\n";
  folder.write("test.jsonl", row + "{\"text\": \"x\", \"label\": \"angry\"}\n");
  const std::string check = "check config.yaml data.test=test.jsonl";
  CHECK_THAT(refusal(folder, 3, check), Contains("test.jsonl:2: label 'angry' is not one of happy, sad"));
  folder.write("test.jsonl", row + "not json\n");
  CHECK_THAT(refusal(folder, 3, check), Contains("test.jsonl:2") && Contains("JSON"));
  folder.write("test.jsonl", row);
  CHECK(folder.run(check).status == 0);
}

TEST_CASE("check tells where adapters are configured that the fusion cannot use") {
  const CommandFolder folder;
  write_suite(folder, "config: pfeiffer, reduction_factor: 4", "config: houlsby");
  const auto shared = refusal(folder, 2, "check c.yaml");
  CHECK_THAT(shared, Contains("c.yaml:2:10: error: adapter.train_layernorm: no adapter for the fusion "
                              "(c.yaml:8:9): 'houlsby' also trains LayerNorms") &&
                         Contains("train_layernorm: false"));
  CHECK(folder.run("train c.yaml").status == 2);
  CHECK(folder.run("check c.yaml adapter.train_layernorm=false").status == 0);
  CHECK(folder.run("check c.yaml '~fusion'").status == 0);

  write_suite(folder, "train: {seed: 5}", "adapter: lora");
  const auto one = refusal(folder, 2, "check c.yaml");
  CHECK_THAT(one, Contains("c.yaml:7:41: error: adapter.config: no adapter for the fusion (c.yaml:8:9)") &&
                      Contains("'lora' has none; methods that have: pfeiffer parallel") &&
                      !Contains("houlsby"));
  CHECK(folder.run("check c.yaml 'fusion.adapters=[mood]'").status == 0);
}

TEST_CASE("check looks into the folders of a fusion's adapters") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml adapter=lora").status == 0);
  folder.write("c.yaml", kSuite);
  CHECK_THAT(refusal(folder, 2, "check c.yaml 'fusion.adapters=[tone, {x: run/mood/adapter}]'"),
             Contains("command line: override 1: error: fusion.adapters: 'x' in run/mood/adapter") &&
                 Contains("'lora' has none"));
  CHECK_THAT(refusal(folder, 3, "check c.yaml 'fusion.adapters=[tone, {x: model}]'"),
             Contains("/model: no adapter there"));
}

TEST_CASE("check finds a target that is left without adapters") {
  const CommandFolder folder;
  CHECK_THAT(
      refusal(folder, 2, "check config.yaml fusion.include_target=false"),
      Contains("command line: override 1: error: fusion.include_target: no adapter is left to fuse for "
               "the target 'mood'"));
  folder.write("c.yaml", kSuite);
  CHECK_THAT(refusal(folder, 2, "check c.yaml 'fusion.drop={mode: fixed, layers: 3}'"),
             Contains("fusion.drop.layers: 3 dropped layers leave no adapter"));
}

}  // namespace adaptune
