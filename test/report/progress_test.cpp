#include "report/progress.h"

#include <algorithm>
#include <sstream>

#include "report/text_width.h"

#include "catch.h"

namespace adaptune {
namespace {

using std::chrono::milliseconds;

const auto kStart = std::chrono::system_clock::from_time_t(1795447211);  // 2026-11-23T15:20:11Z

TrainProgress sst2(int64_t step) {
  TrainProgress progress;
  progress.task = "sst2";
  progress.step = step;
  progress.total_steps = 21050;
  progress.epoch = step / 2105.0;
  progress.total_epochs = 10;
  progress.loss = 0.1868;
  progress.learning_rate = 8.112e-5;
  progress.grad_norm = 0.84;
  progress.examples_per_second = 612.2;
  progress.tokens_per_second = 15480;
  progress.memory_gib = 3.1;
  progress.total_memory_gib = 16;
  progress.remaining_seconds = 834;
  return progress;
}

int64_t count(const std::string& text, char wanted) { return std::count(text.begin(), text.end(), wanted); }

}  // namespace

TEST_CASE("the progress line is the one of the manual") {
  CHECK(progress_text(sst2(5104), 120, {}) ==
        "sst2  epoch 3/10  ━━━━╸━━━━━━━━━━━━━━  24%  5 104/21 050  loss 0.187  lr 8.1e-05  612 ex/s  "
        "3.1/16.0 GiB  eta 0:13:54");
}

TEST_CASE("the progress line never exceeds the terminal and keeps what matters") {
  for (int columns = 4; columns < 130; ++columns) {
    const std::string line = progress_text(sst2(5104), columns, {});
    INFO(columns << ": " << line);
    CHECK(display_width(line) <= columns);
    if (columns >= 25) CHECK(line.find("24%  ") != std::string::npos);
    if (columns >= 25) CHECK(line.find("loss 0.187") != std::string::npos);
  }
  CHECK(progress_text(sst2(5104), 80, {}).find("GiB") == std::string::npos);
}

TEST_CASE("the bar fills from nothing to all, in UTF-8 and ASCII") {
  CHECK(progress_bar(0, 4, {}) == "╺━━━");
  CHECK(progress_bar(0.5, 4, {}) == "━━╺━");
  CHECK(progress_bar(0.63, 4, {}) == "━━╸━");
  CHECK(progress_bar(1, 4, {}) == "━━━━");
  CHECK(progress_bar(0.5, 4, {.utf8 = false}) == "##--");
  CHECK(progress_bar(7, 4, {.utf8 = false}) == "####");
  const std::string coloured = progress_bar(0.5, 4, {.utf8 = false, .colour = true});
  CHECK(coloured == "\x1b[32m##\x1b[0m\x1b[2m--\x1b[0m");
}

TEST_CASE("records are those of the manual") {
  TrainProgress train = sst2(5000);
  train.loss = 0.1911;
  train.remaining_seconds = 839;
  CHECK(progress_record(train, kStart) ==
        "2026-11-23T15:20:11Z train task=sst2 step=5000/21050 epoch=2.38 loss=0.1911 lr=8.112e-05 "
        "grad_norm=0.84 ex_s=612 tok_s=15480 mem_gib=3.1 eta_s=839");
  const EvalProgress eval{"sst2", 5000, {{"loss", 0.2214}, {"accuracy", 0.922}}, true, 0, 3};
  CHECK(progress_record(eval, kStart + std::chrono::seconds(8)) ==
        "2026-11-23T15:20:19Z eval  task=sst2 step=5000 loss=0.2214 accuracy=0.9220 best=yes stalled=0/3");
}

TEST_CASE("unknown fields are left out, small losses keep digits, names with blanks are quoted") {
  TrainProgress progress;
  progress.task = "my task";
  progress.step = 3;
  progress.loss = 3.14e-6;
  CHECK(progress_record(progress, kStart) ==
        "2026-11-23T15:20:11Z train task=\"my task\" step=3 epoch=0.00 loss=3.14e-06");
  CHECK(progress_text(progress, 80, {}) == "my task  epoch 1  step 3  loss 3.1e-06");
}

TEST_CASE("a terminal is redrawn at most ten times a second, but for the last step") {
  std::ostringstream sink;
  {
    Progress progress(sink, {.terminal = true, .columns = 100});
    for (int i = 0; i <= 100; ++i) progress.show(sst2(100 + i), kStart + milliseconds(10 * i));
    CHECK(count(sink.str(), '\r') == 11);
    progress.show(sst2(21050), kStart + milliseconds(1001));
    CHECK(count(sink.str(), '\r') == 12);
    CHECK(count(sink.str(), '\n') == 0);
  }
  CHECK(sink.str().back() == '\n');
  CHECK(sink.str().find("100%") != std::string::npos);
}

TEST_CASE("messages stand on their own line above the redrawn one") {
  std::ostringstream sink;
  Progress progress(sink, {.terminal = true, .columns = 60});
  progress.show(sst2(1), kStart);
  progress.message("warning: hot");
  CHECK_THAT(sink.str(), Catch::Contains("\r\x1b[Kwarning: hot\n\rsst2"));
  progress.show(EvalProgress{"sst2", 1500, {{"loss", 0.5}, {"f1", std::nullopt}}, false, 1, 3}, kStart);
  CHECK_THAT(sink.str(), Catch::Contains("sst2  step 1 500  loss 0.5000  f1 nan  stalled 1/3\n"));
}

TEST_CASE("without a terminal there is a plain line every logging_steps and at the end") {
  std::ostringstream sink;
  Progress progress(sink, {.logging_steps = 10});
  for (int64_t step = 21001; step <= 21050; ++step) progress.show(sst2(step), kStart);
  progress.end();
  CHECK(count(sink.str(), '\n') == 5);
  CHECK(sink.str().find_first_of("\r\x1b") == std::string::npos);
  CHECK_THAT(sink.str(), Catch::StartsWith("2026-11-23T15:20:11Z train task=sst2 step=21010/21050"));
}

}  // namespace adaptune
