#include <filesystem>

#include "app/command.h"
#include "io/zip_writer.h"

#include "catch.h"

namespace adaptune {
namespace {

using Catch::Contains;

void replace_first(std::string& text, const std::string& from, const std::string& to, size_t start = 0) {
  const size_t place = text.find(from, start);
  REQUIRE(place != std::string::npos);
  text.replace(place, from.size(), to);
}

// What training says after a change of the model's config.json; it must refuse.
std::string refusal_with(const CommandFolder& folder, const std::string& before, const std::string& now) {
  const auto original = folder.read("model/config.json");
  auto config = original;
  replace_first(config, before, now);
  folder.write("model/config.json", config);
  const auto run = folder.run("train config.yaml");
  folder.write("model/config.json", original);
  CHECK(run.status == 3);
  return run.err;
}

}  // namespace

TEST_CASE("all errors of a configuration come at once, with places and nearest names") {
  const CommandFolder folder;
  folder.write("bad.yaml", R"(model: model
adapter: pfeifer
task: {name: mood, type: clasification, metric: accuracy}
data: {train: missing.jsonl, validation: dev.jsonl, max_seq_length: 16}
train:
  learning_rte: 1e-4
  per_device_train_batch_size: 32k
  num_train_epochs: 0
train: {seed: 1}
)");
  const auto run = folder.run("train bad.yaml");
  CHECK(run.status == 2);
  CHECK_THAT(run.err, Contains("bad.yaml:2:10: error: adapter config 'pfeifer' is not known") &&
                          Contains("did you mean 'pfeiffer'?"));
  CHECK_THAT(run.err, Contains("bad.yaml:3:26") && Contains("did you mean 'classification'?"));
  CHECK_THAT(run.err, Contains("bad.yaml:4:15") && Contains("missing.jsonl' does not exist"));
  CHECK_THAT(run.err, Contains("bad.yaml:6:3: error: unknown key 'learning_rte' in 'train'") &&
                          Contains("did you mean 'learning_rate'?"));
  CHECK_THAT(run.err, Contains("'per_device_train_batch_size' must be an integer") && Contains("'32k'"));
  CHECK_THAT(run.err, Contains("'num_train_epochs' must be an integer"));
  CHECK_THAT(run.err, Contains("duplicate key 'train'"));
  CHECK_THAT(run.err, Contains("nothing was run"));
}

TEST_CASE("a missing model, configuration and column say what is there") {
  const CommandFolder folder;
  CHECK(folder.run("train nowhere.yaml").status == 2);
  CHECK_THAT(folder.run("train config.yaml model=nowhere").err, Contains("nowhere' does not exist"));
  const auto column = folder.run("train config.yaml task.text=sentence");
  CHECK(column.status == 3);
  CHECK_THAT(column.err, Contains("sentence") && Contains("text") && Contains("label"));
}

TEST_CASE("damaged and foreign weight files are refused before anything is written") {
  const CommandFolder folder;
  const auto weights = folder.read("model/model.safetensors");
  folder.write("model/model.safetensors", weights.substr(0, weights.size() / 2));
  const auto truncated = folder.run("train config.yaml");
  CHECK(truncated.status == 3);
  CHECK_THAT(truncated.err, Contains("model.safetensors"));

  folder.write("model/model.safetensors",
               std::string("\xff\xff\xff\xff\xff\xff\x00\x00", 8) + weights.substr(8));
  CHECK(folder.run("train config.yaml").status == 3);

  std::filesystem::remove(folder.path("model/model.safetensors"));
  ZipWriter zip;
  zip.add("model/data.pkl",
          "\x80\x02"
          "cos\nsystem\n(S'touch pwned'\ntR.");
  zip.add("model/byteorder", "little");
  folder.write("model/pytorch_model.bin", std::move(zip).finish());
  const auto pickle = folder.run("train config.yaml");
  CHECK(pickle.status == 3);
  CHECK_THAT(pickle.err, Contains("pytorch_model.bin: tensor 1 refers to 'os.system': only tensors") &&
                             Contains("never executes what a pickle file asks for"));
  CHECK_FALSE(std::filesystem::exists(folder.path("pwned")));
}

TEST_CASE("a backbone with missing and surplus tensors names all of them") {
  const CommandFolder folder;
  const std::string layers = "\"num_hidden_layers\": ";
  CHECK_THAT(refusal_with(folder, layers + "3", layers + "4"),
             Contains("missing     encoder.layer.3.attention.self.query.weight [32, 32]") &&
                 Contains("missing     encoder.layer.3.output.LayerNorm.bias [32]") &&
                 !Contains("unexpected"));
  CHECK_THAT(refusal_with(folder, layers + "3", layers + "2"),
             Contains("unexpected  encoder.layer.2.attention.self.query.weight [32, 32]") &&
                 Contains("unexpected  encoder.layer.2.output.LayerNorm.bias [32]") && !Contains("missing"));
}

TEST_CASE("tensors of another shape or type are named with both") {
  const CommandFolder folder;
  CHECK_THAT(
      refusal_with(folder, "\"intermediate_size\": 64", "\"intermediate_size\": 48"),
      Contains(
          "misshaped   encoder.layer.0.intermediate.dense.weight: config.json says [48, 32], the file has "
          "[64, 32]") &&
          Contains("misshaped   encoder.layer.2.output.dense.weight: config.json says [32, 48], the file has "
                   "[32, 64]"));
  auto weights = folder.read("model/model.safetensors");
  replace_first(weights, "F32", "I32", weights.find("embeddings.LayerNorm.bias"));
  folder.write("model/model.safetensors", weights);
  const auto run = folder.run("train config.yaml");
  CHECK(run.status == 3);
  CHECK_THAT(run.err,
             Contains("wrong type  embeddings.LayerNorm.bias: floating point expected, the file has int"));
}

TEST_CASE("an adapter of another backbone with the same shapes is refused") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  auto weights = folder.read("model/model.safetensors");
  weights[weights.size() - 3] ^= 1;
  folder.write("model/model.safetensors", weights);
  const auto run = folder.run("eval config.yaml");
  CHECK(run.status == 3);
  CHECK_THAT(run.err,
             Contains("was trained on another backbone") && Contains("same shapes, different weights"));
  CHECK(folder.run("eval config.yaml --allow-backbone-mismatch").status == 0);
  const std::string exported = "export run/mood/adapter --format adapterhub -o hub";
  CHECK_THAT(folder.run(exported).err, Contains("--allow-backbone-mismatch to continue"));
  CHECK(folder.run(exported + " --allow-backbone-mismatch").status == 0);
}

TEST_CASE("what the file system refuses is no bug of the program") {
  const CommandFolder folder;
  std::filesystem::create_symlink("loop", folder.path("loop"));
  const auto run = folder.run("inspect loop");
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("/loop: cannot access: Too many levels of symbolic links"));
}

TEST_CASE("wrong data names file and line") {
  const CommandFolder folder;
  folder.write("dev.jsonl",
               "{\"text\": \"good\", \"label\": \"happy\"}\n{\"text\": \"x\", \"label\": \"angry\"}\n");
  const auto label = folder.run("train config.yaml");
  CHECK(label.status == 3);
  CHECK_THAT(label.err, Contains("dev.jsonl:2") && Contains("label 'angry' is not one of happy, sad"));
  folder.write("dev.jsonl", "{\"text\": \"good\", \"label\": \"happy\"}\nnot json\n");
  CHECK_THAT(folder.run("train config.yaml").err, Contains("dev.jsonl:2") && Contains("JSON"));
  folder.write("dev.jsonl", "");
  const auto empty = folder.run("train config.yaml");
  CHECK(empty.status == 3);
  CHECK_THAT(empty.err, Contains("dev.jsonl"));
}

TEST_CASE("lines to predict must be UTF-8 too") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml train.max_steps=1").status == 0);
  const auto run = folder.run("predict run -", "printf 'good\\ncaf\\351 day\\n' | ");
  CHECK(run.status == 3);
  CHECK_THAT(run.err,
             Contains("standard input:2: byte 0xe9 behind 'caf' is not UTF-8 text") && Contains("iconv"));
}

TEST_CASE("a task of texts hears nothing about images") {
  const CommandFolder folder;
  std::filesystem::create_directory(folder.path("texts"));
  const auto refused = folder.refusal("check config.yaml data.train=texts", 3);
  CHECK_THAT(refused, Contains("texts: is a folder, and the task reads files of texts") && !Contains(".tar"));
}

TEST_CASE("an adapter of another method to start from is named with both") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml adapter=lora train.max_steps=1").status == 0);
  const auto refused = folder.refusal(
      "train config.yaml output_dir=next 'adapter={config: pfeiffer, reduction_factor: 4, load: run}'", 3);
  CHECK_THAT(refused,
             Contains("command line: override 2: error: adapter.load: run/mood/adapter holds an adapter of "
                      "the method 'lora', and adapter.config asks for 'pfeiffer'; write adapter.config: "
                      "lora, or load another folder"));
  const auto width =
      folder.refusal("train config.yaml output_dir=next 'adapter={config: lora, r: 2, load: run}'", 3);
  CHECK_THAT(width, Contains("misshaped") && !Contains("adapter.config"));
}

TEST_CASE("long and empty texts are counted, not refused") {
  const CommandFolder folder;
  std::string text = "good";
  for (int i = 0; i < 40; ++i) text += " day";
  folder.write("train.jsonl", folder.read("train.jsonl") + "{\"text\": \"" + text +
                                  "\", \"label\": \"happy\"}\n" + "{\"text\": \"\", \"label\": \"sad\"}\n");
  const auto run = folder.run("check config.yaml");
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("train 50   1 examples cut at 16 tokens") && Contains("1 empty texts"));
  CHECK_THAT(run.err, Contains("validation 12   0 examples cut at 16 tokens"));
  folder.write("dev.jsonl", folder.read("train.jsonl"));
  CHECK_THAT(folder.run("check config.yaml").err, Contains("validation 50   1 examples cut at 16 tokens"));
}

TEST_CASE("words without tokens are counted") {
  const CommandFolder folder;
  folder.write("tags.jsonl",
               "{\"tokens\": [\"good\", \"\\u0001\", \"day\"], \"tags\": [\"O\", \"O\", \"B-T\"]}\n");
  const auto run = folder.run(
      "check config.yaml 'task={name: tags, type: tagging}' 'data={train: tags.jsonl, max_seq_length: 16}'");
  INFO(run.err);
  CHECK(run.status == 0);
  CHECK_THAT(run.err, Contains("1 words have no tokens"));
}

TEST_CASE("NaN in the weights names the tensor") {
  const CommandFolder folder;
  auto weights = folder.read("model/model.safetensors");
  const size_t start =
      8 + static_cast<unsigned char>(weights[0]) + 256 * static_cast<unsigned char>(weights[1]);
  for (size_t i = start; i < start + 8; ++i) weights[i] = '\xff';
  folder.write("model/model.safetensors", weights);
  const auto run = folder.run("train config.yaml");
  CHECK(run.status == 3);
  CHECK_THAT(run.err, Contains("hold NaN or infinite values") && Contains("embeddings.LayerNorm.bias"));
}

TEST_CASE("a loss that is not finite ends the run with exit 5") {
  const CommandFolder folder;
  const auto run = folder.run(
      "train config.yaml train.learning_rate=1e30 train.max_grad_norm=null train.max_skipped_steps=2 "
      "train.num_train_epochs=20");
  INFO(run.err);
  CHECK(run.status == 5);
  CHECK_THAT(run.err, Contains("finite"));
  CHECK_THAT(folder.read("run/status.json"), Contains("failed") && Contains("\"exit_code\": 5"));
  CHECK_THAT(folder.read("run/log.txt"), Contains("error: ") && Contains("finite"));
}

TEST_CASE("a folder of other settings is not overwritten unless asked") {
  const CommandFolder folder;
  REQUIRE(folder.run("train config.yaml").status == 0);
  const auto run = folder.run("train config.yaml train.learning_rate=2e-2");
  CHECK(run.status == 2);
  CHECK_THAT(run.err,
             Contains("learning_rate: 0.01") && Contains("learning_rate: 0.02") && Contains("--overwrite"));
  CHECK(folder.run("train config.yaml train.logging_steps=3").status == 0);
  CHECK(folder.run("train config.yaml train.learning_rate=2e-2 --overwrite").status == 0);
}

TEST_CASE("a folder that cannot be written is exit 4") {
  const CommandFolder folder;
  // No user can make folders there, not even root.
  const auto refused = folder.run("train config.yaml output_dir=/proc/adaptune_run");
  CHECK(refused.status == 4);
  CHECK_THAT(refused.err, Contains("error: /proc/adaptune_run: cannot create the folder: "));
  folder.write("run", "a file in the way");
  const auto run = folder.run("train config.yaml");
  CHECK(run.status == 4);
  CHECK_THAT(run.err, Contains("/run: cannot create the folder: ") && Contains("a file has this name"));
}

TEST_CASE("a device that is not there is exit 2") {
  const CommandFolder folder;
  CHECK(folder.run("train config.yaml --device cuda:77").status == 2);
  CHECK(folder.run("train config.yaml --device tpu").status == 2);
}

}  // namespace adaptune
