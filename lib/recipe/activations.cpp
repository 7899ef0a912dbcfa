#include "recipe/activations.h"

#include <torch/torch.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <regex>
#include <utility>

#include "core/atomic_file.h"
#include "core/error.h"
#include "core/folder_lock.h"
#include "core/joined.h"
#include "core/sha256.h"
#include "core/stop_signal.h"
#include "report/number_format.h"
#include "train/stop_watch.h"

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

// Those behind the lowest layers, or those that are read beside all of them.
std::string states_text(const ActivationKey& key) {
  const auto& layers = key.layers;
  if (!key.adapters.empty())
    return "of the last layer, and what " + std::to_string(key.adapters.size()) + " frozen adapter" +
           (key.adapters.size() == 1 ? " gives" : "s give");
  if (layers.size() == 1)
    return layers[0] == 1 ? "behind the lowest layer"
                          : "behind the lowest " + std::to_string(layers[0]) + " layers";
  std::vector<std::string> numbers;
  for (const int64_t layer : layers) numbers.push_back(std::to_string(layer));
  return joined(numbers) + " that the adapter reads";
}

fs::path cache_folder(const Run& run) {
  return run.config.cache.dir.empty() ? run.folder / "cache" : fs::path(run.config.cache.dir);
}

// Files of states that a process left unfinished; nobody writes them while we hold the folder's lock.
void remove_unfinished(const fs::path& folder) {
  static const std::regex name("[0-9a-f]{32}\\.safetensors\\.tmp");
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (std::regex_match(entry.path().filename().string(), name)) fs::remove(entry.path());
  }
}

// Opens and writes the files of one training.
class Keeper {
 public:
  Keeper(const Run& run, Workspace& workspace, const ActivationKey& key, const Attachment& attachment,
         Console& console)
      : run_(run),
        workspace_(workspace),
        console_(console),
        folder_(cache_folder(run)),
        key_(key),
        attachment_(attachment) {}

  std::shared_ptr<const ActivationCache> states(const std::string& name, const EncodedSplit& split) try {
    const auto file = ActivationCache::file(folder_, key_, split);
    if (auto kept = opened(file, key_, split, /*locked=*/false)) return kept;
    create_folders(folder_);
    bool told = false;
    const FolderLock lock(folder_, [&] {
      if (!std::exchange(told, true))
        console_.say("cache      " + name + ": another run writes states here; waiting");
      return !stop_requested();
    });
    if (!lock.held()) {
      if (stop_requested()) return nullptr;
      throw IoError(fs::absolute(folder_).string() +
                    ": this file system has no locks, so that two runs could write the same states at once; "
                    "choose another cache.dir");
    }
    remove_unfinished(folder_);
    if (auto kept = opened(file, key_, split, /*locked=*/true)) return kept;
    return write(name, file, split) ? opened(file, key_, split, /*locked=*/true) : nullptr;
  } catch (const IoError& error) {
    throw IoError(error.what() + std::string(kWithout));
  }

 private:
  // Without the lock a damaged file may be one that another run is just replacing: it stays.
  std::shared_ptr<const ActivationCache> opened(const fs::path& file, const ActivationKey& key,
                                                const EncodedSplit& split, bool locked) {
    std::error_code hidden;
    if (!fs::exists(file, hidden)) return nullptr;
    try {
      return std::make_shared<const ActivationCache>(file, key, split);
    } catch (const InputError& error) {
      if (!locked) return nullptr;
      console_.say(std::string("cache      ") + error.what() + "; it is made again");
      fs::remove(file);
      return nullptr;
    }
  }

  // False where a signal asked to stop.
  bool write(const std::string& name, const fs::path& file, const EncodedSplit& split) {
    const int64_t needed = ActivationCache::bytes(key_, split);
    const auto free = static_cast<int64_t>(free_disk_bytes(folder_));
    if (free < needed) {
      throw IoError(fs::absolute(folder_).string() + ": " + mebibytes(free) + " are free, the states need " +
                    mebibytes(needed));
    }
    const StopWatch watch;
    const auto states = known_states(split);
    console_.say("cache      " + name + ": computing the states " + states_text(key_) + ", " +
                 mebibytes(needed) + (states ? ", from those that training kept" : ""));
    workspace_.backbone().set_dropout(false);
    const CollateOptions collation{
        .pad_id = workspace_.pad_id(), .device = run_.device, .trunk = states.get()};
    const bool whole =
        write_activations(file, key_, split, collation, [&](const Batch& batch) { return values_of(batch); });
    if (whole) console_.say("cache      " + name + ": kept in " + fixed(watch.seconds(), 1) + " s");
    return whole;
  }

  // What frozen adapters read, where the training of one kept it: the backbone need not run then. Not what
  // was rounded: the same adapters would give other bits than without it.
  std::shared_ptr<const ActivationCache> known_states(const EncodedSplit& split) {
    if (key_.adapters.empty() || key_.type != torch::kFloat32) return nullptr;
    ActivationKey key = key_;
    key.adapters.clear();
    key.layers = attachment_.knowledge()->states(workspace_.info().layers, /*known_outputs=*/false);
    return opened(ActivationCache::file(folder_, key, split), key, split, /*locked=*/false);
  }

  // [N, S, D]
  torch::Tensor values_of(const Batch& batch) const {
    Wanted wanted{.states = key_.layers, .layers = key_.layers.back()};
    if (!key_.adapters.empty()) wanted = attachment_.wanted(wanted);
    const auto features = workspace_.backbone().forward(batch, wanted);
    std::vector<torch::Tensor> values;
    for (const int64_t layer : key_.layers) values.push_back(features.states.at(layer));
    if (!key_.adapters.empty()) {
      for (const auto& output : attachment_.knowledge()->outputs(features, batch.tokens))
        values.push_back(output);
    }
    return at::stack(values, 1);
  }

  const Run& run_;
  Workspace& workspace_;
  Console& console_;
  fs::path folder_;
  ActivationKey key_;
  const Attachment& attachment_;
};

}  // namespace

StatesPlan plan_states(const Run& run, Workspace& workspace, const TaskData& data,
                       const Attachment& attachment, bool bf16) {
  const auto& config = run.config.cache;
  if (!config.enabled) return {};
  if (workspace.reads_images())
    throw placed(run.config.cache_place, "states of images are not kept; cache.enabled: false");
  const int64_t untouched = attachment.untouched_layers(workspace.backbone());
  StatesPlan plan;
  if (untouched == 0) {
    plan.text =
        "cache      nothing to keep: the lowest layer is trained, by an adapter in it (see adapter.drop) or "
        "itself";
    return plan;
  }
  if (attachment.needs_padding()) {
    plan.text =
        "cache      nothing to keep: an adapter reads padding (use_gating, mask_padding: false), which has "
        "no "
        "states";
    return plan;
  }
  plan.key = ActivationKey{arithmetic(run.device, bf16),
                           backbone_text(run, workspace),
                           {untouched},
                           workspace.info().hidden_size,
                           scalar_type(config.dtype)};
  if (const auto* knowledge = attachment.knowledge()) {
    plan.key->adapters = knowledge->constant_adapters();
    plan.key->layers = knowledge->states(workspace.info().layers, !plan.key->adapters.empty());
  }
  const auto folder = cache_folder(run);
  const auto add = [&](const EncodedSplit& split) {
    const int64_t bytes = ActivationCache::bytes(*plan.key, split);
    if (plan.files.emplace(ActivationCache::file(folder, *plan.key, split), bytes).second)
      plan.bytes += bytes;
  };
  add(*data.train.rows);
  if (data.validation) add(*data.validation->rows);
  plan.text =
      "cache      states " + states_text(*plan.key) + ", " + mebibytes(plan.bytes) + " in " + folder.string();
  return plan;
}

void check_cache_room(const Run& run, const std::vector<const StatesPlan*>& plans, uint64_t other_bytes) {
  const auto& config = run.config.cache;
  std::map<fs::path, int64_t> files;
  for (const auto* plan : plans) {
    const double gib = static_cast<double>(plan->bytes) / (1 << 30);
    if (gib > config.max_gib) {
      throw placed(run.config.cache_place, "the states " + states_text(*plan->key) + " need " +
                                               fixed(gib, 1) + " GiB, more than cache.max_gib " +
                                               fixed(config.max_gib, 1) +
                                               "; raise it, or try cache.dtype=bfloat16" + kWithout);
    }
    files.insert(plan->files.begin(), plan->files.end());
  }
  int64_t needed = 0;  // beside the files that are there
  std::error_code hidden;
  for (const auto& [file, bytes] : files) needed += fs::exists(file, hidden) ? 0 : bytes;
  if (needed == 0) return;
  const auto folder = cache_folder(run);
  auto room = static_cast<int64_t>(free_disk_bytes(folder));
  if (on_one_disk(folder, run.folder)) room -= static_cast<int64_t>(other_bytes);
  if (needed > std::max<int64_t>(room, 0)) {
    throw IoError(fs::absolute(folder).string() + ": there is room for " +
                  mebibytes(std::max<int64_t>(room, 0)) + " of kept states, the tasks need " +
                  mebibytes(needed) +
                  "; free some space, choose another cache.dir, or try cache.dtype=bfloat16" + kWithout);
  }
  try {
    check_writable(folder);
  } catch (const IoError& error) {
    throw IoError(std::string("cache.dir: ") + error.what() + kWithout);
  }
}

TrainingStates training_states(const Run& run, Workspace& workspace, const TaskData& data,
                               const StatesPlan& plan, const Attachment& attachment, Console& console) {
  if (!plan.key) return {};
  if (const auto* knowledge = attachment.knowledge();
      knowledge && knowledge->constant_adapters() != plan.key->adapters)
    throw InputError("an adapter of the composition has changed since this command began; run it again");
  Keeper keeper(run, workspace, *plan.key, attachment, console);
  TrainingStates states{keeper.states("train", *data.train.rows), nullptr};
  if (data.validation) states.validation = keeper.states("validation", *data.validation->rows);
  return states;
}

}  // namespace adaptune
