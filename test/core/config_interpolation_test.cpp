#include <stdlib.h>

#include "core/sample_config.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

// An environment variable for the time of one test.
class WithVariable {
 public:
  WithVariable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~WithVariable() { ::unsetenv(name_); }
  WithVariable(const WithVariable&) = delete;
  WithVariable& operator=(const WithVariable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("variables are put into every scalar, quoted or not, also inside brackets") {
  const WithVariable data("ADAPTUNE_TEST_DATA", "/d a:t#a");
  const WithVariable epochs("ADAPTUNE_TEST_EPOCHS", "7");
  CHECK(sample_of("model: ${ADAPTUNE_TEST_DATA}/x").model == "/d a:t#a/x");
  CHECK(sample_of("model: \"a ${ADAPTUNE_TEST_DATA} b ${ADAPTUNE_TEST_EPOCHS}\"").model == "a /d a:t#a b 7");
  CHECK(sample_of("model: '${ADAPTUNE_TEST_DATA}'").model == "/d a:t#a");
  CHECK(sample_of("model: |-\n  a\n  ${ADAPTUNE_TEST_DATA}\n").model == "a\n/d a:t#a");
  const auto config = sample_of(
      "model: m\ntrain: {num_train_epochs: ${ADAPTUNE_TEST_EPOCHS}}\n"
      "tasks: {q: {type: x, labels: [${ADAPTUNE_TEST_DATA}, b], data: {train: ${ADAPTUNE_TEST_DATA}/t}}}");
  CHECK(config.train.num_train_epochs == 7);
  CHECK(config.tasks[0].second.labels == std::vector<std::string>{"/d a:t#a", "b"});
  CHECK(config.tasks[0].second.train == "/d a:t#a/t");
}

TEST_CASE("a default serves for a variable that is unset or empty") {
  const WithVariable empty("ADAPTUNE_TEST_EMPTY", "");
  CHECK(sample_of("model: ${ADAPTUNE_TEST_UNSET:-a b}/x").model == "a b/x");
  CHECK(sample_of("model: x${ADAPTUNE_TEST_UNSET:-}").model == "x");
  CHECK(sample_of("model: ${ADAPTUNE_TEST_EMPTY:-a}").model == "a");
  CHECK(sample_of("model: x${ADAPTUNE_TEST_EMPTY}").model == "x");
}

TEST_CASE("what a variable holds stays text") {
  const WithVariable nothing("ADAPTUNE_TEST_TEXT", "null");
  CHECK(sample_of("model: ${ADAPTUNE_TEST_TEXT}").model == "null");
  const WithVariable reference("ADAPTUNE_TEST_OTHER", "${ADAPTUNE_TEST_TEXT} [a, b]");
  CHECK(sample_of("model: ${ADAPTUNE_TEST_OTHER}").model == "${ADAPTUNE_TEST_TEXT} [a, b]");
}

TEST_CASE("a dollar sign is ordinary, and $${ is a plain ${") {
  CHECK(sample_of("model: $a $$ b$").model == "$a $$ b$");
  CHECK(sample_of("model: $${A}").model == "${A}");
  CHECK(sample_of("model: $$${A}").model == "$${A}");
}

TEST_CASE("an unset variable without a default is an error at its place") {
  const WithVariable near("ADAPTUNE_TEST_FOLDER", "x");
  CHECK(errors_of("model: a/${ADAPTUNE_TEST_FOLDRE}/b") ==
        "c.yaml:1:10: error: environment variable 'ADAPTUNE_TEST_FOLDRE' is not set\n"
        "     did you mean 'ADAPTUNE_TEST_FOLDER'? Else set it, or write ${ADAPTUNE_TEST_FOLDRE:-default}\n"
        "  1 | model: a/${ADAPTUNE_TEST_FOLDRE}/b\n"
        "    |          ^~~~~~~~~~~~~~~~~~~~~~~\n"
        "1 error; nothing was run");
  CHECK_THAT(errors_of("model: ${Q_9_ZZZZZZ_X}"), Contains("set it, or write ${Q_9_ZZZZZZ_X:-default}"));
}

TEST_CASE("a reference that is none is an error") {
  for (const std::string text : {"'${'", "'${1A}'", "'${A'", "'${}'", "'${A-b}'", "'${A:-${B}}'"}) {
    INFO(text);
    CHECK_THAT(errors_of("model: " + text),
               Contains("c.yaml:1:9: error: '${' begins no variable in " + text) &&
                   Contains("write ${NAME} or ${NAME:-default}, or $${ for a plain ${"));
  }
}

TEST_CASE("a variable that is not set is one error, whatever was to be read from it") {
  const std::string unset = "${ADAPTUNE_TEST_UNSET}";
  for (const std::string yaml :
       {"train: {max_steps: " + unset + "}", "adapter: " + unset, "adapter: {layers: [0, " + unset + "]}",
        "adapter: {reduction_factor: {default: " + unset + "}}",
        "tasks: {q: {type: x, labels: [a, " + unset + "]}}", "train: " + unset,
        "tasks: {q: {type: x, data: " + unset + "}}"}) {
    INFO(yaml);
    CHECK_THAT(error_of(yaml), Contains("environment variable 'ADAPTUNE_TEST_UNSET' is not set"));
  }
  auto document = ConfigDocument::parse("files: [a, " + unset + "]\nfolder: " + unset + "\n");
  auto root = document.root();
  root.error_at("files", "a file that does not exist");
  root.child("folder").error("a folder that does not exist");
  root.leave_unread({"files", "folder"});
  CHECK_THROWS_WITH(document.finish(), Catch::EndsWith("2 errors; nothing was run"));
}

}  // namespace adaptune
