#include "golden_metrics.h"

#include <fstream>

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

// A copy of a fixture case whose golden file had `from` replaced by `to`.
fs::path changed_case(const std::string& name, const std::string& from, const std::string& to) {
  const fs::path source = fs::path(FIXTURES) / "cases" / name;
  const fs::path folder = fs::temp_directory_path() / ("adaptune_golden_metrics_" + name);
  fs::create_directories(folder);
  fs::copy_file(source / "case.json", folder / "case.json", fs::copy_options::overwrite_existing);
  std::ifstream in(source / "golden.json");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const size_t place = text.find(from);
  REQUIRE(place != std::string::npos);
  std::ofstream(folder / "golden.json") << text.replace(place, from.size(), to);
  return folder;
}

}  // namespace

TEST_CASE("metrics agree with the reference libraries") {
  for (const std::string name : {"metrics_classification", "metrics_tagging"}) {
    const GoldenScores scores = compare_metrics(fs::path(FIXTURES) / "cases" / name);
    INFO(name << ": " << scores.first_difference);
    CHECK(scores.checked > 100);
    CHECK(scores.failed == 0);
    CHECK(scores.largest_error <= 1e-9);
  }
}

TEST_CASE("the golden comparison sees a wrong score, an unknown score and an unknown file") {
  const fs::path wrong = changed_case("metrics_classification", "\"matthews\": 0.558", "\"matthews\": 0.559");
  const GoldenScores scores = compare_metrics(wrong);
  CHECK(scores.failed == 1);
  CHECK_THAT(scores.first_difference, Catch::StartsWith("classification 'random 2 classes' matthews"));
  CHECK(scores.largest_error == Approx(0.001));
  fs::remove_all(wrong);

  const fs::path unknown = changed_case("metrics_tagging", "\"f1_macro\"", "\"f1_other\"");
  CHECK(compare_metrics(unknown).failed == 2);  // one key too many on each side
  fs::remove_all(unknown);

  CHECK(compare_metrics(fs::path(FIXTURES) / "cases" / "no_such_case").failed == 1);
}

}  // namespace adaptune
