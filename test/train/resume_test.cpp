#include "train/resume.h"

#include <signal.h>
#include <torch/torch.h>

#include <fstream>
#include <sstream>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/full_disk.h"
#include "core/stop_signal.h"
#include "report/scratch_folder.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

struct Killed {};

SmallModel small_model(const std::string& kind) {
  if (kind != "fusion") return SmallModel(kind);
  FusionOptions options;
  options.temperature = true;
  return SmallModel([&](Backbone& backbone) { return small_fusion(backbone, options); },
                    SmallModel::two_classes());
}

// Everything a run left, as bytes: the tensors of the model and all files of its last checkpoint but
// state.json, which holds the time.
struct RunResult {
  TrainingOutcome outcome;
  TensorMap tensors;
  std::map<std::string, std::string> files;
  std::vector<std::string> messages;
};

struct Interruption {
  int64_t at_step = 0;  // 0: none
  int signal = 0;       // else the process dies
};

RunResult train(const std::string& kind, const fs::path& folder, const Interruption& interruption = {},
                const std::function<void(TrainingJob&)>& change = {}) {
  SmallModel small = small_model(kind);
  SmallJob small_job(folder);
  small_job.job.options.early_stopping_patience.reset();
  small_job.job.options.save_steps = 3;
  small_job.job.options.save_total_limit = 100;
  if (change) change(small_job.job);
  RunResult result;
  TrainingObserver observer;
  observer.message = [&](const std::string& text) { result.messages.push_back(text); };
  observer.step = [&](const TrainProgress& progress) {
    if (progress.step != interruption.at_step) return;
    if (interruption.signal == 0) throw Killed{};
    ::raise(interruption.signal);
  };
  if (interruption.at_step == 0 && interruption.signal != 0) ::raise(interruption.signal);
  result.outcome = run_training(*small.model, small_job.job, observer);
  result.tensors = small.tensors();
  const auto last = CheckpointFolder(folder / "checkpoints").path(result.outcome.steps);
  for (const char* name : {"adapter", "head", "optimizer", "rng"}) {
    const auto file = last / (std::string(name) + ".safetensors");
    if (fs::exists(file)) result.files[name] = read_file(file);
  }
  return result;
}

void check_same(const RunResult& a, const RunResult& b) {
  CHECK(equal_bits(a.tensors, b.tensors));
  CHECK((a.files == b.files));
  CHECK(a.outcome.score == b.outcome.score);
  CHECK(a.outcome.step == b.outcome.step);
  CHECK(a.outcome.steps == b.outcome.steps);
}

// Losses and scores of metrics.jsonl, without times.
std::vector<std::string> records(const fs::path& folder) {
  std::vector<std::string> lines;
  std::ifstream stream(folder / "metrics.jsonl");
  for (std::string line; std::getline(stream, line);) lines.push_back(line.substr(0, line.find(",\"ex_s\"")));
  return lines;
}

}  // namespace

TEST_CASE("a run resumed from any of its checkpoints ends with the same bits") {
  const auto kind = GENERATE(as<std::string>(), "pfeiffer", "full", "fusion", "houlsby");
  INFO(kind);
  const ScratchFolder whole("resume_whole"), part("resume_part");
  const auto every_step = [&](TrainingJob& job) {
    job.options.save_steps = 1;
    if (kind == "houlsby") job.largest_drop = 2;  // robust AdapterDrop
  };
  const auto expected = train(kind, whole.path, {}, every_step);
  for (int64_t step = 1; step <= 10; ++step) {
    INFO(step);
    fs::remove_all(part.path);
    fs::copy(whole.path, part.path, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
    CheckpointFolder(part.path / "checkpoints").remove_after(step);
    const auto resumed = train(kind, part.path, {}, every_step);
    check_same(expected, resumed);
    CHECK(records(part.path) == records(whole.path));
  }
}

TEST_CASE("runs stopped by a signal end with the same bits") {
  const auto signal = GENERATE(SIGTERM, SIGINT, SIGUSR1);
  const ScratchFolder whole("stop_whole");
  const auto expected = train("pfeiffer", whole.path);
  install_stop_handlers();
  for (const int64_t step : {0, 1, 3, 4, 5, 9, 10}) {
    INFO(step);
    const ScratchFolder part("stop_part");
    const auto stopped = train("pfeiffer", part.path, {step, signal});
    REQUIRE(stopped.outcome.stopped_by);
    CHECK(stopped.outcome.steps == step);
    CHECK(stopped.outcome.checkpoint.filename() == "step-" + std::to_string(step));
    clear_stop_request();
    check_same(expected, train("pfeiffer", part.path));
    CHECK(records(part.path) == records(whole.path));
  }
  ::signal(signal, SIG_DFL);
}

TEST_CASE("runs that die at any step end with the same bits") {
  const ScratchFolder whole("kill_whole");
  const auto expected = train("lora", whole.path);
  for (int64_t step = 1; step <= 10; ++step) {
    INFO(step);
    const ScratchFolder part("kill_part");
    CHECK_THROWS_AS(train("lora", part.path, {step, 0}), Killed);
    check_same(expected, train("lora", part.path));
    CHECK(records(part.path) == records(whole.path));
  }
}

TEST_CASE("a finished run is not run again") {
  const ScratchFolder folder("resume_finished");
  const auto first = train("pfeiffer", folder.path);
  const auto again = train("pfeiffer", folder.path, {.at_step = 10});
  check_same(first, again);
  CHECK(again.outcome.seconds == first.outcome.seconds);
  CHECK(again.messages.back().starts_with("resumed at step 10"));
}

TEST_CASE("a finished run goes on when more epochs are asked for") {
  const ScratchFolder folder("resume_longer");
  train("pfeiffer", folder.path);
  const auto longer =
      train("pfeiffer", folder.path, {}, [](TrainingJob& job) { job.options.num_train_epochs = 3; });
  CHECK(longer.outcome.steps == 15);
}

TEST_CASE("a fresh start forgets the checkpoints before") {
  const ScratchFolder folder("resume_never");
  const auto first = train("pfeiffer", folder.path);
  const auto again = train("pfeiffer", folder.path, {}, [](TrainingJob& job) { job.resume = false; });
  CHECK(again.messages.empty());
  check_same(first, again);
  CHECK_THROWS_AS(
      train("pfeiffer", folder.path, {.at_step = 1}, [](TrainingJob& job) { job.resume = false; }), Killed);
  CHECK(CheckpointFolder(folder.path / "checkpoints").steps().empty());
}

TEST_CASE("a certain checkpoint may be named; later ones go") {
  const ScratchFolder folder("resume_from");
  const auto first = train("pfeiffer", folder.path);
  const auto from = folder.path / "checkpoints" / "step-5";
  const auto again =
      train("pfeiffer", folder.path, {.at_step = 100}, [&](TrainingJob& job) { job.resume_from = from; });
  check_same(first, again);
  CHECK(again.messages.back().starts_with("resumed at step 5"));
  CHECK_THROWS_AS(
      train("pfeiffer", folder.path, {}, [&](TrainingJob& job) { job.resume_from = folder.path / "none"; }),
      InputError);
}

TEST_CASE("a damaged newest checkpoint is reported and the one before used") {
  const auto file = GENERATE(as<std::string>(), "state.json", "adapter.safetensors", "head.safetensors",
                             "optimizer.safetensors", "rng.safetensors");
  const auto cut = GENERATE(false, true);
  INFO(file << (cut ? " cut" : " missing"));
  const ScratchFolder whole("damage_whole"), folder("damage_part");
  const auto expected = train("pfeiffer", whole.path);
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {8, 0}), Killed);
  const auto damaged = folder.path / "checkpoints" / "step-6" / file;
  if (cut) {
    fs::resize_file(damaged, fs::file_size(damaged) / 2);
  } else {
    fs::remove(damaged);
  }
  const auto resumed = train("pfeiffer", folder.path);
  REQUIRE(resumed.messages.size() == 2);
  CHECK_THAT(resumed.messages[0],
             Catch::Contains("step-6 cannot be used, trying the one before") && Catch::Contains(file));
  CHECK(resumed.messages[1].starts_with("resumed at step 5"));
  check_same(expected, resumed);
}

TEST_CASE("where no checkpoint can be read the run does not begin anew by itself") {
  const ScratchFolder folder("damage_all");
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {4, 0}), Killed);
  fs::remove(folder.path / "checkpoints" / "step-3" / "state.json");
  CHECK_THROWS_AS(train("pfeiffer", folder.path), InputError);
}

TEST_CASE("a checkpoint of another training is refused with what differs") {
  const ScratchFolder folder("resume_other");
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {4, 0}), Killed);
  // The other training also has other tensors: that must not pass for damage.
  const auto other = [](TrainingJob& job) { job.identity = "data made up\nlearning_rate: 0.001\n"; };
  try {
    train("lora", folder.path, {}, other);
    FAIL("accepted");
  } catch (const InputError& error) {
    CHECK_THAT(error.what(),
               Catch::Contains("- learning_rate: 0.003") && Catch::Contains("+ learning_rate: 0.001"));
  }
}

TEST_CASE("old checkpoints go, the best ones of those that stay do not") {
  const ScratchFolder folder("retention");
  SmallModel small = small_model("head_only");
  SmallJob small_job(folder.path, /*epochs=*/6);
  small_job.job.options.learning_rate = 1e-12;  // the first evaluation stays the best
  small_job.job.options.early_stopping_patience.reset();
  small_job.job.options.save_total_limit = 2;
  const CheckpointFolder checkpoints(folder.path / "checkpoints");
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) {
    if (progress.step == 12) CHECK(checkpoints.steps() == std::vector<int64_t>{10, 5});
    if (progress.step == 26) CHECK(checkpoints.steps() == std::vector<int64_t>{25, 20, 5});
  };
  run_training(*small.model, small_job.job, observer);
  CHECK(checkpoints.steps() == std::vector<int64_t>{30, 25, 5});
  CHECK(fs::read_symlink(folder.path / "checkpoints" / "best") == "step-5");
}

TEST_CASE("without a save strategy the best and the last are kept") {
  const ScratchFolder folder("no_saving");
  train("head_only", folder.path, {}, [](TrainingJob& job) {
    job.options.save_strategy = "no";
    job.options.learning_rate = 1e-12;
  });
  CHECK(CheckpointFolder(folder.path / "checkpoints").steps() == std::vector<int64_t>{10, 5});
}

TEST_CASE("a full disk leaves the checkpoint before usable") {
  const auto bytes = GENERATE(100, 4096);  // the log's next line, the checkpoint's files
  INFO(bytes);
  const ScratchFolder whole("full_whole"), folder("full_part");
  const auto expected = train("pfeiffer", whole.path);
  {
    SmallModel small = small_model("pfeiffer");
    SmallJob small_job(folder.path);
    small_job.job.options.early_stopping_patience.reset();
    small_job.job.options.save_steps = 3;
    small_job.job.options.save_total_limit = 100;
    std::optional<FileSizeLimit> limit;
    TrainingObserver observer;
    observer.step = [&](const TrainProgress& progress) {
      if (progress.step == 4) limit.emplace(bytes);
    };
    CHECK_THROWS_AS(run_training(*small.model, small_job.job, observer), IoError);
  }
  CHECK(CheckpointFolder(folder.path / "checkpoints").steps() == std::vector<int64_t>{3});
  CHECK_FALSE(fs::exists(folder.path / "checkpoints" / "step-5.tmp"));
  check_same(expected, train("pfeiffer", folder.path));
}

TEST_CASE("what a dying process left half written goes") {
  const ScratchFolder folder("leftovers");
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {7, 0}), Killed);
  fs::create_directory(folder.path / "checkpoints" / "step-7.tmp");
  fs::remove(folder.path / "checkpoints" / "best");
  train("pfeiffer", folder.path);
  CHECK_FALSE(fs::exists(folder.path / "checkpoints" / "step-7.tmp"));
  CHECK(fs::exists(folder.path / "checkpoints" / "best" / "state.json"));
}

TEST_CASE("a lost best checkpoint is searched anew") {
  const ScratchFolder folder("lost_best");
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {7, 0}), Killed);
  fs::remove_all(folder.path / "checkpoints" / "step-5");
  const auto resumed = train("pfeiffer", folder.path);
  CHECK_THAT(resumed.messages[0], Catch::Contains("the best checkpoint, step 5, is not there any more"));
  CHECK(resumed.outcome.step == 10);
}

TEST_CASE("a resumed run computes with the threads it was begun with") {
  const ScratchFolder whole("threads_whole"), folder("threads_part");
  const auto two_threads = [](TrainingJob&) { at::set_num_threads(2); };
  const auto expected = train("pfeiffer", whole.path, {}, two_threads);
  CHECK_THROWS_AS(train("pfeiffer", folder.path, {4, 0}, two_threads), Killed);
  int for_states = 0;
  const auto resumed = train("pfeiffer", folder.path, {}, [&](TrainingJob& job) {
    job.states = [&] {
      for_states = at::get_num_threads();
      return TrainingStates();
    };
  });
  CHECK(for_states == 2);
  CHECK(at::get_num_threads() == 1);  // what follows has its own
  CHECK_THAT(resumed.messages[0], Catch::Contains("computing with 2 threads, as before"));
  check_same(expected, resumed);
}

}  // namespace adaptune
