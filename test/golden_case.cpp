#include "golden_case.h"

#include <algorithm>
#include <set>

#include "core/error.h"
#include "interop/json_fields.h"

namespace adaptune {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

const std::set<std::string>& known_keys() {
  static const std::set<std::string> keys = {
      "adapters",    "checks",        "description", "fusions",
      "golden",      "golden_prefix", "head",        "heads",
      "kind",        "library",       "loss",        "model",
      "model_class", "library_bug",   "name",        "note",
      "notes",       "setup",         "setup_file",  "setup_text",
      "skip_layers", "sweep",         "train",       "tolerance",
      "trajectory",  "variants",      "zero_grads",  "library_also_unfreezes"};
  return keys;
}

void check_keys(const json& description) {
  for (const auto& [key, value] : description.items()) {
    if (!known_keys().count(key)) throw InputError("case.json: the key '" + key + "' is not known");
  }
}

std::vector<GoldenPart> parts(const json& description, const char* key, const fs::path& folder) {
  std::vector<GoldenPart> all;
  for (const json& entry : description.value(key, json::array())) {
    all.push_back({entry.at("name"), folder / entry.at("path").get<std::string>()});
  }
  return all;
}

std::string single_name(const json& block) {
  const std::string type = block.at("type");
  const json& children = block.at("children");
  if (type == "single") return children.at(0);
  if (type == "Stack" && children.size() == 1) return single_name(children[0]);
  throw InputError("composition '" + type + "' of " + std::to_string(children.size()) +
                   " is not supported here");
}

void read_setup(const json& setup, GoldenSetting& setting) {
  if (setup.is_null()) return;
  if (setup.contains("kwargs")) throw InputError("composition with 'kwargs' is not supported");
  setting.fuses = setup.at("type") == "Fuse";
  setting.parallel = setup.at("type") == "Parallel";
  if (!setting.fuses && !setting.parallel) {
    setting.members = {single_name(setup)};
    return;
  }
  for (const json& child : setup.at("children")) {
    if (child.at("type") != "single") {
      throw InputError("composition '" + setup.at("type").get<std::string>() + "' of '" +
                       child.at("type").get<std::string>() + "' is not supported");
    }
    setting.members.push_back(single_name(child));
  }
}

// The setup as the library saved it must be the one that case.json describes.
void check_setup_file(const json& description, const fs::path& folder) {
  if (!description.contains("setup_file")) return;
  const auto path = folder / description["setup_file"].get<std::string>();
  const json saved = read_json_file(path.string());
  if (saved.value("adapter_setup", json()) != description.value("setup", json())) {
    throw InputError(path.string() + ": differs from the setup in case.json");
  }
}

GoldenSetting read_setting(const json& description, const fs::path& folder) {
  GoldenSetting setting;
  setting.kind = description.at("kind");
  setting.model = folder / description.at("model").get<std::string>();
  setting.adapters = parts(description, "adapters", folder);
  setting.fusions = parts(description, "fusions", folder);
  setting.heads = parts(description, "heads", folder);
  read_setup(description.value("setup", json()), setting);
  const json head = description.value("head", json());
  if (head.is_array()) setting.head = head.get<std::vector<std::string>>();
  if (head.is_string()) setting.head = {head.get<std::string>()};
  if (setting.head.size() > 1 && !setting.parallel)
    throw InputError("several heads at once are not supported");
  const json skipped = description.value("skip_layers", json());
  if (!skipped.is_null()) setting.skip_layers = skipped.get<std::vector<int64_t>>();
  setting.train = description.value("train", "none");
  setting.loss = description.value("loss", "head");
  if (setting.loss == "cross-entropy") setting.loss = "head";
  const std::set<std::string> losses = {"head", "sum(last_hidden_state * loss_weight)"};
  if (!losses.count(setting.loss)) throw InputError("loss '" + setting.loss + "' is not known");
  if (description.contains("trajectory")) setting.trajectory = read_trajectory(description["trajectory"]);
  return setting;
}

// The case's settings: its variants, or its sets of skipped layers, or the case as it is.
std::vector<GoldenSetting> read_settings(const json& description, const fs::path& folder) {
  std::vector<GoldenSetting> settings;
  for (const json& variant : description.value("variants", json::array())) {
    json merged = description;
    for (const auto& [key, value] : variant.items()) {
      if (key != "id" && key != "flags") merged[key] = value;
    }
    check_keys(merged);
    settings.push_back(read_setting(merged, folder));
    settings.back().prefix = variant.at("id").get<std::string>() + ".";
  }
  const json sweep = description.value("sweep", json::object());
  for (const auto& [id, layers] : sweep.items()) {
    settings.push_back(read_setting(description, folder));
    settings.back().prefix = id + ".";
    settings.back().skip_layers = layers.get<std::vector<int64_t>>();
  }
  if (settings.empty()) settings.push_back(read_setting(description, folder));
  return settings;
}

}  // namespace

GoldenTrajectory read_trajectory(const json& given) {
  if (given.at("optimizer") != "torch.optim.AdamW")
    throw InputError("optimizer " + given.at("optimizer").dump() + " is not known");
  GoldenTrajectory trajectory;
  trajectory.lr = given.at("lr");
  trajectory.weight_decay = given.at("weight_decay");
  trajectory.beta1 = given.at("betas").at(0);
  trajectory.beta2 = given.at("betas").at(1);
  trajectory.eps = given.at("eps");
  trajectory.steps = given.at("steps");
  trajectory.losses_tolerance = given.at("tolerance").at("losses");
  trajectory.after_tolerance = given.at("tolerance").at("after");
  trajectory.not_to_compare = given.value("not_to_compare", std::vector<std::string>());
  return trajectory;
}

GoldenCase read_golden_case(const fs::path& folder) {
  const json description = read_json_file((folder / "case.json").string());
  check_keys(description);
  check_setup_file(description, folder);
  GoldenCase golden;
  golden.golden = folder / description.at("golden").get<std::string>();
  golden.forward_tolerance = description.at("tolerance").at("forward");
  golden.gradient_tolerance = description.at("tolerance").at("grad");
  golden.settings = read_settings(description, folder);
  return golden;
}

}  // namespace adaptune
