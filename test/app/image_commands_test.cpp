#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/command.h"
#include "image/plain_image.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Catch::Contains;
using nlohmann::json;

// A folder with red and blue images, and a configuration for them.
class ImageFolder : public CommandFolder {
 public:
  explicit ImageFolder(const std::string& model = "resnet26_tiny",
                       const std::string& adapter = "residual_parallel") {
    fs::copy(fs::path(FIXTURES) / "models" / model, path("images_model"));
    for (const std::string split : {"train", "dev"}) {
      for (int i = 0; i < (split == "train" ? 12 : 4); ++i) {
        add(split + "/red/" + std::to_string(i) + ".ppm", plain_image(24, 24, 150 + 8 * i, 20, 30));
        add(split + "/blue/" + std::to_string(i) + ".ppm", plain_image(24, 24, 20, 30, 150 + 8 * i));
      }
    }
    write("images.yaml",
          "model: images_model\nadapter: " + adapter +
              "\ntask: {name: colour, type: image_classification}\n"
              "data: {train: train, validation: dev}\n"
              "train: {num_train_epochs: 3, per_device_train_batch_size: 8, learning_rate: 1e-2,"
              " optim: sgd, lr_scheduler_type: multistep, lr_milestones: [2], logging_steps: 1}\n"
              "output_dir: run\n");
  }

  void add(const std::string& name, const std::string& bytes) const {
    fs::create_directories(path(name).parent_path());
    write(name, bytes);
  }
};

std::vector<std::string> labels_of(const std::string& answers) {
  std::vector<std::string> labels;
  std::istringstream lines(answers);
  for (std::string line; std::getline(lines, line);) labels.push_back(json::parse(line)["label"]);
  return labels;
}

}  // namespace

TEST_CASE("images are trained on, scored, answered for and merged") {
  const ImageFolder folder;
  const auto trained = folder.run("train images.yaml");
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err, Contains("reads      images") && Contains("labels blue 12 · red 12"));
  const auto evaluated = folder.run("--json eval run");
  REQUIRE(evaluated.status == 0);
  CHECK(json::parse(evaluated.out)["results"][0]["adapter"] == 1.0);

  const auto answers = folder.run("predict run dev");
  INFO(answers.err);
  REQUIRE(answers.status == 0);
  const auto one = folder.run("predict run dev/red/1.ppm");
  REQUIRE(one.status == 0);
  CHECK(json::parse(one.out)["label"] == "red");
  const auto reds = folder.run("predict run dev/red");
  CHECK(reds.status == 0);
  CHECK(labels_of(reds.out) == std::vector<std::string>(4, "red"));

  const auto merged = folder.run("--json merge run -o plain");
  INFO(merged.err);
  REQUIRE(merged.status == 0);
  CHECK(json::parse(merged.out)["folder"] == "plain");
  CHECK(json::parse(merged.out)["relative_difference"].get<double>() < 1e-4);
  CHECK(fs::exists(folder.path("plain/model.safetensors")));
  CHECK(json::parse(folder.read("plain/config.json"))["id2label"]["1"] == "red");
  CHECK(folder.run("merge run -o plain").status == 2);
  const auto plain = folder.run("predict plain dev");
  INFO(plain.err);
  REQUIRE(plain.status == 0);
  CHECK(labels_of(plain.out) == labels_of(answers.out));
  CHECK_THAT(folder.run("predict images_model dev").err, Contains("no preprocessor_config.json says"));
  const auto further = folder.run("train images.yaml model=plain output_dir=second adapter=head_only");
  INFO(further.err);
  CHECK(further.status == 0);
}

TEST_CASE("what a merged network cannot be is refused, and a head without bias gets one of zeros") {
  const ImageFolder vit;
  REQUIRE(vit.run("init vit --width 32 --blocks 1 -o fresh").status == 0);
  REQUIRE(vit.run("train images.yaml model=fresh adapter=full data.image_size=32 train.max_steps=2 "
                  "'task.head={use_pooler: true}'")
              .status == 0);
  CHECK_THAT(vit.refusal("merge run -o plain"),
             Contains("reads the pooled output") && Contains("use_pooler: false"));
  CHECK_FALSE(fs::exists(vit.path("plain")));

  const ImageFolder folder;
  REQUIRE(folder.run("train images.yaml 'task.head={bias: false}'").status == 0);
  REQUIRE(folder.run("merge run -o plain").status == 0);
  CHECK(labels_of(folder.run("predict plain dev").out) == labels_of(folder.run("predict run dev").out));
}

TEST_CASE(
    "adapters are refused at places that they cannot change, and bfloat16 where nothing would be in it") {
  const ImageFolder folder;
  const auto refused = [&](const std::string& adapter, const std::string& place) {
    CHECK_THAT(
        folder.refusal("check images.yaml 'adapter={config: " + adapter + ", places: [" + place + "]}'"),
        Contains("this backbone has no place '" + place + "' for '" + adapter + "'"));
  };
  refused("lora", "encoder/0/block0/conv1");
  refused("residual_parallel", "encoder/0/block0/norm1");
  CHECK_THAT(folder.refusal("check images.yaml train.bf16=true"),
             Contains("train.bf16: a backbone of the family 'resnet26' has no linear layers"));
  CHECK_THAT(
      folder.refusal(
          "check images.yaml train.wd_parity=true train.weight_decay=1e-4 train.head_weight_decay=0.1"),
      Contains("'head_weight_decay' has no effect with wd_parity"));
  folder.add("dev/green/1.ppm", plain_image(24, 24, 1, 200, 1));
  CHECK_THAT(folder.refusal("check images.yaml", 3),
             Contains("error: dev/green/1.ppm: label 'green' is not one of"));
}

TEST_CASE("an evaluation shows the worst mistakes, and the decathlon score beside another run") {
  const ImageFolder folder;
  REQUIRE(folder.run("train images.yaml output_dir=good").status == 0);
  REQUIRE(folder.run("train images.yaml output_dir=bad train.num_train_epochs=1 train.learning_rate=1e-9")
              .status == 0);
  REQUIRE(folder.run("eval good --mistakes 3").status == 0);
  CHECK_FALSE(fs::exists(folder.path("good/colour/mistakes.png")));
  const auto missing = folder.run("eval good --baseline bad");
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err,
             Contains("results.json holds no evaluation of the validation split; run 'adaptune eval"));

  const auto shown = folder.run("eval bad --mistakes 3");
  INFO(shown.err);
  REQUIRE(shown.status == 0);
  CHECK_THAT(shown.err, Contains("the worst 3 mistakes: bad/colour/mistakes.png"));
  CHECK_THAT(folder.read("bad/colour/mistakes.md"), Contains("| 1 | 3 | ") && Contains("dev/"));

  const auto scored = folder.run("--json eval good --baseline bad");
  INFO(scored.err);
  REQUIRE(scored.status == 0);
  const auto results = json::parse(scored.out);
  CHECK(results["decathlon"]["score"] == 1000.0);
  CHECK(results["decathlon"]["baseline"] == 250.0);
  CHECK(results["results"][0]["parameters"] > 0);
  CHECK_THAT(folder.run("eval config.yaml --mistakes 3").err, Contains("--mistakes shows images"));
}

TEST_CASE("residual adapters are cut to a rank, scored and trained further") {
  const ImageFolder folder;
  REQUIRE(folder.run("train images.yaml").status == 0);
  for (const std::string joint : {"", "--joint "}) {
    const auto cut = folder.run("truncate run --rank 1 " + joint + "-o cut");
    INFO(cut.err);
    REQUIRE(cut.status == 0);
    CHECK_THAT(cut.out, Contains("colour") && Contains(" %"));
    const auto other = folder.run("--json truncate run --rank 1 " + joint + "-o other");
    const auto result = json::parse(other.out)["results"][0];
    CHECK(result["task"] == "colour");
    CHECK(result["kept"].get<double>() > 0);
    CHECK(result["adapter"] == "other/colour/adapter");
    fs::remove_all(folder.path("other"));
    CHECK(folder.run("truncate run --rank 1 -o cut").status == 2);
    CHECK(folder.run("eval images.yaml output_dir=cut").status == 0);
    CHECK_THAT(folder.run("inspect cut/colour/adapter").out, Contains(".up") && !Contains(".alpha"));
    const auto further = folder.run(
        "train images.yaml adapter='{config: residual_parallel, r: 1, load: cut}' "
        "train.num_train_epochs=1 output_dir=further");
    INFO(further.err);
    CHECK(further.status == 0);
    fs::remove_all(folder.path("cut"));
    fs::remove_all(folder.path("further"));
  }
  const auto again = folder.run("train images.yaml adapter=batch_norm output_dir=norms");
  REQUIRE(again.status == 0);
  CHECK_THAT(folder.run("truncate norms --rank 1 -o cut").err,
             Contains("only residual_parallel and residual_series"));
}

TEST_CASE("tasks that train a step each in turn end with the same bits") {
  const ImageFolder folder;
  folder.write("suite.yaml",
               "model: images_model\nadapter: {config: residual_parallel, dropout: 0.3}\ntasks:\n"
               "  colour: {type: image_classification}\n"
               "  tint: {type: image_classification, train: {seed: 5, num_train_epochs: 2}}\n"
               "data: {train: train, validation: dev, image_size: 16, augment: [random_crop]}\n"
               "train: {num_train_epochs: 3, per_device_train_batch_size: 8, learning_rate: 1e-2, optim: sgd,"
               " lr_scheduler_type: multistep, lr_milestones: [2], warmup_steps: 0, logging_steps: 1,"
               " load_best_model_at_end: false}\n"
               "output_dir: one_by_one\n");
  REQUIRE(folder.run("train suite.yaml").status == 0);
  const std::string in_turn = "train suite.yaml task_order=round_robin output_dir=in_turn";
  REQUIRE(folder.run(in_turn + " train.max_steps=2 --task colour --task tint").status == 0);
  const auto trained = folder.run(in_turn);
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  CHECK_THAT(trained.err, Contains("resumed at step 2"));
  for (const std::string task : {"colour", "tint"}) {
    const std::string file = "/" + task + "/adapter/adapter.safetensors";
    CHECK((folder.read("in_turn" + file) == folder.read("one_by_one" + file)));
  }
}

TEST_CASE("training on changed images goes on with the same bits") {
  const ImageFolder folder;
  const std::string train =
      "train images.yaml data.image_size=16 data.augment='[random_crop, horizontal_flip]' "
      "train.warmup_steps=0 ";
  REQUIRE(folder.run(train + "output_dir=whole").status == 0);
  REQUIRE(folder.run(train + "output_dir=part train.max_steps=4").status == 0);
  const auto resumed = folder.run(train + "output_dir=part");
  INFO(resumed.err);
  REQUIRE(resumed.status == 0);
  CHECK_THAT(resumed.err, Contains("resumed at step 4"));
  const std::string tensors = "/colour/adapter/adapter.safetensors";
  CHECK((folder.read("part" + tensors) == folder.read("whole" + tensors)));
}

TEST_CASE("a random network may be made, and trained whole") {
  const ImageFolder folder;
  REQUIRE(folder.run("init resnet26 --width 4 --blocks 1,1,1 -o random").status == 0);
  const auto trained = folder.run("train images.yaml model=random adapter=full");
  INFO(trained.err);
  CHECK(trained.status == 0);
  CHECK(folder.run("init resnet26 -o random").status == 2);
  CHECK_THAT(folder.run("init bert --width 8").err, Contains("is for random networks"));
  REQUIRE(folder.run("init vit --width 32 --blocks 2 -o random_vit").status == 0);
  const auto vit =
      folder.run("train images.yaml model=random_vit adapter=lora data.image_size=32 output_dir=vit");
  INFO(vit.err);
  CHECK(vit.status == 0);
}

TEST_CASE("adapters and fusions of texts work on a Vision Transformer") {
  const ImageFolder folder("vit_tiny", "pfeiffer");
  folder.write(
      "suite.yaml",
      "model: images_model\nadapter: pfeiffer\ntasks:\n  colour: {type: image_classification}\n"
      "  tint: {type: image_classification, train: {seed: 5}}\n"
      "data: {train: train, validation: dev}\nfusion: {targets: [colour], train: {num_train_epochs: 1}}\n"
      "train: {num_train_epochs: 2, learning_rate: 1e-2}\noutput_dir: suite\n");
  const auto trained = folder.run("train suite.yaml");
  INFO(trained.err);
  REQUIRE(trained.status == 0);
  const auto fused = folder.run("fuse suite.yaml");
  INFO(fused.err);
  REQUIRE(fused.status == 0);
  const auto scored = folder.run("-v eval suite");
  CHECK(scored.status == 0);
  CHECK_THAT(scored.err, Contains("in one pass: colour, tint"));
  const auto together = folder.run("predict suite dev --task all --logits");
  REQUIRE(together.status == 0);
  for (const std::string task : {"colour", "tint"}) {
    std::istringstream lines(together.out),
        alone(folder.run("predict suite dev --logits --task " + task).out);
    int64_t rows = 0;
    for (std::string line, own; std::getline(lines, line); ++rows) {
      REQUIRE(std::getline(alone, own));
      const auto logits = json::parse(line)[task]["logits"], separate = json::parse(own)["logits"];
      REQUIRE(logits.size() == separate.size());
      for (size_t i = 0; i < logits.size(); ++i)
        CHECK(logits[i].get<double>() == Approx(separate[i].get<double>()).margin(1e-5));
    }
    CHECK(rows > 0);
  }
}

TEST_CASE("one process scores the tasks of a run, also by their five likeliest classes") {
  const ImageFolder folder;
  folder.write("suite.yaml",
               "model: images_model\nadapter: {config: residual_parallel, train_batch_norm: false, "
               "weight_decay: 1e-4}\n"
               "tasks:\n  colour: {type: image_classification, metric: [accuracy, top5]}\n"
               "  tint: {type: image_classification, adapter: batch_norm, train: {seed: 5}}\n"
               "data: {train: train, validation: dev}\ntrain: {num_train_epochs: 1}\noutput_dir: suite\n");
  REQUIRE(folder.run("train suite.yaml").status == 0);
  const auto scored = folder.run("--json eval suite");
  INFO(scored.err);
  REQUIRE(scored.status == 0);
  const auto results = json::parse(scored.out)["results"];
  REQUIRE(results.size() == 2);
  CHECK(results[0]["adapter_scores"]["top5"] == 1.0);
  CHECK(results[0]["parameters"] != results[1]["parameters"]);
}

TEST_CASE("what a network cannot read is told before it is trained") {
  const ImageFolder folder;
  const auto refusal = [&](const std::string& overrides, int status = 2) {
    return folder.refusal("check images.yaml " + overrides, status);
  };
  CHECK_THAT(
      refusal("data.image_size=20"),
      Contains("reads images of multiples of 8 pixels, not of 20 x 20") && Contains("data.image_size: 24"));
  CHECK_THAT(refusal("data.augment='[random_crop]'"), Contains("random_crop needs a size to crop to"));
  CHECK_THAT(refusal("data.max_seq_length=64"), Contains("'max_seq_length' has no effect on task 'colour'"));
  CHECK_THAT(refusal("adapter='{config: residual_parallel, share_across_layers: true}'"),
             Contains("one adapter does not fit all"));
  CHECK_THAT(refusal("train.backbone_dropout=false cache.enabled=true"),
             Contains("states of images are not kept"));
  CHECK_THAT(
      refusal("train.adapter_weight_decay=0.1 adapter='{config: residual_parallel, weight_decay: 1e-4}'"),
      Contains("write one of them"));
  folder.add("dev/red/9.ppm", plain_image(1, 1, 200, 1, 1));
  CHECK_THAT(refusal("", 3), Contains("has 1 x 1 pixels") && Contains("set data.image_size"));
  CHECK(folder.run("check images.yaml data.image_size=24").status == 0);
  const ImageFolder vit("vit_tiny", "pfeiffer");
  CHECK_THAT(vit.refusal("check images.yaml data.image_size=16"), Contains("reads images of 24 x 24 pixels"));
  folder.write("images_model/config.json", R"({"model_type": "vit", "hidden_size": 32, "num_hidden_layers": 1,
    "num_attention_heads": 1, "intermediate_size": 32, "num_channels": 1})");
  CHECK_THAT(refusal("adapter=pfeiffer", 3), Contains("num_channels 1 is not supported"));
}

TEST_CASE("an adapter is scored on images prepared as those it learned from") {
  const ImageFolder folder;
  REQUIRE(folder.run("train images.yaml").status == 0);
  const auto scored = folder.run("eval images.yaml");
  const auto other = folder.run("eval images.yaml data.image_size=16");
  CHECK(other.status == 0);
  CHECK(other.out == scored.out);
  CHECK_THAT(other.err,
             Contains("- input.transform.shortest_edge: null\n  + input.transform.shortest_edge: 16"));
  CHECK_THAT(scored.err, !Contains("other settings"));
  folder.write("listed.jsonl", "{\"picture\": \"dev/red/1.ppm\", \"label\": \"red\"}\n");
  const auto listed = folder.run("eval images.yaml data.validation=listed.jsonl task.image=picture");
  INFO(listed.err);
  CHECK(listed.status == 0);
  CHECK_THAT(listed.err, !Contains("warning"));
}

TEST_CASE("images and texts are not mistaken for each other") {
  const ImageFolder folder;
  CHECK_THAT(folder.refusal("check config.yaml model=images_model"),
             Contains("the backbone 'resnet26' reads images"));
  CHECK_THAT(folder.refusal("check images.yaml model=model adapter=head_only"),
             Contains("the backbone 'bert' reads texts"));
  CHECK_THAT(folder.refusal("check images.yaml adapter=pfeiffer"),
             Contains("'pfeiffer' finds nothing to adapt in a backbone of the family 'resnet26'"));
}

TEST_CASE("images that cannot be read stop the run, or are left out") {
  const ImageFolder folder;
  folder.add("train/red/broken.png", "this is a text");
  folder.add("train/red/empty.png", "");
  const auto stopped = folder.run("train images.yaml");
  CHECK(stopped.status == 3);
  CHECK_THAT(stopped.err, Contains("2 of 26 images cannot be read") &&
                              Contains("broken.png: is neither PNG nor JPEG") &&
                              Contains("empty.png: is empty"));
  const auto skipped = folder.run("train images.yaml data.on_error=skip");
  INFO(skipped.err);
  CHECK(skipped.status == 0);
  CHECK_THAT(skipped.err, Contains("2 cannot be read and are left out"));

  folder.add("dev/green/1.ppm", plain_image(24, 24, 1, 200, 1));
  const auto unknown = folder.run("check images.yaml data.on_error=skip");
  CHECK(unknown.status == 3);
  CHECK_THAT(unknown.err, Contains("label 'green' is not one of blue, red"));
}

}  // namespace adaptune
