#include "data/activation_cache.h"

#include <torch/torch.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "core/atomic_file.h"
#include "core/error.h"
#include "data/collate.h"
#include "report/scratch_folder.h"
#include "train/small_training.h"

#include "catch.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::Contains;

// Adapters in the topmost of three layers alone.
std::shared_ptr<TaskAdapter> top_adapter(Backbone& backbone) {
  AdapterSpec spec = adapter_spec("pfeiffer");
  spec.drop = {"fixed", 2};
  return std::make_shared<TaskAdapter>(spec, backbone);
}

SmallModel small_model() { return SmallModel(top_adapter, SmallModel::two_classes()); }

ActivationKey key_of(Backbone& backbone, int64_t layers = 2, torch::ScalarType type = torch::kFloat32) {
  return {"cpu", "made up", {layers}, backbone.info().hidden_size, type};
}

// The file of a split, written with the states behind the lowest layers.
fs::path write(const fs::path& folder, Backbone& backbone, const ActivationKey& key,
               const EncodedSplit& split) {
  const auto file = ActivationCache::file(folder, key, split);
  const bool whole = write_activations(file, key, split, {}, [&](const Batch& batch) {
    return backbone.forward(batch, {.layers = key.layers.front()}).last.unsqueeze(1);
  });
  CHECK(whole);
  return file;
}

double relative_difference(const torch::Tensor& a, const torch::Tensor& b) {
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

// Losses of the steps of a training without dropout, with the states from a file or without.
struct Losses {
  std::vector<double> values;
  TensorMap tensors;
};

Losses train(const fs::path& folder, std::shared_ptr<const ActivationCache> trunk, int64_t killed_at = 0) {
  SmallModel small = small_model();
  SmallJob small_job(folder, 10);
  auto& job = small_job.job;
  job.backbone_dropout = false;
  job.validation = nullptr;
  job.states = [&] { return TrainingStates{trunk, nullptr}; };
  job.options.logging_steps = 1;
  job.options.save_steps = 7;
  Losses losses;
  TrainingObserver observer;
  observer.step = [&](const TrainProgress& progress) {
    losses.values.push_back(progress.loss.value());
    if (progress.step == killed_at) throw std::runtime_error("killed");
  };
  if (killed_at > 0) {
    CHECK_THROWS(run_training(*small.model, job, observer));
    return losses;
  }
  run_training(*small.model, job, observer);
  losses.tensors = small.tensors();
  return losses;
}

}  // namespace

TEST_CASE("states from a file are those of a direct pass") {
  const ScratchFolder scratch("activations");
  SmallModel small = small_model();
  CHECK(small.attachment->untouched_layers(*small.backbone) == 2);
  CHECK(small.attachment->highest_layer() == 2);
  const auto split = made_up_split(40, 1);
  const auto key = key_of(*small.backbone);
  const ActivationCache cache(write(scratch.path, *small.backbone, key, split), key, split);
  const std::vector<int64_t> rows = {7, 0, 39, 12};
  const Batch direct = collate(split, rows, {}), from_file = collate(split, rows, {.trunk = &cache});
  const torch::NoGradGuard no_grad;
  for (int64_t b = 0; b < direct.size(); ++b) {
    const auto states = small.backbone->forward(direct, {.layers = 2}).last;
    CHECK(relative_difference(direct.tokens.of(from_file.trunk.states.at(2), b),
                              direct.tokens.of(states, b)) <= 1e-6);
  }
  small.model->train(false, false);
  CHECK(relative_difference(small.model->logits(from_file), small.model->logits(direct)) <= 1e-6);
  // The lower layers are really not computed again.
  Batch altered = from_file;
  altered.trunk.states.at(2) = from_file.trunk.states.at(2) * 1.5;
  CHECK(relative_difference(small.model->logits(altered), small.model->logits(direct)) > 1e-3);
}

TEST_CASE("what frozen knowledge adapters give comes from a file as from a direct pass") {
  const ScratchFolder scratch("activations");
  AdapterSpec spec = adapter_spec("k_adapter");
  std::get<KnowledgeOptions>(spec.site).init_std = 0.2;
  FusionOptions options;
  options.combination = "concat";
  SmallModel small(
      [&](Backbone& backbone) {
        const std::vector members = {std::make_shared<TaskAdapter>(spec, backbone),
                                     std::make_shared<TaskAdapter>(spec, backbone)};
        return std::make_shared<TaskFusion>(options, members, backbone);
      },
      SmallModel::two_classes());
  const auto& knowledge = *small.attachment->knowledge();
  auto key = key_of(*small.backbone, small.backbone->info().layers);
  key.adapters = knowledge.constant_adapters();
  REQUIRE(key.adapters.size() == 2);
  CHECK(key.adapters[0] != key.adapters[1]);
  CHECK(knowledge.states(3, false).back() == 3);
  CHECK(knowledge.states(3, false).size() > 1);
  CHECK(knowledge.states(3, true) == key.layers);
  const auto split = made_up_split(40, 1);
  const auto file = ActivationCache::file(scratch.path, key, split);
  REQUIRE(write_activations(file, key, split, {}, [&](const Batch& batch) {
    const auto features = small.backbone->forward(batch, small.attachment->wanted({.states = key.layers}));
    const auto outputs = knowledge.outputs(features, batch.tokens);
    return at::stack({features.states.at(key.layers[0]), outputs[0], outputs[1]}, 1);
  }));
  const ActivationCache cache(file, key, split);
  const std::vector<int64_t> rows = {7, 0, 39, 12};
  const Batch direct = collate(split, rows, {}), from_file = collate(split, rows, {.trunk = &cache});
  const torch::NoGradGuard no_grad;
  const auto outputs =
      knowledge.outputs(small.backbone->forward(direct, small.attachment->wanted({})), direct.tokens);
  REQUIRE(from_file.trunk.outputs.size() == 2);
  for (int64_t b = 0; b < direct.size(); ++b) {
    for (size_t n = 0; n < 2; ++n)
      CHECK(relative_difference(direct.tokens.of(from_file.trunk.outputs[n], b),
                                direct.tokens.of(outputs[n], b)) <= 1e-6);
  }
  small.model->train(false, false);
  CHECK(relative_difference(small.model->logits(from_file), small.model->logits(direct)) <= 1e-6);
  // The adapters are really not computed again.
  Batch altered = from_file;
  altered.trunk.outputs[1] = from_file.trunk.outputs[1] * 1.5;
  CHECK(relative_difference(small.model->logits(altered), small.model->logits(direct)) > 1e-3);
}

TEST_CASE("the digest of a knowledge adapter tells whatever changes what it gives") {
  const auto digest = [](const std::function<void(KnowledgeOptions&)>& change) {
    KnowledgeOptions options;
    options.inner_width = 8;
    options.inner_heads = 2;
    options.positions = {{0, 2}};
    change(options);
    torch::manual_seed(1);
    return KnowledgeAdapter(options, knowledge_shape(options, 3, 16)).digest();
  };
  const auto own = digest([](KnowledgeOptions&) {});
  CHECK(digest([](KnowledgeOptions& o) { o.dropout = 0.5; }) == own);
  CHECK(digest([](KnowledgeOptions& o) { o.positions = {{1, 2}}; }) != own);
  CHECK(digest([](KnowledgeOptions& o) { o.inner_heads = 4; }) != own);
  CHECK(digest([](KnowledgeOptions& o) { o.non_linearity = "relu"; }) != own);
  CHECK(digest([](KnowledgeOptions& o) { o.layer_norm_eps = 1e-12; }) != own);
  CHECK(digest([](KnowledgeOptions& o) { o.mask_padding = false; }) != own);
  CHECK(digest([](KnowledgeOptions& o) { o.init_std = 1e-3; }) != own);
}

TEST_CASE("kept states may be rounded to half the size") {
  const ScratchFolder scratch("activations");
  SmallModel small = small_model();
  const auto split = made_up_split(10, 1);
  const auto full = key_of(*small.backbone), half = key_of(*small.backbone, 2, torch::kBFloat16);
  CHECK(ActivationCache::bytes(half, split) * 2 == ActivationCache::bytes(full, split));
  const ActivationCache exact(write(scratch.path, *small.backbone, full, split), full, split);
  const ActivationCache rounded(write(scratch.path, *small.backbone, half, split), half, split);
  const std::vector<int64_t> rows = {3, 4};
  const auto tokens = collate(split, rows, {}).tokens;
  const double difference =
      relative_difference(rounded.states(rows, tokens).states.at(2), exact.states(rows, tokens).states.at(2));
  CHECK(difference > 0);
  CHECK(difference < 0.01);
}

TEST_CASE("a training on kept states is the training without them") {
  const ScratchFolder scratch("activations");
  SmallModel small = small_model();
  const auto split = made_up_split(40, 1);
  const auto key = key_of(*small.backbone);
  const auto file = write(scratch.path, *small.backbone, key, split);
  const auto cache = std::make_shared<const ActivationCache>(file, key, split);
  const auto direct = train(scratch.path / "direct", nullptr), kept = train(scratch.path / "kept", cache);
  REQUIRE(direct.values.size() == 50);
  REQUIRE(kept.values.size() == 50);
  for (size_t i = 0; i < 50; ++i) CHECK(std::abs(kept.values[i] - direct.values[i]) <= 1e-5);

  SECTION("a killed and resumed one ends with the same bits") {
    train(scratch.path / "killed", cache, 23);
    CHECK(equal_bits(train(scratch.path / "killed", cache).tensors, kept.tensors));
  }
  SECTION("so does one on states that were computed again") {
    const auto bytes = read_file(file);
    fs::remove(file);
    write(scratch.path, *small.backbone, key, split);
    CHECK((read_file(file) == bytes));
    const auto again = std::make_shared<const ActivationCache>(file, key, split);
    CHECK(equal_bits(train(scratch.path / "again", again).tensors, kept.tensors));
  }
}

TEST_CASE("states of something else, or cut short, are refused") {
  const ScratchFolder scratch("activations");
  SmallModel small = small_model();
  const auto split = made_up_split(10, 1), other = made_up_split(10, 2);
  const auto key = key_of(*small.backbone);
  const auto file = write(scratch.path, *small.backbone, key, split);
  CHECK(ActivationCache::file(scratch.path, key, other) != file);
  ActivationKey rounded = key;
  rounded.arithmetic = "cpu, products in bfloat16";
  CHECK(ActivationCache::file(scratch.path, rounded, split) != file);
  CHECK(ActivationCache::file(scratch.path, key_of(*small.backbone, 1), split) != file);
  CHECK_THROWS_WITH(ActivationCache(file, key, other), Contains("holds other states than its name says"));
  CHECK_THROWS_WITH(ActivationCache(file, key_of(*small.backbone, 1), split), Contains("holds other states"));
  fs::resize_file(file, fs::file_size(file) - 4);
  CHECK_THROWS_AS(ActivationCache(file, key, split), InputError);
}

}  // namespace adaptune
