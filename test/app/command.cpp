#include "app/command.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kConfig = R"(model: model
adapter: {config: pfeiffer, reduction_factor: 4}
task: {name: mood, type: classification, metric: accuracy}
data: {train: train.jsonl, validation: dev.jsonl, max_seq_length: 16}
train: {num_train_epochs: 2, per_device_train_batch_size: 8, learning_rate: 1e-2, logging_steps: 1}
output_dir: run
)";

std::string vocabulary() {
  std::string text = "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\n";
  for (const char* word : {"good", "bad", "day", "night", "very", "news", "a", "the"})
    text += std::string(word) + "\n";
  return text;
}

std::string examples(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    const bool good = i % 3 != 0;
    text += std::string("{\"text\": \"") + (good ? "good" : "bad") + (i % 2 ? " day" : " the night news") +
            "\", \"label\": \"" + (good ? "happy" : "sad") + "\"}\n";
  }
  return text;
}

}  // namespace

CommandFolder::CommandFolder() {
  std::string name = (fs::temp_directory_path() / "adaptune_command_XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder " + name);
  path_ = name;
  fs::copy(fs::path(FIXTURES) / "models" / "bert", path_ / "model");
  write("model/vocab.txt", vocabulary());
  write("train.jsonl", examples(48));
  write("dev.jsonl", examples(12));
  write("config.yaml", kConfig);
}

CommandFolder::~CommandFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void CommandFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::string CommandFolder::read(const std::string& name) const {
  std::ostringstream text;
  text << std::ifstream(path_ / name, std::ios::binary).rdbuf();
  return text.str();
}

Finished CommandFolder::run(const std::string& arguments, const std::string& before) const {
  const std::string line = "cd '" + path_.string() + "' && " + before + "'" + ADAPTUNE_BINARY + "' " +
                           arguments + " >out.txt 2>err.txt </dev/null";
  const std::string piped = "cd '" + path_.string() + "' && " + before + "'" + ADAPTUNE_BINARY + "' " +
                            arguments + " >out.txt 2>err.txt";
  const int status = std::system((before.empty() ? line : piped).c_str());
  Finished finished;
  finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  finished.out = read("out.txt");
  finished.err = read("err.txt");
  return finished;
}

std::string CommandFolder::refusal(const std::string& arguments, int status) const {
  const auto finished = run(arguments);
  INFO(arguments);
  CHECK(finished.status == status);
  return finished.err;
}

void train_suite(const CommandFolder& folder) {
  folder.write("suite.yaml", kSuite);
  REQUIRE(folder.run("train suite.yaml").status == 0);
}

void fuse_suite(const CommandFolder& folder) {
  train_suite(folder);
  REQUIRE(folder.run("fuse suite.yaml").status == 0);
}

}  // namespace adaptune
