#include "train/train_state.h"

#include "core/error.h"

#include "catch.h"

namespace adaptune {

TEST_CASE("a state is written and read without loss") {
  TrainState state;
  state.step = 1234567890123;
  state.total_steps = 7;
  state.epoch = 1.0 / 3;
  state.evaluated_step = 5;
  state.best = {0.1 + 0.2, 4, 2};
  state.skipped_steps = 1;
  state.loss_sum = 1e-300;
  state.loss_count = 3;
  state.seconds = 0.7;
  state.seed = 42;
  state.sampler_epoch = 2;
  state.sampler_position = 3;
  state.threads = 8;
  state.libtorch = "2.13.0";
  state.identity = "a: 1\nb: \"2\"\n";
  const auto text = state_json(state);
  const auto read = read_state_json(text, "state.json");
  CHECK(state_json(read) == text);
  CHECK(read.best.score == state.best.score);
  CHECK(read.identity == state.identity);
  CHECK(read.loss_sum == state.loss_sum);
}

TEST_CASE("what is no state is refused with its place") {
  using Catch::Contains;
  for (const char* text : {"", "{", "[]", "{\"step\": \"x\"}"}) {
    try {
      read_state_json(text, "c/state.json");
      FAIL("read: " << text);
    } catch (const InputError& error) {
      CHECK_THAT(error.what(), Contains("c/state.json: is not the state of a training run"));
    }
  }
}

TEST_CASE("another identity is refused with the settings that differ") {
  using Catch::Contains;
  TrainState state;
  state.identity = "seed: 1\nmodel: a\n";
  CHECK_NOTHROW(check_identity(state, "seed: 1\nmodel: a\n", "step-5"));
  try {
    check_identity(state, "seed: 2\nmodel: a\n", "step-5");
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK_THAT(error.what(), Contains("- seed: 1") && Contains("+ seed: 2"));
    CHECK_THAT(error.what(), !Contains("model"));
  }
}

}  // namespace adaptune
