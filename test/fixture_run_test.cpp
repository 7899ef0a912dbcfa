#include "fixture_run.h"

#include <torch/torch.h>

#include "catch.h"
#include "core/error.h"
#include "interop/changed_folder.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// A case of its own name with the model beside it, as in the golden folder.
class CaseCopy {
 public:
  explicit CaseCopy(const std::string& name) : path_(folder_.path() / "cases" / name) {
    fs::create_directories(path_);
    fs::copy(fs::path(FIXTURES) / "cases" / name, path_, fs::copy_options::recursive);
    fs::copy(fs::path(FIXTURES) / "models", folder_.path() / "models", fs::copy_options::recursive);
  }
  const fs::path& path() const { return path_; }
  void change_golden(const std::function<void(TensorMap&)>& change) const {
    TensorMap tensors;
    for (const auto& [key, tensor] : read_safetensors(path_ / "golden.safetensors"))
      tensors.emplace(key, tensor.clone());
    change(tensors);
    write_safetensors(path_ / "golden.safetensors", tensors);
  }
  void change_case(const std::function<void(nlohmann::json&)>& change) const {
    auto file = json_of(path_ / "case.json");
    change(file);
    std::ofstream(path_ / "case.json") << file.dump(2);
  }

 private:
  TemporaryFolder folder_;
  fs::path path_;
};

}  // namespace

TEST_CASE("every golden case in the folder passes", "[golden]") {
  const auto not_yet = read_not_yet(NOT_YET);
  const auto cases = find_cases(FIXTURES);
  CHECK(cases.size() > 50);
  for (const auto& folder : cases) {
    const auto result = run_case(folder, not_yet);
    INFO(folder.filename().string() << ": " << result.text);
    CHECK(result.outcome == Outcome::kPassed);
  }
}

TEST_CASE("a difference in one value fails a case", "[golden]") {
  const CaseCopy copy("bert_seq_bn");
  CHECK(run_case(copy.path(), {}).outcome == Outcome::kPassed);
  copy.change_golden([](TensorMap& tensors) { tensors.at("logits").view(-1)[0] += 1e-3; });
  const auto result = run_case(copy.path(), {});
  CHECK(result.outcome == Outcome::kFailed);
  CHECK_THAT(result.text, Catch::Contains("logits: off by"));
}

TEST_CASE("a golden tensor that nothing compares fails a case", "[golden]") {
  const CaseCopy copy("bert_seq_bn");
  copy.change_golden([](TensorMap& tensors) { tensors["grad.heads.a.9.weight"] = at::zeros({2}); });
  CHECK_THAT(run_case(copy.path(), {}).text, Catch::Contains("grad.heads.a.9.weight: not compared"));
  copy.change_golden([](TensorMap& tensors) {
    tensors.erase("grad.heads.a.9.weight");
    tensors["surprise"] = at::zeros({2});
  });
  CHECK_THAT(run_case(copy.path(), {}).text, Catch::Contains("surprise: not compared"));
}

TEST_CASE("what is not known fails a case instead of being passed over", "[golden]") {
  const CaseCopy copy("bert_seq_bn");
  copy.change_case([](nlohmann::json& file) { file["average"] = {{"weights", {1, 2}}}; });
  CHECK_THAT(run_case(copy.path(), {}).text, Catch::Contains("'average' is not known"));
  copy.change_case([](nlohmann::json& file) {
    file.erase("average");
    file["setup"]["type"] = "Split";
  });
  CHECK_THAT(run_case(copy.path(), {}).text, Catch::Contains("'Split'"));
}

TEST_CASE("a listed case is skipped while it fails, and fails once it passes", "[golden]") {
  const CaseCopy copy("bert_seq_bn");
  const NotYet listed = {{"bert_seq_bn", "a capability"}};
  CHECK(run_case(copy.path(), listed).outcome == Outcome::kFailed);
  copy.change_case([](nlohmann::json& file) { file["kind"] = "unheard of"; });
  const auto result = run_case(copy.path(), listed);
  CHECK(result.outcome == Outcome::kSkipped);
  CHECK_THAT(result.text, Catch::Contains("a capability"));
  CHECK(run_case(copy.path(), {}).outcome == Outcome::kFailed);
}

TEST_CASE("the list of skipped cases names a capability for each", "[golden]") {
  const TemporaryFolder folder;
  const auto file = folder.write("not_yet.txt", "# a comment\nsome_case\tsome capability\n");
  CHECK(read_not_yet(file).at("some_case") == "some capability");
  const auto bad = folder.write("bad.txt", "some_case\n");
  CHECK_THROWS_WITH(read_not_yet(bad), Catch::Contains("bad.txt:1: 'name<TAB>capability' expected"));
}

}  // namespace adaptune
