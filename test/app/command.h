#pragma once
// Runs the program as a user does, in a folder of its own with a tiny model and tiny data.

#include <filesystem>
#include <string>

namespace adaptune {

struct Finished {
  int status = -1;  // exit status; 128 + signal where one ended it
  std::string out, err;
};

// A configuration for a CommandFolder: tasks mood and tone, a fusion of both for mood, output_dir suite.
inline constexpr const char* kSuite = R"(model: model
adapter: {config: pfeiffer, reduction_factor: 4}
data: {max_seq_length: 16, validation: dev.jsonl, train: train.jsonl}
train: {num_train_epochs: 1, per_device_train_batch_size: 8, learning_rate: 1e-2}
tasks:
  mood: {type: classification}
  tone: {type: classification, train: {seed: 5}}
fusion: {targets: [mood], train: {num_train_epochs: 1}}
output_dir: suite
)";

class CommandFolder {
 public:
  // Holds model/ (BERT of the fixtures with a vocabulary), train.jsonl and dev.jsonl (two labels that the
  // first word tells), and config.yaml for them.
  CommandFolder();
  ~CommandFolder();
  CommandFolder(const CommandFolder&) = delete;
  CommandFolder& operator=(const CommandFolder&) = delete;

  // `adaptune <arguments>` by a shell in this folder; `before` is put in front ("printf 'a\n' | ").
  Finished run(const std::string& arguments, const std::string& before = "") const;
  // What a command that must end with this status prints on standard error.
  std::string refusal(const std::string& arguments, int status = 2) const;
  std::filesystem::path path(const std::string& name) const { return path_ / name; }
  void write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

// The tasks of kSuite trained, by suite.yaml into suite/; and their fusion too.
void train_suite(const CommandFolder& folder);
void fuse_suite(const CommandFolder& folder);

}  // namespace adaptune
