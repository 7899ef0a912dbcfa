#include "recipe/failure.h"

#include <c10/util/Exception.h>

#include <new>
#include <stdexcept>

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

template <typename Action>
Failure failure_of(Action action, bool verbose = false) {
  try {
    action();
  } catch (...) {
    return current_failure(verbose);
  }
  throw std::logic_error("nothing was thrown");
}

}  // namespace

TEST_CASE("a lack of memory is exit 6, with what would need less") {
  const auto check = [](const Failure& failure, const std::string& what) {
    CHECK(failure.code == ExitCode::kOutOfMemory);
    CHECK_THAT(failure.text, Contains("error: out of memory: " + what) &&
                                 Contains("smaller train.per_device_train_batch_size") &&
                                 !Contains("bug of adaptune"));
  };
  check(failure_of([] { throw std::bad_alloc(); }), "the system has no memory left");
  check(failure_of(
            [] { TORCH_CHECK_WITH(OutOfMemoryError, false, "CUDA out of memory. Tried to allocate 2 GiB"); }),
        "CUDA out of memory. Tried to allocate 2 GiB");
  check(failure_of(
            [] { TORCH_CHECK(false, "DefaultCPUAllocator: not enough memory: you tried to allocate 8"); }),
        "DefaultCPUAllocator: not enough memory");
}

TEST_CASE("an error of ours keeps its status and its place") {
  const auto failure = failure_of([] { throw UsageError("run.yaml:2:1: error: unknown key"); });
  CHECK(failure.code == ExitCode::kUsage);
  CHECK(failure.text == "run.yaml:2:1: error: unknown key");
  CHECK(failure_of([] { throw InputError("dev.jsonl:3: no JSON"); }).text == "error: dev.jsonl:3: no JSON");
}

TEST_CASE("everything else is a bug, told in a line unless more is asked for") {
  const auto check = [](const Failure& failure) {
    CHECK(failure.code == ExitCode::kInternal);
    CHECK_THAT(failure.text, Contains("error: internal: ") && Contains("this is a bug of adaptune"));
  };
  const auto two_lines = [] { throw std::runtime_error("the first line\nthe second line"); };
  check(failure_of(two_lines));
  CHECK_THAT(failure_of(two_lines).text, !Contains("the second line"));
  CHECK_THAT(failure_of(two_lines, /*verbose=*/true).text, Contains("the second line"));
  check(failure_of([] { TORCH_CHECK(false, "shapes [2] and [3]"); }));
}

}  // namespace adaptune
