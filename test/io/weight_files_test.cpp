#include "io/weight_files.h"

#include "io/temporary_folder.h"

#include "catch.h"

using Catch::Matchers::Contains;

namespace adaptune {
namespace {

std::vector<std::string> found_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& file : find_weight_files(folder).files) names.push_back(file.filename().string());
  return names;
}

std::string index_error(const std::string& index) {
  const TemporaryFolder folder;
  folder.write("model.safetensors.index.json", index);
  return input_error_of([&] { find_weight_files(folder.path()); });
}

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("weight files: each layout of a model folder is found") {
  const std::filesystem::path models = std::filesystem::path(FIXTURES) / "models";
  CHECK(found_in(models / "bert") == Names{"model.safetensors"});
  CHECK(found_in(models / "bert_bin") == Names{"pytorch_model.bin"});
  CHECK(found_in(models / "bert_sharded") == Names{"model-00001-of-00003.safetensors",
                                                   "model-00002-of-00003.safetensors",
                                                   "model-00003-of-00003.safetensors"});
  CHECK(find_weight_files(models / "bert").index.empty());
  CHECK(find_weight_files(models / "bert_sharded").index.filename() == "model.safetensors.index.json");
}

TEST_CASE("weight files: safetensors comes before .bin, one file before shards") {
  const TemporaryFolder folder;
  folder.write("part.bin", "");
  folder.write("pytorch_model.bin.index.json", R"({"weight_map":{"w":"part.bin"}})");
  CHECK(found_in(folder.path()) == Names{"part.bin"});
  folder.write("pytorch_model.bin", "");
  CHECK(found_in(folder.path()) == Names{"pytorch_model.bin"});
  folder.write("part.safetensors", "");
  folder.write("model.safetensors.index.json", R"({"weight_map":{"w":"part.safetensors"}})");
  CHECK(found_in(folder.path()) == Names{"part.safetensors"});
  folder.write("model.safetensors", "");
  CHECK(found_in(folder.path()) == Names{"model.safetensors"});
}

TEST_CASE("weight files: a folder or an index that cannot be used says why") {
  const TemporaryFolder folder;
  CHECK_THAT(input_error_of([&] { find_weight_files(folder.path()); }),
             Contains(folder.path().string() + ": holds no weights; expected model.safetensors"));
  CHECK_THAT(index_error("{"),
             Contains("model.safetensors.index.json: is not a JSON object with a 'weight_map'"));
  CHECK_THAT(index_error(R"({"weight_map":[]})"), Contains("'weight_map'"));
  CHECK_THAT(index_error(R"({"weight_map":{}})"), Contains("is empty"));
  CHECK_THAT(index_error(R"({"weight_map":{"w":"gone.safetensors"}})"),
             Contains("shard 'gone.safetensors' is missing"));
  for (const std::string name : {"\"../other.safetensors\"", "\"/etc/passwd\"", "\"..\"", "\"\"", "7"}) {
    CHECK_THAT(index_error("{\"weight_map\":{\"w\":" + name + "}}"),
               Contains("tensor 'w' is not mapped to the name"));
  }
}

}  // namespace adaptune
