// What trains and predicts faster: kept states, fusions and layers with fewer adapters, bfloat16.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "app/command.h"
#include "core/folder_lock.h"
#include "core/processors.h"
#include "io/mapped_file.h"
#include "io/safetensors_reader.h"

#include "catch.h"

namespace adaptune {

using Catch::Contains;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

using Tensors = std::map<std::string, std::vector<float>>;

// Those of task mood's adapter and head in a run's folder.
Tensors tensors_of(const CommandFolder& folder, const std::string& run) {
  const MappedFile file(folder.path(run + "/mood/adapter/adapter.safetensors"));
  const auto content = read_safetensors_content(file);
  Tensors tensors;
  for (const auto& tensor : content.tensors) {
    auto& values = tensors[tensor.name];
    values.resize(tensor.storage.size() / sizeof(float));
    std::memcpy(values.data(), tensor.storage.data(), values.size() * sizeof(float));
  }
  return tensors;
}

double largest_gap(const Tensors& a, const Tensors& b) {
  double gap = 0;
  REQUIRE(a.size() == b.size());
  for (const auto& [name, values] : a) {
    const auto& others = b.at(name);
    REQUIRE(values.size() == others.size());
    for (size_t i = 0; i < values.size(); ++i)
      gap = std::max(gap, static_cast<double>(std::abs(values[i] - others[i])));
  }
  return gap;
}

json best_score(const CommandFolder& folder, const std::string& run) {
  return json::parse(folder.read(run + "/results.json"))["results"][0]["best"];
}

int64_t files_ending(const fs::path& folder, const std::string& ending) {
  return std::count_if(fs::directory_iterator(folder), fs::directory_iterator(),
                       [&](const auto& entry) { return entry.path().extension() == ending; });
}

// kConfig with more lines, as c.yaml; the first of them is line 7.
void write_config(const CommandFolder& folder, const std::string& lines) {
  folder.write("c.yaml", folder.read("config.yaml") + lines);
}

const std::string kDropOne = " adapter.drop='{mode: fixed, layers: 1}' train.backbone_dropout=false";

}  // namespace

TEST_CASE("eval answers tasks of the same texts in one pass as one by one") {
  const CommandFolder folder;
  fuse_suite(folder);
  const auto evaluated = folder.run("--json -v eval suite");
  CHECK_THAT(evaluated.err, Contains("in one pass: mood, tone"));
  const auto together = json::parse(evaluated.out)["results"];
  REQUIRE(together.size() == 2);
  for (const auto& result : together) {
    const auto alone = json::parse(
        folder.run("--json eval suite --task " + result["task"].get<std::string>()).out)["results"][0];
    CHECK(result["adapter"] == alone["adapter"]);
    CHECK(result["fusion"] == alone["fusion"]);
    CHECK(result["n"] == alone["n"]);
  }
}

TEST_CASE("what drop writes beside the working directory predicts, and a fixed drop of a fusion stays") {
  const CommandFolder folder;
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml").status == 0);
  REQUIRE(folder.run("fuse suite.yaml fusion.drop='{mode: fixed, layers: 2}'").status == 0);
  const std::string drop = "drop suite.yaml fusion.drop='{mode: fixed, layers: 2}' --task mood --fusion ";
  const auto written = folder.run(drop + "--layers 0 -o suite/../left");
  INFO(written.err);
  REQUIRE(written.status == 0);
  CHECK_THAT(folder.read("left/fusion.yaml"), Contains("layers: 2"));
  CHECK(folder.run("predict left -", "echo good day | ").status == 0);
}

TEST_CASE("a drop of layers needs its mode") {
  const CommandFolder folder;
  const auto run = folder.run("check config.yaml adapter.drop='{layers: 1}'");
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("'layers' has no effect with mode none"));
}

TEST_CASE("robust training never leaves out the highest adapter") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml adapter.layers=[0] output_dir=plain").status == 0);
  REQUIRE(folder.run("train config.yaml adapter.layers=[0] adapter.drop=robust output_dir=robust").status ==
          0);
  CHECK(tensors_of(folder, "robust") == tensors_of(folder, "plain"));
}

TEST_CASE("kept states change neither scores nor adapters, and are computed once") {
  const CommandFolder folder;
  // Steps of Adam would blow up differences in rounding where a gradient is next to nothing.
  const std::string train = "train config.yaml train.optim=sgd" + kDropOne;
  REQUIRE(folder.run(train + " output_dir=plain").status == 0);
  const auto kept = folder.run(train + " output_dir=kept cache.enabled=true");
  INFO(kept.err);
  REQUIRE(kept.status == 0);
  CHECK_THAT(kept.err, Contains("train: computing the states behind the lowest layer") &&
                           Contains("validation: computing the states"));
  CHECK(files_ending(folder.path("kept/cache"), ".safetensors") == 2);
  CHECK_FALSE(fs::exists(folder.path("plain/cache")));
  CHECK(best_score(folder, "kept") == best_score(folder, "plain"));
  const auto tensors = tensors_of(folder, "kept");
  CHECK(largest_gap(tensors, tensors_of(folder, "plain")) < 1e-5);

  const auto again = folder.run(train + " output_dir=kept cache.enabled=true --overwrite");
  REQUIRE(again.status == 0);
  CHECK_THAT(again.err, Contains("cache      states behind") && !Contains("computing the states"));
  CHECK(tensors_of(folder, "kept") == tensors);
}

TEST_CASE("states are not kept where they change, and not without end") {
  const CommandFolder folder;
  write_config(folder, "cache: {enabled: true}\n");
  const auto dropout = folder.run("train c.yaml");
  CHECK(dropout.status == 2);
  CHECK_THAT(dropout.err,
             Contains("c.yaml:7:18: error: states of a backbone with dropout cannot be kept, and "
                      "task 'mood' trains with it") &&
                 Contains("train.backbone_dropout: false"));
  const auto fusion =
      folder.run("fuse c.yaml train.backbone_dropout=false fusion.train.backbone_dropout=true");
  CHECK(fusion.status == 2);
  CHECK_THAT(fusion.err,
             Contains("c.yaml:7:18: error: ") && Contains("the fusion for 'mood' trains with it"));
  CHECK_FALSE(fs::exists(folder.path("run")));

  write_config(folder, "cache: {enabled: true, max_gib: 1e-9}\n");
  const auto large = folder.run("check c.yaml" + kDropOne);
  CHECK(large.status == 2);
  CHECK_THAT(large.err, Contains("c.yaml:7:") && Contains("more than cache.max_gib") &&
                            Contains("cache.enabled=false trains without kept states"));

  const auto planned = folder.run("check c.yaml cache.max_gib=1" + kDropOne);
  CHECK(planned.status == 0);
  CHECK_THAT(planned.err, Contains("cache      states behind the lowest layer"));

  const auto lowest =
      folder.run("train config.yaml output_dir=lowest train.backbone_dropout=false cache.enabled=true");
  CHECK(lowest.status == 0);
  CHECK_THAT(lowest.err, Contains("nothing to keep: the lowest layer is trained"));
}

TEST_CASE("kept states that were damaged are made again") {
  const CommandFolder folder;
  const std::string train = "train config.yaml cache.enabled=true --overwrite" + kDropOne;
  REQUIRE(folder.run(train).status == 0);
  const auto tensors = tensors_of(folder, "run");
  for (const auto& entry : fs::directory_iterator(folder.path("run/cache"))) {
    if (entry.path().extension() == ".safetensors")
      fs::resize_file(entry.path(), fs::file_size(entry.path()) - 100);
  }
  const std::string left = "run/cache/0123456789abcdef0123456789abcdef.safetensors.tmp";
  folder.write(left, "by a process that was killed");
  folder.write("run/cache/other.safetensors.tmp", "of another program");
  const auto again = folder.run(train);
  INFO(again.err);
  REQUIRE(again.status == 0);
  CHECK_THAT(again.err, Contains("; it is made again") && Contains("train: computing the states") &&
                            Contains("validation: computing the states"));
  CHECK(tensors_of(folder, "run") == tensors);
  CHECK_FALSE(fs::exists(folder.path(left)));
  CHECK(fs::exists(folder.path("run/cache/other.safetensors.tmp")));
  CHECK_THAT(folder.run(train).err, !Contains("made again"));
}

TEST_CASE("states that find no room are told before anything is computed") {
  const CommandFolder folder;
  for (const std::string command : {"train", "check"}) {
    // A file system that holds nothing.
    const auto refused =
        folder.run(command + " config.yaml cache.enabled=true cache.dir=/proc/states" + kDropOne);
    INFO(refused.err);
    CHECK(refused.status == 4);
    CHECK_THAT(refused.err,
               Contains("/proc/states: there is room for 0.0 MiB of kept states, the tasks need ") &&
                   Contains("cache.enabled=false trains without kept states"));
    CHECK_FALSE(fs::exists(folder.path("run/mood/adapter")));
    // Nothing can be made in a file.
    CHECK_THAT(folder.refusal(
                   command + " config.yaml cache.enabled=true cache.dir=config.yaml/states" + kDropOne, 4),
               Contains("cache.dir: ") &&
                   Contains("config.yaml: cannot write into the folder: Not a directory") &&
                   Contains("cache.enabled=false trains without kept states"));
  }
}

TEST_CASE("finished tasks need no room for states") {
  const CommandFolder folder;
  const std::string train = "train config.yaml cache.enabled=true" + kDropOne;
  REQUIRE(folder.run(train).status == 0);
  fs::remove_all(folder.path("run/cache"));
  for (const std::string more : {" cache.dir=/proc/states", " cache.max_gib=1e-9"}) {
    const auto again = folder.run(train + more);
    INFO(again.err);
    CHECK(again.status == 0);
    CHECK_THAT(again.err, Contains("mood is finished"));
    CHECK(folder.run(train + more + " --overwrite").status != 0);
    CHECK(fs::exists(folder.path("run/mood/adapter")));
  }
}

TEST_CASE("two runs do not write the same states at once") {
  const CommandFolder folder;
  const std::string train = "train config.yaml cache.enabled=true cache.dir=states" + kDropOne;
  fs::create_directories(folder.path("states"));
  std::optional<FolderLock> other(std::in_place, folder.path("states"));
  REQUIRE(other->held());
  std::thread until_it_waits([&] {
    const auto told = [&] {
      return fs::exists(folder.path("err.txt")) &&
             folder.read("err.txt").find("waiting") != std::string::npos;
    };
    for (int i = 0; i < 1200 && !told(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    other.reset();
  });
  const auto trained = folder.run(train);
  until_it_waits.join();
  CHECK(trained.status == 0);
  CHECK_THAT(trained.err, Contains("train: another run writes states here; waiting") &&
                              Contains("train: computing the states"));
}

TEST_CASE("states are not kept for adapters that read padding") {
  const CommandFolder folder;
  const auto gated = folder.run("train config.yaml adapter.use_gating=true cache.enabled=true" + kDropOne);
  INFO(gated.err);
  CHECK(gated.status == 0);
  CHECK_THAT(gated.err, Contains("nothing to keep: an adapter reads padding"));
}

TEST_CASE("a fusion may keep the adapters it attends to most") {
  const CommandFolder folder;
  fuse_suite(folder);
  const auto table = folder.run("drop suite --task mood --prune-fusion 1");
  INFO(table.err);
  REQUIRE(table.status == 0);
  CHECK_THAT(table.out,
             Contains("  adapters kept   mood accuracy\n") && Contains("\n  all  ") && Contains("\n  1  "));

  const auto written = folder.run("--json drop suite --task mood --prune-fusion 1 -o left");
  REQUIRE(written.status == 0);
  const auto results = json::parse(written.out)["results"];
  REQUIRE(results.size() == 2);
  CHECK(results[0]["kept"].is_null());
  CHECK(results[1]["kept"] == 1);
  CHECK(json::parse(folder.run("--json inspect left").out)["fusion"]["fusion"]["kept"].size() == 3);
  CHECK_THAT(folder.read("left/README.md"), Contains("pruned"));
  const auto answers = folder.run("predict left dev.jsonl --fusion-attention");
  INFO(answers.err);
  REQUIRE(answers.status == 0);
  int64_t right = 0;
  std::istringstream lines(answers.out), gold(folder.read("dev.jsonl"));
  for (std::string line, row; std::getline(lines, line) && std::getline(gold, row);) {
    const auto answer = json::parse(line);
    right += answer["label"] == json::parse(row)["label"];
    CHECK(answer["attention"].size() == 3);
    for (const auto& weights : answer["attention"]) CHECK(weights.size() == 1);
  }
  CHECK(results[1]["score"].get<double>() == Approx(static_cast<double>(right) / 12));
}

TEST_CASE("a fusion is not pruned to nothing, nor to more than it has") {
  const CommandFolder folder;
  fuse_suite(folder);
  const auto refusal = [&](const std::string& arguments, int status = 2) {
    return folder.refusal("drop suite " + arguments, status);
  };
  CHECK_THAT(refusal("--task mood --prune-fusion 0"), Contains("a fusion keeps at least one adapter"));
  CHECK_THAT(refusal("--task mood --prune-fusion 1-3"),
             Contains("the fusion of 'mood' has 2 adapters; it cannot keep 3"));
  CHECK_THAT(refusal("--task mood --prune-fusion 1-2 -o x"), Contains("--prune-fusion and a single number"));
  CHECK_THAT(refusal("--task mood --prune-fusion 1 --layers 0"), Contains("--prune-fusion"));
  CHECK_THAT(refusal("--task tone --prune-fusion 1", 3),
             Contains("task 'tone' has no trained fusion yet; left out") &&
                 Contains("no task of this configuration is trained"));
  CHECK_FALSE(fs::exists(folder.path("x")));
}

TEST_CASE("one adapter may serve all layers") {
  const CommandFolder folder;
  const std::string shared = " adapter.share_across_layers=true";
  CHECK_THAT(folder.run("check config.yaml" + shared).out, Contains("pfeiffer r=4, one for all layers 0-2"));
  const auto trained = folder.run("train config.yaml" + shared);
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  std::vector<std::string> names;
  for (const auto& [name, values] : tensors_of(folder, "run")) {
    if (!name.starts_with("head.")) names.push_back(name);
  }
  const std::string site = "encoder/shared/ffn/residual.";
  CHECK(names == std::vector<std::string>{site + "down.bias", site + "down.weight", site + "up.bias",
                                          site + "up.weight"});
  CHECK(folder.run("predict run dev.jsonl").status == 0);
  CHECK(folder.run("eval run").status == 0);
}

TEST_CASE("products in bfloat16 give nearly the same, and a profile says where time goes") {
  const CommandFolder folder;
  const auto trained = folder.run("train config.yaml --profile train.bf16=true");
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err,
             Contains("mood  profile: data ") && Contains("(backbone ") && Contains(" ms a step"));
  const auto plain = folder.run("predict run dev.jsonl --logits").out;
  const auto rounded = folder.run("predict run dev.jsonl --logits --bf16").out;
  CHECK(rounded != plain);
  std::istringstream lines(plain), others(rounded);
  int64_t rows = 0;
  for (std::string line, other; std::getline(lines, line) && std::getline(others, other); ++rows) {
    CHECK(json::parse(other)["logits"][0].get<double>() ==
          Approx(json::parse(line)["logits"][0].get<double>()).margin(0.25));
  }
  CHECK(rows == 12);
}

TEST_CASE("a program computes with as many threads as it is told, within what there are") {
  const CommandFolder folder;
  const auto threads = [&](const std::string& before) {
    return json::parse(folder.run("--json doctor", before).out)["threads"].get<int64_t>();
  };
  CHECK(threads("OMP_NUM_THREADS=1 ") == 1);
  CHECK(threads("env -u OMP_NUM_THREADS ") <= available_processors());
}

}  // namespace adaptune
