#include "backbone/resnet.h"

#include <torch/torch.h>

#include <deque>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/error.h"
#include "nn/residual_block.h"

namespace adaptune {
namespace {

using torch::Tensor;

// A network as a list of its parts.
struct ResNetShape {
  BackboneInfo info;
  ConvolutionShape stem;
  bool activates_stem = true;  // ReLU behind the stem's norm
  bool pools_stem = true;      // 3x3 maximum of stride 2
  std::vector<std::vector<ResidualBlockShape>> stages;
  std::string final_norm;  // its name; empty: none
};

class ResNet final : public Backbone {
 public:
  explicit ResNet(ResNetShape shape) : shape_(std::move(shape)), stem_(shape_.stem, -1, "stem.") {
    for (size_t stage = 0; stage < shape_.stages.size(); ++stage) {
      for (size_t block = 0; block < shape_.stages[stage].size(); ++block) {
        blocks_.emplace_back(shape_.stages[stage][block], static_cast<int64_t>(stage),
                             "block" + std::to_string(block) + ".");
      }
    }
  }

  Features forward(const Batch& batch, const Wanted& wanted) override {
    TORCH_CHECK(batch.trunk.empty(), "an image network has no trunk to go on from");
    const SiteContext context{batch.tokens};
    Features features;
    Tensor x = stem_(batch.pixels.contiguous(at::MemoryFormat::ChannelsLast), context);
    if (shape_.activates_stem) x = at::relu(x);
    if (shape_.pools_stem) x = at::max_pool2d(x, 3, 2, 1);
    int64_t stage = 0;
    const auto keep = [&](int64_t index) {
      if (wanted.state(index)) features.states.emplace(index, x);
    };
    keep(0);
    for (auto& block : blocks_) {
      if (block.layer() != stage) keep(block.layer());
      stage = block.layer();
      x = block.forward(x, context);
    }
    keep(stage + 1);
    if (!shape_.final_norm.empty()) x = at::relu(final_norm_(x));
    features.first = features.pooled = x.mean({2, 3});  // [B, D]
    return features;
  }

  std::vector<Site*> sites() override {
    std::vector<Site*> all = stem_.sites();
    for (auto& block : blocks_) {
      const auto own = block.sites();
      all.insert(all.end(), own.begin(), own.end());
    }
    return all;
  }

  std::vector<TensorSlot> tensors() override {
    std::vector<TensorSlot> slots;
    const auto norm = [&](const std::string& name, BatchNorm& n, int64_t channels, int64_t layer) {
      slots.push_back({name + ".weight", &n.weight, {channels}, TensorRole::kBatchNormWeight, layer});
      slots.push_back({name + ".bias", &n.bias, {channels}, TensorRole::kBatchNormBias, layer});
      slots.push_back({name + ".running_mean", &n.running_mean, {channels}, TensorRole::kRunningMean, layer});
      slots.push_back({name + ".running_var", &n.running_var, {channels}, TensorRole::kRunningVar, layer});
    };
    const auto unit = [&](ConvolutionUnit& u) {
      const auto& s = u.shape();
      slots.push_back({s.name + ".weight",
                       &u.convolution.weight,
                       {s.out, s.in, s.kernel, s.kernel},
                       TensorRole::kWeight,
                       u.layer()});
      norm(s.norm, u.norm, s.out, u.layer());
    };
    unit(stem_);
    for (auto& block : blocks_) {
      for (auto* own : block.units()) unit(*own);
    }
    if (!shape_.final_norm.empty())
      norm(shape_.final_norm, final_norm_, info().hidden_size, info().layers - 1);
    return slots;
  }

  std::vector<Linear*> linears() override { return {}; }
  const BackboneInfo& info() const override { return shape_.info; }

  void set_training(bool on) override {
    stem_.norm.training = final_norm_.training = on;
    for (auto& block : blocks_) {
      for (auto* unit : block.units()) unit->norm.training = on;
    }
  }

 private:
  ResNetShape shape_;
  ConvolutionUnit stem_;
  std::deque<ResidualBlock> blocks_;  // sites and slots point into it: elements must not move
  BatchNorm final_norm_;
};

// How a family names the parts of block `block` in stage `stage`.
struct Names {
  std::string (*convolution)(const std::string& block, int64_t index);
  std::string (*norm)(const std::string& block, int64_t index);
  std::string shortcut, shortcut_norm;  // behind the block's own
};

std::string number(int64_t value) { return std::to_string(value); }

const Names kHuggingFace{
    [](const std::string& block, int64_t i) { return block + ".layer." + number(i) + ".convolution"; },
    [](const std::string& block, int64_t i) { return block + ".layer." + number(i) + ".normalization"; },
    ".shortcut.convolution", ".shortcut.normalization"};
const Names kTorchvision{[](const std::string& block, int64_t i) { return block + ".conv" + number(i + 1); },
                         [](const std::string& block, int64_t i) { return block + ".bn" + number(i + 1); },
                         ".downsample.0", ".downsample.1"};

// What a stage is made of.
struct StageShape {
  int64_t in, out, depth, stride;
  bool bottleneck, strides_first;  // of a bottleneck: the first convolution has the stride, not the 3x3
};

ResidualBlockShape block_shape(const StageShape& stage, const Names& names, const std::string& name,
                               bool first) {
  const int64_t in = first ? stage.in : stage.out, stride = first ? stage.stride : 1;
  ResidualBlockShape block;
  const auto add = [&](int64_t from, int64_t to, int64_t kernel, int64_t step) {
    const auto index = static_cast<int64_t>(block.convolutions.size());
    block.convolutions.push_back(
        {names.convolution(name, index), names.norm(name, index), from, to, kernel, step, kernel / 2});
  };
  if (stage.bottleneck) {
    const int64_t inner = stage.out / 4;
    add(in, inner, 1, stage.strides_first ? stride : 1);
    add(inner, inner, 3, stage.strides_first ? 1 : stride);
    add(inner, stage.out, 1, 1);
  } else {
    add(in, stage.out, 3, stride);
    add(stage.out, stage.out, 3, 1);
  }
  if (in != stage.out || stride != 1) {
    block.shortcut = Shortcut::kConvolution;
    block.projection = {name + names.shortcut, name + names.shortcut_norm, in, stage.out, 1, stride, 0};
  }
  return block;
}

ResNetShape hugging_face(const nlohmann::json& config) {
  ResNetShape shape;
  const std::string layer = config.value("layer_type", "bottleneck");
  if (config.value("hidden_act", "relu") != "relu")
    throw InputError("config.json: hidden_act '" + config["hidden_act"].get<std::string>() +
                     "' is not supported; 'relu' is");
  const int64_t width = config.at("embedding_size"), channels = config.value("num_channels", 3);
  if (channels != 3)
    throw InputError("config.json: num_channels " + std::to_string(channels) + " is not supported; 3 is");
  shape.stem = {"embedder.embedder.convolution", "embedder.embedder.normalization", channels, width, 7, 2, 3};
  const std::vector<int64_t> sizes = config.at("hidden_sizes"), depths = config.at("depths");
  if (sizes.size() != depths.size())
    throw InputError("config.json: 'depths' has " + std::to_string(depths.size()) +
                     " stages, 'hidden_sizes' " + std::to_string(sizes.size()));
  int64_t in = width;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t stride = i == 0 && !config.value("downsample_in_first_stage", false) ? 1 : 2;
    const StageShape stage{in,
                           sizes[i],
                           depths.at(i),
                           stride,
                           layer == "bottleneck",
                           config.value("downsample_in_bottleneck", false)};
    auto& blocks = shape.stages.emplace_back();
    for (int64_t b = 0; b < stage.depth; ++b) {
      const std::string name = "encoder.stages." + number(static_cast<int64_t>(i)) + ".layers." + number(b);
      blocks.push_back(block_shape(stage, kHuggingFace, name, b == 0));
    }
    in = sizes[i];
  }
  shape.info.hidden_size = in;
  shape.info.prefix = "resnet";
  shape.info.classifier = "classifier.1";
  return shape;
}

ResNetShape torchvision(const nlohmann::json& config) {
  ResNetShape shape;
  const bool bottleneck = config.at("block") == "bottleneck";
  const int64_t width = config.at("width");
  shape.stem = {"conv1", "bn1", 3, width, 7, 2, 3};
  const std::vector<int64_t> depths = config.at("depths");
  int64_t in = width, out = bottleneck ? 4 * width : width;
  for (size_t i = 0; i < depths.size(); ++i) {
    const StageShape stage{in, out, depths[i], i == 0 ? 1 : 2, bottleneck, false};
    auto& blocks = shape.stages.emplace_back();
    for (int64_t b = 0; b < stage.depth; ++b)
      blocks.push_back(block_shape(stage, kTorchvision,
                                   "layer" + number(static_cast<int64_t>(i) + 1) + "." + number(b), b == 0));
    in = out;
    out *= 2;
  }
  shape.info.hidden_size = in;
  shape.info.classifier = "fc";
  return shape;
}

// 3x3 convolutions alone; where a stage begins, the shortcut averages 2x2 pixels and fills up with zeros.
ResNetShape rebuffi(const nlohmann::json& config) {
  ResNetShape shape;
  const int64_t width = config.at("width");
  shape.stem = {"pre_layers_conv.conv", "pre_layers_conv.bns.0", 3, width, 3, 1, 1};
  shape.activates_stem = shape.pools_stem = false;
  const std::vector<int64_t> depths = config.at("blocks");
  int64_t in = width;
  for (size_t i = 0; i < depths.size(); ++i) {
    auto& blocks = shape.stages.emplace_back();
    for (int64_t b = 0; b < depths[i]; ++b) {
      const std::string name = "layer" + number(static_cast<int64_t>(i) + 1) + "." + number(b);
      const int64_t from = b == 0 ? in : 2 * in, stride = b == 0 ? 2 : 1;
      ResidualBlockShape block;
      block.convolutions = {{name + ".conv1.conv", name + ".conv1.bns.0", from, 2 * in, 3, stride, 1},
                            {name + ".conv2.1.conv", name + ".conv2.1.bns.0", 2 * in, 2 * in, 3, 1, 1}};
      if (b == 0) block.shortcut = Shortcut::kAveragedAndFilled;
      blocks.push_back(std::move(block));
    }
    in *= 2;
  }
  shape.final_norm = "end_bns.0.0";
  shape.info.image_multiple = int64_t{1} << depths.size();  // its shortcuts average 2 x 2 pixels
  shape.info.classifier = "linears.0";
  shape.info.hidden_size = in;
  return shape;
}

std::unique_ptr<Backbone> finished(ResNetShape shape, const std::string& family) {
  shape.info.family = family;
  shape.info.input = InputKind::kImage;
  shape.info.layers = static_cast<int64_t>(shape.stages.size());
  return std::make_unique<ResNet>(std::move(shape));
}

}  // namespace

std::unique_ptr<Backbone> build_resnet(const nlohmann::json& config) {
  return finished(config.value("naming", "") == "torchvision" ? torchvision(config) : hugging_face(config),
                  "resnet");
}

std::unique_ptr<Backbone> build_resnet26(const nlohmann::json& config) {
  return finished(rebuffi(config), "resnet26");
}

}  // namespace adaptune
