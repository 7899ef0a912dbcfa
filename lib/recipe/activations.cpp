#include "recipe/activations.h"

#include <torch/torch.h>

#include <filesystem>
#include <map>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/folder_lock.h"
#include "core/sha256.h"
#include "core/stop_signal.h"
#include "report/number_format.h"

namespace adaptune {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWithout = "; cache.enabled=false trains without kept states";

torch::ScalarType scalar_type(const std::string& name) {
  static const std::map<std::string, torch::ScalarType> types = {
      {"float32", torch::kFloat32}, {"bfloat16", torch::kBFloat16}, {"float16", torch::kFloat16}};
  return types.at(name);
}

std::string arithmetic(torch::Device device, bool bf16) {
  return device.str() + (bf16 ? ", products in bfloat16" : "");
}

// Weights alone do not tell heads, activation and epsilon.
std::string backbone_text(const Run& run, Workspace& workspace) {
  const auto config = read_file(fs::path(run.config.model) / "config.json");
  return workspace.identity().fingerprint + " config.json " + sha256_hex(config);
}

std::string layers_text(int64_t layers) {
  return layers == 1 ? "the lowest layer" : "the lowest " + std::to_string(layers) + " layers";
}

fs::path cache_folder(const Run& run) {
  return run.config.cache.dir.empty() ? run.folder / "cache" : fs::path(run.config.cache.dir);
}

// What the size of a file depends on; without what its numbers do.
ActivationKey file_key(const Run& run, Workspace& workspace, int64_t layers) {
  return {"", "", {layers}, workspace.info().hidden_size, scalar_type(run.config.cache.dtype)};
}

// Opens and writes the files of one training.
class Keeper {
 public:
  Keeper(const Run& run, Workspace& workspace, int64_t layers, bool bf16, Console& console)
      : run_(run),
        workspace_(workspace),
        console_(console),
        folder_(cache_folder(run)),
        key_(file_key(run, workspace, layers)) {
    key_.arithmetic = arithmetic(run.device, bf16);
    key_.backbone = backbone_text(run, workspace);
  }

  std::shared_ptr<const ActivationCache> states(const std::string& name, const EncodedSplit& split) {
    const auto file = ActivationCache::file(folder_, key_, split);
    if (auto kept = opened(file, split)) return kept;
    create_folders(folder_);
    const FolderLock lock(
        folder_, [&] { console_.say("cache      " + name + ": another run writes states here; waiting"); });
    if (!lock.held()) {
      if (stop_requested()) return nullptr;
      throw IoError(fs::absolute(folder_).string() +
                    ": this file system has no locks, so that two runs could write the same states at once; "
                    "choose another cache.dir" +
                    kWithout);
    }
    if (auto kept = opened(file, split)) return kept;
    write(name, file, split);
    return fs::exists(file) ? opened(file, split) : nullptr;
  }

 private:
  std::shared_ptr<const ActivationCache> opened(const fs::path& file, const EncodedSplit& split) {
    if (!fs::exists(file)) return nullptr;
    try {
      return std::make_shared<const ActivationCache>(file, key_, split);
    } catch (const InputError& error) {
      console_.say(std::string("cache      ") + error.what() + "; it is made again");
      fs::remove(file);
      return nullptr;
    }
  }

  void write(const std::string& name, const fs::path& file, const EncodedSplit& split) try {
    const int64_t needed = ActivationCache::bytes(key_, split);
    const auto free = static_cast<int64_t>(free_disk_bytes(folder_));
    if (free < needed) {
      throw IoError(fs::absolute(folder_).string() + ": " + mebibytes(free) + " are free, the states need " +
                    mebibytes(needed));
    }
    console_.say("cache      " + name + ": computing the states behind " + layers_text(key_.layers.front()) +
                 ", " + mebibytes(needed));
    auto& backbone = workspace_.backbone();
    backbone.set_dropout(false);
    const Wanted wanted{.layers = key_.layers.front()};
    write_activations(file, key_, split, run_.device,
                      [&](const Batch& batch) { return backbone.forward(batch, wanted).last.unsqueeze(1); });
  } catch (const IoError& error) {
    throw IoError(error.what() + std::string(kWithout));
  }

  const Run& run_;
  Workspace& workspace_;
  Console& console_;
  fs::path folder_;
  ActivationKey key_;
};

}  // namespace

StatesPlan plan_states(const Run& run, Workspace& workspace, const TaskData& data,
                       const Attachment& attachment) {
  const auto& config = run.config.cache;
  if (!config.enabled) return {};
  const int64_t layers = attachment.untouched_layers(workspace.backbone());
  if (layers == 0)
    return {0, 0, "cache      nothing to keep: the adapters begin in the lowest layer (see adapter.drop)"};
  if (attachment.needs_padding()) {
    return {0, 0, "cache      nothing to keep: an adapter reads padding (use_gating), which has no states"};
  }
  const auto key = file_key(run, workspace, layers);
  int64_t bytes = ActivationCache::bytes(key, *data.train.rows);
  if (data.validation) bytes += ActivationCache::bytes(key, *data.validation->rows);
  const double gib = static_cast<double>(bytes) / (1 << 30);
  if (gib > config.max_gib) {
    throw UsageError(run.config.cache_place + ": error: the states behind " + layers_text(layers) + " need " +
                     fixed(gib, 1) + " GiB, more than cache.max_gib " + fixed(config.max_gib, 1) +
                     "; raise it, or try cache.dtype=bfloat16" + kWithout);
  }
  return {layers, bytes,
          "cache      states behind " + layers_text(layers) + ", " + mebibytes(bytes) + " in " +
              cache_folder(run).string()};
}

TrainingStates training_states(const Run& run, Workspace& workspace, const TaskData& data,
                               const StatesPlan& plan, bool bf16, Console& console) {
  if (plan.layers == 0) return {};
  Keeper keeper(run, workspace, plan.layers, bf16, console);
  TrainingStates states{keeper.states("train", *data.train.rows), nullptr};
  if (data.validation) states.validation = keeper.states("validation", *data.validation->rows);
  return states;
}

}  // namespace adaptune
